/** Fetches a result and opens it with the receiver's private key, on this machine. */
import { sha256Hex } from "#crypto";
import { fromUtf8 } from "../../base/bytes.ts";
import { resultContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { keyFromPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { shownDigest } from "./authorise.ts";
import { refuse } from "./errors.ts";

/**
 * @param pem private key whose public half the receiver authorised with
 * @returns the result as CSV text
 * @throws Refusal result.missing, result.other, envelope.*, key.*
 */
export const openResult = async (
  client: Pick<Client, "tasks">,
  id: string,
  pem: string,
  passphrase?: string,
): Promise<string> => {
  const key = keyFromPem(pem, {
    accept: ["RSA", "P-256", "X25519", "SM2"],
    ...(passphrase !== undefined && { passphrase }),
  });
  const task = await client.tasks.get({ id });
  if (!task.result) throw refuse("result.missing", { id, state: task.state });
  const sealed = await (await client.tasks.result({ id })).bytes();
  const found = sha256Hex(sealed);
  if (found !== task.result.digest) throw refuse("result.other", { found, expected: task.result.digest });
  return fromUtf8(await openBytes(sealed, { key, context: resultContext(shownDigest(task)) }));
};
