/**
 * 获取表结构: what the owner of a sealed table signs so that the enclave tells its structure to nobody else, and what the
 * enclave signs so that nobody else tells the owner another.
 */
import { z } from "zod";
import { fromUtf8, toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { iso } from "../base/clock.ts";
import type { PrivateKey, PublicKey } from "../trust/crypto/crypto.ts";
import { digestOf } from "../trust/digest.ts";
import { parseJws, signJws, verifyJws } from "../trust/jws.ts";
import type { Signer } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import { Digest, StreamId } from "./shapes.ts";

/** What an owner may ask of an enclave about an envelope: the structure of a table, a test of a destination. */
export const Question = z.enum(["entente/structure/1", "entente/destination-test/1"]);
export type Question = z.output<typeof Question>;

/** Media types of the two JWS. */
export const STRUCTURE_REQUEST = "entente-structure+jws";
const STRUCTURE_ANSWER = "entente-structure-answer+jws";

export const StructureRequest = z.strictObject({
  use: Question,
  by: StreamId,
  enclave: StreamId,
  envelope: Digest,
  type: z.string().max(32),
  at: z.iso.datetime(),
});

export type StructureRequest = z.output<typeof StructureRequest>;

/**
 * @param signer with the leaf certificate of the organisation `by`
 * @param at milliseconds
 */
export const signStructureRequest = async (
  signer: Signer,
  {
    use = "entente/structure/1",
    ...about
  }: {
    readonly use?: Question;
    readonly by: string;
    readonly enclave: string;
    readonly envelope: string;
    readonly type: string;
  },
  at: number,
): Promise<string> => {
  const header = canonical({
    alg: signer.alg,
    typ: STRUCTURE_REQUEST,
    x5c: signer.certificate === undefined ? undefined : [signer.certificate],
  });
  const payload = canonical({ use, ...about, at: iso(at) });
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}`;
  return `${input}.${toBase64url(await signer.sign(utf8(input)))}`;
};

export interface Structure {
  readonly envelope: string;
  readonly type: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly description?: string | undefined;
  }[];
  readonly rows: number;
}

const answerOf = ({ envelope, type, columns, rows }: Structure): string =>
  canonical({
    use: "entente/structure-answer/1",
    envelope,
    type,
    structure: digestOf(columns.map(({ name, type, description = "" }) => ({ name, type, description }))),
    rows,
  });

/** @param key of the enclave */
export const signStructure = (structure: Structure, key: PrivateKey<"P-256">): string =>
  signJws({ key, typ: STRUCTURE_ANSWER, payload: answerOf(structure) });

/**
 * That the enclave with this key found this structure in this envelope.
 * @throws Refusal structure.answer, jws.*
 */
export const verifyStructure = (answer: string, structure: Structure, key: PublicKey): void => {
  const jws = parseJws(answer, STRUCTURE_ANSWER);
  verifyJws(jws, key);
  if (fromUtf8(jws.payload) !== answerOf(structure)) throw refuse("structure.answer");
};
