/** Threshold Schnorr signatures: EdDSA over Ed25519 and BIP 340 over secp256k1. */
import { frost } from "./frost.ts";
import { bip340Suite, ed25519Suite } from "./suites.ts";

export const eddsaEd25519 = frost("EDDSA_ED25519", { en: "EdDSA over Ed25519", zh: "EdDSA(Ed25519)" }, ed25519Suite);
export const schnorrBip340 = frost(
  "SCHNORR_BIP340",
  { en: "Schnorr over secp256k1 (BIP 340)", zh: "Schnorr(secp256k1,BIP 340)" },
  bip340Suite,
);
