/** Signature schemes that keys are made for (算法), and the form of what the ledger holds of them. */
import { z } from "zod";

/** Bytes of an encoded point: SEC 1 compressed, RFC 8032 for Ed25519. */
const pointLengths = { ECDSA_K1: 33, ECDSA_R1: 33, EDDSA_ED25519: 32, SCHNORR_BIP340: 33, SM2: 33 } as const;

export const KeyScheme = z.enum(["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"]);
export type KeyScheme = z.output<typeof KeyScheme>;

/** An encoded point of one of the curves, lower-case hex. That it is on the curve is checked by the nodes. */
export const Point = z.string().regex(/^([0-9a-f]{64}|0[23][0-9a-f]{64})$/);

/** Whether a point has the length of the scheme's. */
export const isPointOf = (scheme: KeyScheme, point: string): boolean => point.length === 2 * pointLengths[scheme];
