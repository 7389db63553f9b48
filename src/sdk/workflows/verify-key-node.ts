/** What must hold of a key node before a share is sealed to it, or a key made by it. */
import { attested, type KeyNode, keyNode as keyNodeBook } from "../../rules/key-node.ts";
import { advance, emptyWorld, streamOf } from "../../rules/world.ts";
import { parseStatement } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { type ExpectedEnclave, requirePinned } from "./verify-enclave.ts";

export interface ReadKeyNode extends KeyNode {
  /** Stream id. */
  readonly id: string;
}

/**
 * What the node declared of itself when it was founded, with the evidence of then: the rulebook checks it.
 * @param id its tag, or the id of its stream
 * @throws Refusal enclave.statement, enclave.untrusted, attestation.refused, and those of the server
 */
export const readKeyNode = async (
  client: Pick<Client, "keyNodes">,
  id: string,
  { enclaves }: ExpectedEnclave,
): Promise<ReadKeyNode> => {
  const { stream, statement } = await client.keyNodes.get({ id });
  const signed = parseStatement(statement);
  const differs = (reason: string) => refuse("enclave.statement", { id, reason });
  if (signed.digest !== stream) throw differs(`its digest is ${signed.digest}`);
  if (signed.statement.kind !== attested.name) throw differs(`it is of kind ${signed.statement.kind}`);
  const { world } = advance(emptyWorld, signed, Date.parse(signed.statement.at));
  const state = streamOf(world, keyNodeBook, stream)?.state;
  if (!state || (id !== stream && id !== state.tag)) throw differs("it is another node");
  requirePinned(state, enclaves);
  return { ...state, id: stream };
};
