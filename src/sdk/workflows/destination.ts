/** A database of the receiver's: its connection sealed to the enclave, and tested from there (连接测试). */
import { utf8 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import { DatabaseConnection } from "../../rules/connection.ts";
import { ObjectLocation } from "../../rules/object-location.ts";
import { signStructureRequest } from "../../rules/structure-request.ts";
import { destinationContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import type { Identity } from "../acts.ts";
import type { Client } from "../client.ts";
import type { Destination } from "./authorise.ts";
import { refuse } from "./errors.ts";
import { store } from "./store.ts";
import type { VerifiedEnclave } from "./verify-enclave.ts";

/**
 * What is sealed of where a table or an object is, to read it or to write results.
 * @param type `mysql`, `postgresql`: a DatabaseConnection; `s3`: an ObjectLocation
 * @throws Refusal connection.malformed
 */
export const connectionBytes = (type: string, connection: unknown): Uint8Array => {
  const parsed = (type === "s3" ? ObjectLocation : DatabaseConnection).safeParse(connection);
  const issue = parsed.error?.issues[0];
  if (issue) throw refuse("connection.malformed", { field: issue.path.join(".") || "(whole)", reason: issue.message });
  return utf8(canonical(parsed.data));
};

export interface DestinationFor {
  /** Stream id of the receiver. */
  readonly owner: string;
  readonly enclave: VerifiedEnclave;
  /** Database that the enclave writes into: `mysql`, `postgresql`. */
  readonly type: string;
}

/**
 * Seals the connection, stores it and has the enclave try it: that it reaches the server of this name, and that the
 * table takes results.
 * @throws Refusal connection.malformed, signer.required, server.stored, and those of the enclave: database.*
 */
export const prepareDestination = async (
  client: Pick<Client, "blobs" | "enclaves">,
  identity: Identity | undefined,
  connection: unknown,
  { owner, enclave, type }: DestinationFor,
  now: () => number = Date.now,
): Promise<Destination> => {
  const plain = connectionBytes(type, connection);
  const context = destinationContext(owner, enclave.id, type);
  const { digest: envelope } = await store(client, await sealBytes(plain, { to: enclave.recipient, context }));
  const about = { envelope, type };
  const request =
    identity &&
    (await signStructureRequest(
      identity,
      { use: "entente/destination-test/1", by: owner, enclave: enclave.id, ...about },
      now(),
    ));
  await client.enclaves.test({ id: enclave.id, ...(request ? { request } : about) });
  return { type, envelope };
};
