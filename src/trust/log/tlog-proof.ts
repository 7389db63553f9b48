/**
 * Proofs as files (c2sp.org/tlog-proof): a checkpoint with its cosignatures, and the path of one entry to its root.
 * Checked offline against the log's key, the witnesses' keys, and the entry itself. docs/protocols/log.md,
 * section 5.
 */
import { type Bytes, fromBase64, toBase64 } from "../../base/bytes.ts";
import { parseCheckpoint, parseDecimal, parseHash } from "./checkpoint.ts";
import { type Cosigned, type QuorumPolicy, verifyQuorum } from "./cosignature.ts";
import { refuse } from "./errors.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import { parseNote } from "./note.ts";

const HEADER = "c2sp.org/tlog-proof@v1";
/** A tree of 2^53 entries is no higher. */
const MAX_HASHES = 53;

export interface TlogProof {
  /** Position of the entry, from 0. */
  readonly index: number;
  /** Audit path (RFC 9162 2.1.3.1), leaf's sibling first. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
  /** Not authenticated: nothing may be believed for its sake. */
  readonly extra?: Uint8Array;
}

/** The text of a `.tlog-proof` file. */
export const formatTlogProof = ({ index, hashes, checkpoint, extra }: TlogProof): string =>
  [
    HEADER,
    ...(extra ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...hashes.map(toBase64),
    "",
    checkpoint,
  ].join("\n");

/**
 * Reads a proof without believing it. Strict: what it accepts formats to the same text.
 * @throws Refusal proof.malformed, note.malformed, checkpoint.malformed
 */
export const parseTlogProof = (proof: string): TlogProof => {
  const no = (reason: string) => refuse("proof.malformed", { reason });
  const end = proof.indexOf("\n\n");
  if (end < 0) throw no("no empty line separates proof and checkpoint");
  const [header, ...lines] = proof.slice(0, end).split("\n");
  if (header !== HEADER) throw no("its first line is another");
  const extra = lines[0]?.startsWith("extra ") ? parseExtra(lines.shift() ?? "") : undefined;
  const [, decimal = ""] = /^index (\S+)$/.exec(lines.shift() ?? "") ?? [];
  const index = parseDecimal(decimal);
  if (index === undefined) throw no("the index line is not of its form");
  if (lines.length > MAX_HASHES) throw no("it has too many hashes");
  const hashes = lines.map((line) => {
    const hash = parseHash(line);
    if (!hash) throw no("a hash is not base64 of 32 bytes");
    return hash;
  });
  const checkpoint = proof.slice(end + 2);
  parseCheckpoint(parseNote(checkpoint).text);
  return { index, hashes, checkpoint, ...(extra && { extra }) };
};

const parseExtra = (line: string): Bytes => {
  try {
    return fromBase64(line.slice("extra ".length));
  } catch {
    throw refuse("proof.malformed", { reason: "the extra data is not base64" });
  }
};

/**
 * That the log holds the entry and the witnesses saw it so ("Verifying a tlog proof" of the specification).
 * @param entry the leaf's bytes, known from elsewhere
 * @returns where the entry is, the checkpoint, and who cosigned it when
 * @throws Refusal of parseTlogProof and verifyQuorum; log.inclusion
 */
export const verifyTlogProof = (
  proof: string,
  entry: Uint8Array,
  policy: QuorumPolicy,
): Cosigned & { readonly index: number } => {
  const { index, hashes, checkpoint: note } = parseTlogProof(proof);
  const cosigned = verifyQuorum(note, policy);
  const { size, root } = cosigned.checkpoint;
  verifyInclusion({ index, size, leafHash: leafHash(entry), proof: hashes, root });
  return { ...cosigned, index };
};
