/**
 * Signatures for callers that wait on the line. One that takes longer than they wait (people have to approve it) goes on;
 * whoever asks for the same again is given that request, not a second one.
 */
import { sha256Hex } from "#crypto";
import { canonical } from "../../base/canonical.ts";
import type { KeyService, RequestInfo } from "../../keys/service.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { Asker } from "../../spine/access.ts";

/** Requests remembered that nobody has been told the end of; the oldest are forgotten first. */
const MOST = 10_000;

export const createSigner = (service: KeyService, wait: number) => {
  /** Ids of requests, by what they ask. */
  const open = new Map<string, Promise<string>>();

  const request = async (asker: Asker, key: string, messages: readonly KeyMessage[]): Promise<string> =>
    (await service.requestSignature(asker, { key, messages })).id;

  /** @returns the request, pending still if it was not settled in time @throws Refusal as `requestSignature` */
  return async (asker: Asker, key: string, messages: readonly KeyMessage[]): Promise<RequestInfo> => {
    const name = sha256Hex(canonical([asker.member, key, messages]));
    const id = open.get(name) ?? request(asker, key, messages);
    open.set(name, id);
    const [oldest] = open.size > MOST ? open.keys() : [];
    if (oldest !== undefined) open.delete(oldest);
    try {
      const info = await service.settledRequest(asker, await id, wait);
      if (info.status !== "pending" && open.get(name) === id) open.delete(name);
      return info;
    } catch (error) {
      open.delete(name);
      throw error;
    }
  };
};
export type Signer = ReturnType<typeof createSigner>;
