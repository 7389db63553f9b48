/**
 * What a message of a request is: the bytes that are signed, computed here from what was read, and what policies are
 * told of it. A node signs nothing but these bytes (docs/protocols/policies.md, section 4).
 */
import { sm2 } from "sm-crypto-v2";
import { sha256, sm3 } from "#crypto";
import { type Bytes, concat, fromHex, fromUtf8, toHex } from "../base/bytes.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { ether, gigaUnits, units } from "./amounts.ts";
import { refuse } from "./errors.ts";
import { decodeTransaction, personalDigest, type Transaction } from "./ethereum.ts";
import { readCertificate, readStatement } from "./identity.ts";
import { type CedarValue, FIELDS } from "./schema.ts";
import { costOn, SIGNATURES, type Spent, tokenOn, valueOn } from "./spending.ts";
import { selectorOf, type Token, tokenOfCall, tokenOfTypedData } from "./tokens.ts";
import { decodeTypedData, prefixed, type TypedData } from "./typed-data.ts";

export interface What {
  /** A digest of 32 bytes; for EDDSA_ED25519 and SCHNORR_BIP340 the message itself. */
  readonly sign: Bytes;
  /** Of the context of `sign` (schema.ts): purpose, digest, and what it says of messages of that purpose. */
  readonly facts: Readonly<Record<string, CedarValue>>;
  /** Of a typed message. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly spends: readonly Spent[];
  /** Kinds whose totals policies are told (spending.ts); of a message that spends nothing only signatures. */
  readonly chainId?: number;
  readonly token?: string;
}

/** The key that signs. */
export interface SigningKey {
  readonly scheme: KeyScheme;
  /** Encoded point of the key, or of its child at the request's path: SM2 binds messages to it. */
  readonly publicKey: Uint8Array;
}

/**
 * @param place of the message in its request, from 1
 * @throws Refusal policy.message, policy.transaction, policy.typed-data, policy.statement, policy.certificate
 */
export const whatIs = (key: SigningKey, message: KeyMessage, place: number): What => {
  switch (message.kind) {
    case "digest":
      return plain("digest", digestOf(key, fromHex(message.hex), place), {});
    case "message":
      return plain("message", hashed(key, fromHex(message.hex)), { message: textOf(fromHex(message.hex)) });
    case "transaction":
      requireScheme("ECDSA_K1", key, message, place);
      return ofTransaction(decodeTransaction(fromHex(message.hex)));
    case "typed-data":
      requireScheme("ECDSA_K1", key, message, place);
      return ofTypedData(decodeTypedData(message.json));
    case "statement": {
      requireScheme("ECDSA_R1", key, message, place);
      const { digest, facts } = readStatement(key.publicKey, message.input);
      return plain("statement", digest, { statement: { ...facts } });
    }
    case "certificate": {
      requireScheme("ECDSA_R1", key, message, place);
      const { digest, facts } = readCertificate(key.publicKey, fromHex(message.hex));
      return plain("certificate", digest, { certificate: { ...facts } });
    }
  }
};

/** ECDSA and SM2 sign 32 bytes and nothing else. */
const digestOf = ({ scheme }: SigningKey, digest: Bytes, place: number): Bytes => {
  const whole = scheme === "EDDSA_ED25519" || scheme === "SCHNORR_BIP340";
  if (whole || digest.length === 32) return digest;
  throw refuse("policy.message", { place, scheme, reason: `its digest has ${digest.length} bytes, not 32` });
};

const CURVES = { ECDSA_K1: "secp256k1", ECDSA_R1: "P-256" } as const;

const requireScheme = (
  only: keyof typeof CURVES,
  { scheme }: SigningKey,
  { kind }: KeyMessage,
  place: number,
): void => {
  if (scheme === only) return;
  throw refuse("policy.message", { place, scheme, reason: `a ${kind} is signed on ${CURVES[only]} (${only}) only` });
};

/** What of a message the scheme signs. */
const hashed = ({ scheme, publicKey }: SigningKey, message: Bytes): Bytes => {
  switch (scheme) {
    case "ECDSA_K1":
      return personalDigest(message);
    case "ECDSA_R1":
      return sha256(message);
    case "SM2":
      // GB/T 32918.2 section 6.1, with the identifier where none is agreed (GM/T 0009 section 10).
      return sm3(concat(sm2.getZ(toHex(publicKey), "1234567812345678"), message));
    case "EDDSA_ED25519":
    case "SCHNORR_BIP340":
      return message;
  }
};

/** Its digest is what is signed, or SHA-256 of that where a scheme signs messages as they are. */
const plain = (
  purpose: Exclude<KeyMessage["kind"], "transaction" | "typed-data">,
  sign: Bytes,
  facts: Record<string, CedarValue>,
): What => ({
  sign,
  facts: { purpose, digest: prefixed(sign.length === 32 ? sign : sha256(sign)), ...facts },
  spends: [{ of: SIGNATURES, amount: 1n }],
});

/** With its text, where it is one. */
const textOf = (message: Bytes): CedarValue => {
  try {
    return { bytes: message.length, text: fromUtf8(message) };
  } catch {
    return { bytes: message.length };
  }
};

const ofTransaction = (transaction: Transaction): What => {
  const { type, chainId, nonce, to, value, data, gas, fee, blobs, delegates, digest } = transaction;
  const token = tokenOfCall(transaction);
  const selector = selectorOf(data);
  return {
    sign: digest,
    facts: {
      purpose: "transaction",
      digest: prefixed(digest),
      transaction: {
        type,
        chainId,
        nonce: units(nonce),
        ...(to === undefined ? {} : { to }),
        value: { __extn: { fn: "decimal", arg: ether(value) } },
        valueGwei: gigaUnits(value),
        valueWei: String(value),
        gas: units(gas),
        feeGwei: gigaUnits(fee),
        costGwei: gigaUnits(value + fee),
        ...(selector === undefined ? {} : { selector }),
        dataBytes: data.length,
        blobs,
        delegates: [...new Set(delegates)],
      },
      ...(token === undefined ? {} : { token: tokenFacts(token) }),
    },
    spends: [
      { of: SIGNATURES, amount: 1n },
      { of: valueOn(chainId), amount: value },
      { of: costOn(chainId), amount: value + fee },
      ...tokenSpends(chainId, token),
    ],
    chainId,
    ...(token === undefined ? {} : { token: token.contract }),
  };
};

const ofTypedData = (typed: TypedData): What => {
  const { primaryType, domain, fields, digest } = typed;
  const token = tokenOfTypedData(typed);
  // A domain that names no chain holds on all: a token is counted all the same, on a chain that there is not.
  const chainId = domain.chainId ?? (token === undefined ? undefined : NO_CHAIN);
  return {
    sign: digest,
    facts: {
      purpose: "typed-data",
      digest: prefixed(digest),
      typedData: { primaryType, ...domain, fields: FIELDS },
      ...(token === undefined ? {} : { token: tokenFacts(token) }),
    },
    fields,
    spends: [{ of: SIGNATURES, amount: 1n }, ...(chainId === undefined ? [] : tokenSpends(chainId, token))],
    ...(chainId === undefined ? {} : { chainId }),
    ...(token === undefined ? {} : { token: token.contract }),
  };
};

/** No transaction is on it (EIP-155). */
const NO_CHAIN = 0;

/** 2^255 and more is what wallets mean by an allowance without end. */
const UNLIMITED = 2n ** 255n;

const tokenFacts = ({ contract, method, from, recipient, amount }: Token): CedarValue => ({
  contract,
  method,
  ...(from === undefined ? {} : { from }),
  recipient,
  units: units(amount),
  gigaUnits: gigaUnits(amount),
  exact: String(amount),
  unlimited: amount >= UNLIMITED,
});

const tokenSpends = (chainId: number, token: Token | undefined): Spent[] =>
  token === undefined ? [] : [{ of: tokenOn(chainId, token.contract), amount: token.amount }];
