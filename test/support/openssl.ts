/** Signatures in the judgement of openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concat, fromHex } from "../../src/base/bytes.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";

/** AlgorithmIdentifier of the public key (RFC 5480, RFC 8410, GB/T 35276), DER. */
const ALGORITHMS: Partial<Record<KeyScheme, string>> = {
  ECDSA_K1: "301006072a8648ce3d020106052b8104000a",
  ECDSA_R1: "301306072a8648ce3d020106082a8648ce3d030107",
  SM2: "301306072a8648ce3d020106082a811ccf5501822d",
  EDDSA_ED25519: "300506032b6570",
};

const tlv = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
  const all = concat(...content);
  return concat(Uint8Array.of(tag, all.length), all);
};
const integer = (bytes: Uint8Array): Uint8Array => {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(start);
  return tlv(2, (short[0] ?? 0) > 127 ? concat(Uint8Array.of(0), short) : short);
};

/** openssl knows no BIP 340. */
export const opensslKnows = (scheme: KeyScheme): boolean => ALGORITHMS[scheme] !== undefined;

/** @param message a digest; of Ed25519 the message. All in hex; the signature r || s @throws Error where it does not hold */
export const requireOpenssl = (scheme: KeyScheme, publicKey: string, message: string, signature: string): void => {
  const directory = mkdtempSync(join(tmpdir(), "entente-openssl-"));
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(directory, name), bytes);
    return join(directory, name);
  };
  const spki = tlv(0x30, fromHex(ALGORITHMS[scheme] ?? ""), tlv(3, Uint8Array.of(0), fromHex(publicKey)));
  const raw = fromHex(signature);
  const isRaw = scheme === "EDDSA_ED25519";
  const encoded = isRaw ? raw : tlv(0x30, integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  try {
    execFileSync(
      "openssl",
      [
        ...["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", file("key", spki)],
        ...["-in", file("message", fromHex(message)), "-sigfile", file("signature", encoded)],
        ...(isRaw ? ["-rawin"] : []),
      ],
      { stdio: "pipe" },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
};
