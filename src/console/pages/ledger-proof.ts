/** Checks one statement on the spot: its place in the log, its bytes, its text and its signature. */
import { fromBase64, toHex } from "../../base/bytes.ts";
import type { Client } from "../../sdk/client.ts";
import { digestOf } from "../../trust/digest.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import { leafBytes } from "../../trust/leaf.ts";
import { openCheckpoint } from "../../trust/log/checkpoint.ts";
import { leafHash, verifyInclusion } from "../../trust/log/merkle.ts";
import { parseTlogProof } from "../../trust/log/tlog-proof.ts";
import { parseStatement, type SignedStatement, verifyStatement } from "../../trust/statement.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { type Continued, ledgerKey, witnessNote } from "./ledger-kept.ts";

type Statements = Awaited<ReturnType<Client["ledger"]["statements"]>>;
export type Entry = Statements["items"][number];

export interface Inclusion {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly leaf: string;
  readonly hashes: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
  readonly witnessed: Continued;
}

/** @throws Refusal of what does not hold */
export const checkInclusion = async (client: Client, entry: Entry): Promise<Inclusion> => {
  const key = await ledgerKey(client);
  const { index, hashes, checkpoint } = parseTlogProof(
    await (await client.ledger.proof({ index: entry.index })).text(),
  );
  if (index !== entry.index) throw new Error(`the proof is of entry ${index}`);
  const { size, root } = openCheckpoint(checkpoint, key);
  const leaf = leafHash(leafBytes(entry));
  verifyInclusion({ index, size, leafHash: leaf, proof: hashes, root });
  return {
    ...{ size, root: toHex(root), leaf: toHex(leaf), hashes: hashes.map(toHex), checkpoint },
    witnessed: await witnessNote(client, checkpoint),
  };
};

export interface Opened {
  readonly signed: SignedStatement;
  readonly detail: Readonly<Record<string, unknown>> | null;
  /** Its bytes have the digest that the leaf names. */
  readonly isSame: boolean;
  /** The text beside it is the one that it commits to; null where there is none. */
  readonly textFits: boolean | null;
  /** By whose key the signature holds; why not, where it does not. */
  readonly signature: { readonly holds: boolean; readonly by: "certificate" | "machine"; readonly subject: string };
}

/** A statement that the caller may read. */
export const openStatement = async (client: Client, { stream, seq, statement }: Entry): Promise<Opened> => {
  const { items } = await client.streams.get({ id: stream, start: seq, limit: 1 });
  const [item] = items;
  if (!item) throw new Error("the stream does not hold it");
  const signed = parseStatement(item.statement);
  const { detail } = signed.statement.payload as { detail?: string };
  return {
    signed,
    detail: item.detail,
    isSame: signed.digest === statement,
    textFits: item.detail && detail !== undefined ? digestOf(item.detail) === detail : null,
    signature: await signatureOf(client, stream, signed),
  };
};

const signatureOf = async (client: Client, stream: string, signed: SignedStatement): Promise<Opened["signature"]> => {
  const { x5c } = signed.jws.header;
  const by = x5c?.[0] === undefined ? "machine" : "certificate";
  const certificate = x5c?.[0] === undefined ? undefined : parseCertificate(fromBase64(x5c[0]));
  const key = certificate?.publicKey ?? publicKeyFromSpki(fromBase64(await machineKey(client, signed, stream)));
  const subject = certificate ? certificate.subject.text : signed.statement.by || stream;
  try {
    verifyStatement(signed, key);
    return { holds: true, by, subject };
  } catch {
    return { holds: false, by, subject };
  }
};

/** An enclave or a key node names its key in its founding statement. */
const machineKey = async (client: Client, { statement }: SignedStatement, stream: string): Promise<string> => {
  const own = (statement.payload as { signingKey?: string }).signingKey;
  if (statement.stream === "" && own) return own;
  const { items } = await client.streams.get({ id: statement.by || stream, limit: 1 });
  const founding = items[0] && parseStatement(items[0].statement);
  return (founding?.statement.payload as { signingKey?: string } | undefined)?.signingKey ?? "";
};
