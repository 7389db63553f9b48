/** Threshold Schnorr signatures: EdDSA over Ed25519, BIP 340 over secp256k1, and those of RFC 9591 that only it defines. */
import { frost } from "./frost.ts";
import { bip340Suite, ed25519Suite, p256Suite, secp256k1Suite } from "./suites.ts";

export const eddsaEd25519 = frost("EDDSA_ED25519", { en: "EdDSA over Ed25519", zh: "EdDSA(Ed25519)" }, ed25519Suite);
export const schnorrBip340 = frost(
  "SCHNORR_BIP340",
  { en: "Schnorr over secp256k1 (BIP 340)", zh: "Schnorr(secp256k1,BIP 340)" },
  bip340Suite,
);
export const schnorrK1 = frost(
  "SCHNORR_K1",
  { en: "Schnorr over secp256k1 (RFC 9591)", zh: "Schnorr(secp256k1,RFC 9591)" },
  secp256k1Suite,
);
export const schnorrR1 = frost(
  "SCHNORR_R1",
  { en: "Schnorr over P-256 (RFC 9591)", zh: "Schnorr(P-256,RFC 9591)" },
  p256Suite,
);
