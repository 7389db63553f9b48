/** What a message of a request says, read here by the code that the nodes sign by. */
import { fromBase64url, fromHex, fromUtf8, toHex } from "../../base/bytes.ts";
import { checksummed, decodeTransaction, type TransactionType } from "../../policy/ethereum.ts";
import { whatIs } from "../../policy/what.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";

export interface ReadToken {
  readonly contract: string;
  readonly method: string;
  readonly recipient: string;
  /** In the token's smallest unit, decimal. */
  readonly exact: string;
  /** An allowance without end. */
  readonly unlimited: boolean;
}

interface Signed {
  /** What is signed, hex: a digest; of EDDSA_ED25519 and SCHNORR_BIP340 the message. */
  readonly signed: string;
  readonly token?: ReadToken | undefined;
}

export interface ReadTransaction {
  readonly type: TransactionType;
  readonly chainId: number;
  readonly nonce: bigint;
  /** With its checksum (EIP-55); undefined where it creates a contract. */
  readonly to: string | undefined;
  /** Wei; `fee` is the most that all fees come to. */
  readonly value: bigint;
  readonly fee: bigint;
  readonly gas: bigint;
  /** Hex. */
  readonly data: string;
  /** Contracts that the account is handed over to (EIP-7702), with checksum. */
  readonly delegates: readonly string[];
}

export type MessageRead = Signed &
  (
    | { readonly kind: "digest" }
    | { readonly kind: "message"; readonly bytes: number; readonly hex: string; readonly text: string | undefined }
    | { readonly kind: "transaction"; readonly transaction: ReadTransaction }
    | {
        readonly kind: "typed-data";
        readonly primaryType: string;
        readonly domain: Domain;
        /** All that the message says, as indented JSON. */
        readonly body: string;
      }
    /** Of a managed identity: a statement in its member's name, or a certificate of its own key. */
    | { readonly kind: "statement"; readonly statement: ReadStatement; readonly body: string }
    | { readonly kind: "certificate"; readonly certificate: ReadCertificate }
  );

/** What the message says of where it counts. */
type Domain = Readonly<Record<string, string | number>>;

export interface ReadStatement {
  readonly kind: string;
  readonly stream: string;
  readonly by: string;
}
export interface ReadCertificate {
  readonly authority: boolean;
  readonly name: string;
  readonly days: number;
}

const indented = (value: unknown): string => JSON.stringify(value, null, 2);

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return fromUtf8(bytes);
  } catch {
    return undefined;
  }
};

/**
 * @param key that signs: the key, or its child at the request's path
 * @param place of the message in its request, from 1
 * @throws Refusal policy.* for what cannot be read; no node signs it
 */
export const readMessage = (
  key: { readonly scheme: KeyScheme; readonly publicKey: string | null },
  message: KeyMessage,
  place: number,
): MessageRead => {
  const { sign, facts } = whatIs({ scheme: key.scheme, publicKey: fromHex(key.publicKey ?? "") }, message, place);
  const signed: Signed = { signed: toHex(sign), token: facts.token as ReadToken | undefined };
  switch (message.kind) {
    case "digest":
      return { ...signed, kind: "digest" };
    case "message": {
      const bytes = fromHex(message.hex);
      return { ...signed, kind: "message", bytes: bytes.length, hex: message.hex, text: textOf(bytes) };
    }
    case "transaction": {
      const { to, data, delegates, ...rest } = decodeTransaction(fromHex(message.hex));
      const transaction = {
        ...rest,
        to: to === undefined ? undefined : checksummed(to),
        data: toHex(data),
        delegates: delegates.map(checksummed),
      };
      return { ...signed, kind: "transaction", transaction };
    }
    case "typed-data": {
      const {
        primaryType,
        fields: _,
        ...domain
      } = facts.typedData as { primaryType: string; fields: unknown } & Domain;
      const { message: body } = JSON.parse(message.json) as { message: unknown };
      return { ...signed, kind: "typed-data", primaryType, domain, body: indented(body) };
    }
    case "statement": {
      const [, payload = ""] = message.input.split(".");
      const body = indented(JSON.parse(fromUtf8(fromBase64url(payload))));
      return { ...signed, kind: "statement", statement: facts.statement as object as ReadStatement, body };
    }
    case "certificate":
      return { ...signed, kind: "certificate", certificate: facts.certificate as object as ReadCertificate };
  }
};
