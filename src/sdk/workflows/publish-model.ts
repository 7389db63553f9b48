/** Publishes a model: its archive sealed to a verified enclave, or in the open where the author wants it read. */
import { utf8 } from "../../base/bytes.ts";
import { ARCHIVE_MAX, DESCRIPTION_MAX } from "../../rules/model.ts";
import type { Permission } from "../../rules/shapes.ts";
import { modelContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import type { Client } from "../client.ts";
import { digestOfMuch } from "../uploads.ts";
import { refuse } from "./errors.ts";
import { store } from "./store.ts";
import type { VerifiedEnclave } from "./verify-enclave.ts";

export interface ModelVersion {
  /** .tar.gz, at most 20 MiB. */
  readonly archive: Uint8Array;
  readonly version: string;
  /** What runs it, as its manifest says; `javascript` unless given. */
  readonly runner?: string | undefined;
  /** Name of the exported function. */
  readonly main: string;
  /** Markdown, at most 1 MiB. */
  readonly description?: string | undefined;
  /** Publish the code itself, for everybody who may see the model to read. */
  readonly open?: boolean | undefined;
  readonly enclave: VerifiedEnclave;
}

export interface NewModel extends ModelVersion {
  readonly name: string;
  readonly permission: Permission;
}

type ModelClient = Pick<Client, "models" | "blobs">;

/** @param owner stream id of the publishing organisation. @throws Refusal model.too-large, model.empty */
export const publishModel = async (client: ModelClient, owner: string, model: NewModel) =>
  client.models.publish({
    ...(await storeVersion(client, owner, model)),
    permission: model.permission,
    detail: { name: model.name },
  });

/** Another version of the model `id`. @throws Refusal as `publishModel` */
export const reviseModel = async (client: ModelClient, owner: string, id: string, version: ModelVersion) =>
  client.models.revise(id, await storeVersion(client, owner, version));

/** Stores what the statement will name by digest. */
const storeVersion = async (client: ModelClient, owner: string, model: ModelVersion) => {
  const { archive, version, runner = "javascript", main, enclave, open = false } = model;
  const description = model.description === undefined ? undefined : utf8(model.description);
  if (archive.length === 0) throw refuse("model.empty");
  requireSize("archive", archive.length, ARCHIVE_MAX);
  requireSize("description", description?.length ?? 0, DESCRIPTION_MAX);
  const plain = { digest: await digestOfMuch(archive), size: archive.length };
  const context = modelContext(owner, enclave.id, plain.digest);
  const stored = await store(client, open ? archive : await sealBytes(archive, { to: enclave.recipient, context }));
  return {
    version,
    runner,
    main,
    enclave: enclave.id,
    archive: plain,
    ...(!open && { envelope: stored }),
    ...(description && { description: await store(client, description) }),
  };
};

const requireSize = (part: string, size: number, limit: number): void => {
  if (size > limit) throw refuse("model.too-large", { part, size, limit });
};
