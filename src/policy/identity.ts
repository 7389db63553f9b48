/**
 * What the key of a member's identity is asked to sign: a statement in that member's name, or a certificate of the key
 * itself. A key signs nothing here under another's certificate, and certifies no other key: what it signs is never more
 * than its own member's word (docs/protocols/policies.md, section 4).
 */
import { sha256 } from "#crypto";
import { type Bytes, equal, fromBase64, fromBase64url, fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import { DAY } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { STRUCTURE_REQUEST, StructureRequest } from "../rules/structure-request.ts";
import { compressedPoint, rawFromPublicKey } from "../trust/crypto/encoding.ts";
import { type Jws, parseJws } from "../trust/jws.ts";
import { parseStatement } from "../trust/statement.ts";
import { type Certificate, parseCertificate } from "../trust/x509/certificate.ts";
import { withSignature } from "../trust/x509/issue.ts";
import { verifySigned } from "../trust/x509/signed.ts";
import { refuse } from "./errors.ts";
import { prefixed } from "./typed-data.ts";

/** As policies see it. */
export interface StatementFacts {
  /** Of a question to an enclave, what it is for: entente/structure/1. */
  readonly kind: string;
  /** Stream; "" where it founds one. Of a question the enclave. */
  readonly stream: string;
  /** Stream of the member; "" where it founds itself. */
  readonly by: string;
  /** "0x" and SHA-256 of the payload in canonical JSON. */
  readonly payload: string;
}

export interface CertificateFacts {
  readonly authority: boolean;
  readonly name: string;
  /** From its first to its last, rounded up. */
  readonly days: number;
}

interface Read<F> {
  /** SHA-256 of it: what ES256 (RFC 7518) and ecdsa-with-SHA256 (RFC 5758) sign. */
  readonly digest: Bytes;
  readonly facts: F;
}

/** Stands where the signature will be, while what is to be signed is read by what reads it signed. */
const UNSIGNED = { text: "A".repeat(86), bytes: new Uint8Array(64).fill(1) };

/**
 * @param publicKey encoded point of the key that signs, on P-256
 * @param input the JWS signing input
 * @throws Refusal policy.statement
 */
export const readStatement = (publicKey: Uint8Array, input: string): Read<StatementFacts> =>
  reading("policy.statement", () => {
    const { jws, ...about } = parseInput(`${input}.${UNSIGNED.text}`);
    const [certificate = "", ...more] = jws.header.x5c ?? [];
    if (jws.header.alg !== "ES256" || more.length > 0) throw new SyntaxError("ES256 and one certificate are expected");
    const own = parseCertificate(fromBase64(certificate));
    requireOwn(own, publicKey);
    if (!verifySigned(own.signed, own.publicKey)) throw new SyntaxError("its certificate is not signed by this key");
    const { kind, stream, by, payload } = about;
    return {
      digest: sha256(utf8(input)),
      facts: { kind, stream, by, payload: prefixed(sha256(utf8(canonical(payload)))) },
    };
  });

const parseInput = (text: string): Omit<StatementFacts, "payload"> & { jws: Jws; payload: unknown } => {
  const { typ } = JSON.parse(fromUtf8(fromBase64url(text.slice(0, text.indexOf("."))))) as { typ?: string };
  if (typ !== STRUCTURE_REQUEST) {
    const { jws, statement } = parseStatement(text);
    return { jws, ...statement };
  }
  const jws = parseJws(text, STRUCTURE_REQUEST);
  const { use, enclave, by, ...payload } = StructureRequest.parse(parseCanonical(fromUtf8(jws.payload)));
  return { jws, kind: use, stream: enclave, by, payload };
};

/** @param toSign TBSCertificate, DER @throws Refusal policy.certificate */
export const readCertificate = (publicKey: Uint8Array, toSign: Uint8Array): Read<CertificateFacts> =>
  reading("policy.certificate", () => {
    const certificate = withSignature(toSign, "P-256", UNSIGNED.bytes);
    const { subject, issuer, isCa, notBefore, notAfter } = certificate;
    requireOwn(certificate, publicKey);
    if (isCa && !equal(subject.der, issuer.der)) throw new SyntaxError("an authority issues itself");
    return {
      digest: sha256(toSign),
      facts: { authority: isCa, name: subject.commonName ?? "", days: Math.ceil((notAfter - notBefore) / DAY) },
    };
  });

const requireOwn = ({ publicKey: { kind, spki } }: Certificate, publicKey: Uint8Array): void => {
  if (kind !== "P-256" || !equal(compressedPoint(rawFromPublicKey({ kind, spki })), publicKey))
    throw new SyntaxError("its certificate is of another key");
};

/** Whatever is wrong with it, it is not signed. */
const reading = <T>(code: "policy.statement" | "policy.certificate", read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal || error instanceof SyntaxError) throw refuse(code, { reason: error.message });
    throw refuse(code, { reason: "it cannot be read" });
  }
};
