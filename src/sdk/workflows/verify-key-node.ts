/** What must hold of a key node before a share is sealed to it, or a key made by it. */
import { randomBytes } from "#crypto";
import { fromBase64, toBase64url } from "../../base/bytes.ts";
import { refuse as refuseRule } from "../../rules/errors.ts";
import { type FollowedLedger, verifyFollowed } from "../../rules/followed.ts";
import { attested, KEY_NODE_ISOLATION, type KeyNode, keyNode as keyNodeBook } from "../../rules/key-node.ts";
import { advance, emptyWorld, streamOf } from "../../rules/world.ts";
import type { Attested } from "../../trust/attestation/provider.ts";
import { attestationVerifiers, verifyAttestation } from "../../trust/attestation/verify.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
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

export interface VerifiedKeyNode extends ReadKeyNode {
  /** False where whoever runs the machine can forge the evidence. */
  readonly hardware: boolean;
  /** What the fresh evidence says of its machine. */
  readonly machine: Attested;
  /** How far it has followed the ledger. */
  readonly followed: FollowedLedger;
}

const NONCE_LENGTH = 32;

/** Whoever answers now has the keys that it declared, as far as its provider can prove anything. @throws as `readKeyNode` */
export const verifyKeyNode = async (
  client: Pick<Client, "keyNodes">,
  id: string,
  expected: ExpectedEnclave,
): Promise<VerifiedKeyNode> => {
  const node = await readKeyNode(client, id, expected);
  const nonce = toBase64url(randomBytes(NONCE_LENGTH));
  const { provider, evidence, followed } = await client.keyNodes.attest({ id, nonce });
  if (provider !== node.provider) throw refuse("enclave.statement", { id, reason: `it answers as ${provider}` });
  const claims = { ...node, isolation: KEY_NODE_ISOLATION, nonce };
  const verdict = verifyAttestation({ provider, evidence }, claims, Date.now());
  if (!verdict.ok) throw refuseRule("attestation.refused", { reason: verdict.reason });
  const asked = attestationVerifiers[provider]?.challenge?.(evidence);
  if (asked && (await client.keyNodes.challenge({ id, challenge: asked.challenge })).answer !== asked.answer)
    throw refuseRule("attestation.refused", { reason: "the keys of its evidence are not of one machine" });
  const { ok, ...machine } = verdict;
  requirePinned({ ...node, platform: machine.platform }, expected.enclaves);
  return {
    ...node,
    hardware: attestationVerifiers[provider]?.hardware === true,
    machine,
    followed: verifyFollowed(followed, nonce, publicKeyFromSpki(fromBase64(node.signingKey))),
  };
};
