/**
 * Keys on Ed25519 that have no seed, since nobody ever drew one: 64 bytes, the scalar (little-endian, below the order)
 * and 32 secret bytes that nonces are derived from. RFC 8032 section 5.1.5 makes such 64 bytes of a seed, and libraries
 * that sign with them call them an expanded secret key. In a file they stand where RFC 8410 has the 32 of a seed, so
 * that a program which takes only seeds refuses the file and none reads it as another key.
 */
import { type Bytes, equal, fromHex } from "../base/bytes.ts";
import { content, elements, INTEGER, OCTET_STRING, OID, only, SEQUENCE, tlv } from "./crypto/der.ts";
import { refuse } from "./keys-errors.ts";
import { decryptPkcs8, encryptPkcs8 } from "./pbes2.ts";
import { pemBlocks, toPem } from "./pem.ts";

const ED25519 = fromHex("2b6570");
const LENGTH = 64;
const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** Encrypted PKCS #8. @param expanded 64 bytes */
export const expandedToPem = (expanded: Uint8Array, passphrase: string): string => {
  const version = tlv(INTEGER, Uint8Array.of(0));
  const inner = tlv(OCTET_STRING, tlv(OCTET_STRING, expanded));
  return toPem(ENCRYPTED, encryptPkcs8(tlv(SEQUENCE, version, tlv(SEQUENCE, tlv(OID, ED25519)), inner), passphrase));
};

/** Its 64 bytes; undefined for any other file. @throws Refusal key.passphrase, key.passphrase-needed, key.protection */
export const expandedFromPem = (pem: string, passphrase?: string): Bytes | undefined => {
  try {
    const [block, another] = pemBlocks(pem);
    if (block?.label !== ENCRYPTED || another) return undefined;
    if (passphrase === undefined) throw refuse("key.passphrase-needed");
    const [, algorithm, octets] = elements(only(decryptPkcs8(block.der, passphrase), SEQUENCE));
    if (!equal(content(elements(content(algorithm, SEQUENCE))[0], OID), ED25519)) return undefined;
    const expanded = only(content(octets, OCTET_STRING), OCTET_STRING);
    return expanded.length === LENGTH ? expanded : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
