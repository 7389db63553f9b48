/** What must hold of an enclave before anything is sealed to it. */
import { randomBytes } from "#crypto";
import { fromBase64, toBase64url } from "../../base/bytes.ts";
import { type EnclavePin, type FoundEnclave, isPinned, pinText } from "../../evidence/enclave-pin.ts";
import { attested, type EnclaveState, enclave as enclaveBook } from "../../rules/enclave.ts";
import { refuse as refuseRule } from "../../rules/errors.ts";
import { type FollowedLedger, verifyFollowed } from "../../rules/followed.ts";
import { advance, emptyWorld, streamOf } from "../../rules/world.ts";
import type { AttestationVerifier, Attested } from "../../trust/attestation/provider.ts";
import { attestationVerifiers, verifyAttestation } from "../../trust/attestation/verify.ts";
import { enclaveKey, type Recipient } from "../../trust/envelope/recipient.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import { parseStatement } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";

export interface VerifiedEnclave {
  /** Stream id. */
  readonly id: string;
  /** What envelopes are sealed to. */
  readonly recipient: Recipient;
  /** SubjectPublicKeyInfo (DER, base64) of the key that signs receipts. */
  readonly signingKey: string;
  /** SHA-384 (hex) of its program. */
  readonly measurement: string;
  /** Verifier key (C2SP vkey) of the ledger that it follows. */
  readonly ledger: string;
  /** What keeps models in: `bubblewrap`, `quickjs`. */
  readonly isolation: string;
  readonly provider: string;
  /** False where whoever runs the machine can forge the evidence. */
  readonly hardware: boolean;
  /** How far it has followed the ledger: what was revoked below this size, if its root is that of yours, it knows for ever. */
  readonly followed: FollowedLedger;
  readonly proves: AttestationVerifier["proves"];
  readonly doesNotProve: AttestationVerifier["doesNotProve"];
  /** What the fresh evidence says of the machine: to be shown, and compared with what members expect. */
  readonly attested: Attested;
}

/** What the caller knows from elsewhere. */
export interface ExpectedEnclave {
  /**
   * Programs that the caller trusts, each with whoever has to vouch for it. A provider that proves nothing
   * (`simulated`) counts only where it is named. `any` believes the platform, and has to be said.
   */
  readonly enclaves: readonly EnclavePin[] | "any";
}

/** @throws Refusal enclave.untrusted */
export const requirePinned = (found: FoundEnclave, pins: ExpectedEnclave["enclaves"]): void => {
  if (!Array.isArray(pins) && pins !== "any") throw new TypeError('enclaves: pins, or "any"');
  if (pins === "any" || isPinned(found, pins)) return;
  throw refuse("enclave.untrusted", { found: pinText(found), expected: pins.map(pinText).join(", ") });
};

const NONCE_LENGTH = 32;

/**
 * The enclave's own founding statement, its evidence, and fresh evidence over a nonce made here.
 * @param id stream id
 * @throws Refusal enclave.statement, enclave.untrusted, attestation.refused, and those of the server
 */
export const verifyEnclave = async (
  client: Pick<Client, "enclaves">,
  id: string,
  expected: ExpectedEnclave,
): Promise<VerifiedEnclave> => {
  const state = await readEnclave(client, id, expected);
  const { attested, followed } = await requireFresh(client, id, state);
  requirePinned({ ...state, platform: attested.platform }, expected.enclaves);
  const verifier = attestationVerifiers[state.provider] as AttestationVerifier;
  const { signingKey, measurement, ledger, isolation, provider } = state;
  const { hardware, proves, doesNotProve } = verifier;
  const recipient = enclaveKey(fromBase64(state.encryptionKey));
  const text = { hardware, proves, doesNotProve };
  return { id, recipient, signingKey, measurement, ledger, isolation, provider, ...text, attested, followed };
};

/** What the enclave declared of itself when it was founded, with the evidence of then. @throws as `verifyEnclave` */
export const readEnclave = async (
  client: Pick<Client, "enclaves">,
  id: string,
  { enclaves }: ExpectedEnclave,
): Promise<EnclaveState> => {
  const { statement } = await client.enclaves.get({ id });
  const state = foundingOf(id, statement);
  requirePinned({ ...state, platform: state.attested?.platform }, enclaves);
  return state;
};

/** The state that the statement founds; its evidence is checked by the rulebook. */
const foundingOf = (id: string, jws: string): EnclaveState => {
  const signed = parseStatement(jws);
  if (signed.digest !== id) throw refuse("enclave.statement", { id, reason: `its digest is ${signed.digest}` });
  if (signed.statement.kind !== attested.name)
    throw refuse("enclave.statement", { id, reason: `it is of kind ${signed.statement.kind}` });
  const { world } = advance(emptyWorld, signed, Date.parse(signed.statement.at));
  const state = streamOf(world, enclaveBook, id)?.state;
  if (!state) throw refuse("enclave.statement", { id, reason: "it founds nothing" });
  return state;
};

/** Whoever answers now has the keys that the statement names, as far as the provider can prove anything. */
const requireFresh = async (
  client: Pick<Client, "enclaves">,
  id: string,
  state: EnclaveState,
): Promise<{ attested: Attested; followed: FollowedLedger }> => {
  const nonce = toBase64url(randomBytes(NONCE_LENGTH));
  const { provider, evidence, followed } = await client.enclaves.attest({ id, nonce });
  if (provider !== state.provider) throw refuse("enclave.statement", { id, reason: `it answers as ${provider}` });
  const verdict = verifyAttestation({ provider, evidence }, { ...state, nonce }, Date.now());
  if (!verdict.ok) throw refuseRule("attestation.refused", { reason: verdict.reason });
  const asked = attestationVerifiers[provider]?.challenge?.(evidence);
  if (asked && (await client.enclaves.challenge({ id, challenge: asked.challenge })).answer !== asked.answer)
    throw refuseRule("attestation.refused", { reason: "the keys of its evidence are not of one machine" });
  const { ok, ...attested } = verdict;
  return { attested, followed: verifyFollowed(followed, nonce, publicKeyFromSpki(fromBase64(state.signingKey))) };
};
