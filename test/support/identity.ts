/** The key of an identity, whole in the nodes' place, and what it is asked to sign. */
import { generateKey } from "#crypto";
import { toBase64, toHex } from "../../src/base/bytes.ts";
import { DAY, iso } from "../../src/base/clock.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";
import { compressedPoint, rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { type Signer, type Statement, signStatement } from "../../src/trust/statement.ts";
import { createCa, issue, randomSerial } from "../../src/trust/x509/issue.ts";
import { START } from "./principals.ts";

export const key = generateKey("P-256");
export const period = { notBefore: START - DAY, notAfter: START + 9 * DAY, serial: randomSerial() };
export const ca = createCa({ name: { commonName: "医院 CA" }, key, ...period });
export const leafOf = (publicKey = key.publicKey, caKey = key, authority = ca) =>
  issue({ ca: authority, caKey, publicKey, subject: { commonName: "医院" }, ...period });
export const leaf = leafOf();

/** As nodes and policies know it. */
export const signing = { scheme: "ECDSA_R1", publicKey: compressedPoint(rawFromPublicKey(key.publicKey)) } as const;

export const statement: Statement = {
  ...{ kind: "alliance.joined", stream: "a".repeat(64), seen: "b".repeat(64), by: "c".repeat(64) },
  ...{ at: iso(START), payload: { n: 1 } },
};
export const signerOf = (certificate: Uint8Array): Signer => ({
  ...{ alg: "ES256", certificate: toBase64(certificate), sign: () => new Uint8Array(64) },
});
export const inputOf = (jws: string) => ({ kind: "statement", input: jws.slice(0, jws.lastIndexOf(".")) }) as const;
export const spoken = async (change: Partial<Statement> = {}, signer = signerOf(leaf.der)) =>
  inputOf(await signStatement({ ...statement, ...change }, signer));
export const certificate = (toSign: Uint8Array): KeyMessage => ({ kind: "certificate", hex: toHex(toSign) });
