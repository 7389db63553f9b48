/** Keys by the names that AWS's clients give: an id, an alias with "alias/" before it, or an ARN of either. */
import { Refusal } from "../../../base/refusal.ts";
import type { KeyInfo, KeyService } from "../../../keys/service.ts";
import type { Asker } from "../../../spine/access.ts";
import { KmsError } from "./errors.ts";
import { isShown } from "./specs.ts";

const ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]*:\d{12}:((?:key|alias)\/.+)$/;

/** @throws KmsError NotFoundException */
export const findKey = async (service: KeyService, asker: Asker, given: string): Promise<KeyInfo> => {
  const [, resource] = ARN.exec(given) ?? [];
  const name = resource?.replace(/^key\//, "") ?? given;
  const found = name.startsWith("alias/")
    ? await findAlias(service, asker, name)
    : await keyOf(service, asker, name).then((key) => (key?.id === name ? key : undefined));
  if (!found || !isShown(found)) throw new KmsError("NotFoundException", `There is no key ${given.slice(0, 300)}.`);
  return found;
};

/** @param alias with "alias/" before it */
export const findAlias = async (service: KeyService, asker: Asker, alias: string): Promise<KeyInfo | undefined> => {
  const name = alias.slice("alias/".length);
  const key = await keyOf(service, asker, name);
  return key?.alias === name ? key : undefined;
};

const keyOf = (service: KeyService, asker: Asker, name: string): Promise<KeyInfo | undefined> =>
  service.key(asker, name).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === "stream.unknown") return undefined;
    throw error;
  });

const PAGE = 100;

/**
 * A page of keys that have a name there, the newest first.
 * @param marker "" for the first @throws KmsError InvalidMarkerException
 */
export const pageOfKeys = async (service: KeyService, asker: Asker, limit = PAGE, marker = "") => {
  const [, page = "1", size = String(Math.min(limit, PAGE))] = /^([1-9]\d{0,8})-([1-9]\d?|100)$/.exec(marker) ?? [];
  if (marker !== "" && marker !== `${page}-${size}`)
    throw new KmsError("InvalidMarkerException", "Marker is the NextMarker of an answer before.");
  const { items } = await service.keys(asker, { page: Number(page), pageSize: Number(size) });
  const more = items.length === Number(size);
  return {
    keys: items.filter(isShown),
    rest: { Truncated: more, ...(more && { NextMarker: `${Number(page) + 1}-${size}` }) },
  };
};
