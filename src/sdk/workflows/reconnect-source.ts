/**
 * The same table by another way: its database has moved, or the password is another. The enclave reads its structure
 * through the new connection before the owner signs for it.
 */
import { concat } from "../../base/bytes.ts";
import { structureDigest } from "../../rules/source.ts";
import type { Identity } from "../acts.ts";
import type { Client } from "../client.ts";
import { requireAsked } from "./asked.ts";
import { requireOwn } from "./describe-source.ts";
import { connectionBytes } from "./destination.ts";
import { refuse } from "./errors.ts";
import { prepareSource, type SealFor, sealSource } from "./register-source.ts";

/** Types of sources whose envelope says where the rows are, and does not hold them. */
const CONNECTED = ["mysql", "postgresql", "s3"];

const written = (columns: readonly { name: string; type: string }[]) =>
  columns.map(({ name, type }) => `${name} (${type})`).join(", ");

/**
 * @param id D… or that of its stream
 * @param connection as `connectionBytes` takes it for the source's type
 * @throws Refusal source.not-connected, source.other-enclave, connection.malformed, source.other-table, source.structure,
 *   server.history, and what `prepareSource` throws
 */
export const reconnectSource = async (
  client: Pick<Client, "blobs" | "enclaves" | "sources" | "streams" | "signer">,
  identity: Identity | undefined,
  id: string,
  connection: (type: string) => unknown,
  { owner, enclave }: Omit<SealFor, "type">,
  now: () => number = Date.now,
) => {
  const source = await client.sources.get({ id });
  requireAsked(id, source);
  const { type } = source;
  if (!CONNECTED.includes(type)) throw refuse("source.not-connected", { id: source.id, type });
  if (source.enclave !== enclave.id)
    throw refuse("source.other-enclave", { id: source.id, expected: source.enclave, found: enclave.id });
  const me = client.signer?.by;
  const at = me === undefined ? undefined : await requireOwn(client, id, source.columns, me);
  const plain = connectionBytes(type, connection(type));
  const sealed = concat(...(await Array.fromAsync(sealSource([plain], { owner, enclave, type }))));
  const { envelope, columns } = await prepareSource(client, identity, sealed, { enclave, type }, now);
  if (structureDigest(columns) !== structureDigest(source.columns))
    throw refuse("source.other-table", { id: source.id, found: written(columns), expected: written(source.columns) });
  return client.sources.reconnect(id, { envelope }, at && { at });
};
