/**
 * Fetches a result and opens it with the receiver's private key, on this machine. Nothing about it is believed but
 * what the task's evidence proves: whose authorisation named which enclave, and which file that enclave signed.
 */
import { sha256Hex } from "#crypto";
import { fromUtf8 } from "../../base/bytes.ts";
import { requireTrusted, type Trust } from "../../evidence/trust.ts";
import { type Verified, verifyBundle } from "../../evidence/verify.ts";
import { resultContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { keyFromPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";

export interface OpenOptions {
  /** Of the private key. */
  readonly passphrase?: string | undefined;
  /** Stream id of the organisation that receives; the one that the client signs for. */
  readonly me?: string | undefined;
  /** The sealed result, where it went into a database of the receiver's: the parts of its row, joined. */
  readonly sealed?: Uint8Array | undefined;
  /** What else is known from elsewhere: ledger, enclaves, members. */
  readonly trust?: Trust | undefined;
}

/**
 * @param id of the task: T… or that of its stream
 * @param pem private key whose public half the receiver authorised with
 * @returns the result as CSV text
 * @throws Refusal result.missing, result.evidence, result.other, bundle.*, signer.by, envelope.*, key.*
 */
export const openResult = async (
  client: Pick<Client, "tasks" | "signer">,
  id: string,
  pem: string,
  { passphrase, me = client.signer?.by, sealed: given, trust = {} }: OpenOptions = {},
): Promise<string> => {
  const key = keyFromPem(pem, {
    accept: ["RSA", "P-256", "X25519", "SM2"],
    ...(passphrase !== undefined && { passphrase }),
  });
  if (me === undefined) throw refuse("result.receiver");
  // The state is asked for its words only: a task that has no result has no evidence either.
  const { state, result, delivery } = await client.tasks.get({ id });
  if (!result) throw refuse("result.missing", { id, state });
  if (!given && delivery?.destination) throw refuse("result.elsewhere", { id, sink: delivery.sink });
  const sealed = given ?? (await (await client.tasks.result({ id })).bytes());
  const verified = verifyBundle(await (await client.tasks.bundle({ id })).bytes());
  requireTrusted(verified, trust);
  const { digest, task } = requireOf(verified, id, me);
  const found = sha256Hex(sealed);
  if (found !== digest) throw refuse("result.other", { found, expected: digest });
  return fromUtf8(await openBytes(sealed, { key, context: resultContext(task) }));
};

/**
 * The evidence is of this task, and it is for `me`: then the receiver's own signature is in it, over the task digest,
 * and so over the enclave that signed the receipt. A server cannot make that up.
 */
const requireOf = ({ bundle, task, receipt }: Verified, id: string, me: string) => {
  if (bundle.task !== id && task.id !== id) throw refuse("result.evidence", { id, reason: `it is of ${task.id}` });
  const { receiver } = task.definition;
  if (receiver !== me) throw refuse("result.evidence", { id, reason: `its receiver is ${receiver}` });
  if (!task.result) throw refuse("result.evidence", { id, reason: "it names no result" });
  return { digest: task.result.digest, task: receipt.task };
};
