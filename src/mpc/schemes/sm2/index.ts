/**
 * Threshold SM2 (GB/T 32918.2-2016, docs/protocols/sm2-threshold.md): s = x·(k + r) − r with x = (1 + d)^-1 in shares.
 * What is signed is the digest e = SM3(Z || message).
 */
import { sm2 as library } from "sm-crypto-v2";
import { concat, toHex } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import { hashBytes } from "../../ot/hash.ts";
import { Abort, type PlainRecord } from "../../protocol.ts";
import { mod, toInteger } from "../../scalars.ts";
import type { Presignature, Scheme } from "../../scheme.ts";
import { read, scalarBytes } from "../../wire.ts";
import { sm2Presign } from "./presign.ts";

/** What `presign` made; lists are by nonce, or by signer. */
type Secret = PlainRecord & { readonly share: bigint; readonly products: readonly bigint[] };
type Public = PlainRecord & {
  readonly nonces: readonly Uint8Array[];
  readonly shares: readonly Uint8Array[];
  readonly products: readonly (readonly Uint8Array[])[];
};

const { order } = curveOf("SM2");
const reduced = (value: bigint): bigint => mod(value, order);
const publicOf = (presignature: Presignature) => presignature.public as Public;

/** Section 5.1: ρ binds the second nonce to the message; r = e + x(K1 + ρ·K2). */
const boundTo = (presignature: Presignature, digest: Uint8Array): { readonly rho: bigint; readonly r: bigint } => {
  if (digest.length !== 32) throw new TypeError("a digest has 32 bytes");
  const curve = curveOf("SM2");
  const { publicKey, signers, epoch } = presignature;
  const { nonces } = publicOf(presignature);
  const use = hashBytes("sm2/1 use", publicKey, Uint8Array.from(signers), scalarBytes(BigInt(epoch)));
  const rho = reduced(toInteger(hashBytes("sm2/1 binding", use, ...nonces, digest)));
  const points = nonces.map(curve.decode);
  const nonce = curve.add(points[0], curve.multiplyPublic(points[1], rho));
  const r = reduced(toInteger(digest) + curve.x(nonce));
  // GB/T 32918.2 section 6.1 A5 would draw again: as likely as guessing the key.
  if (r === 0n) throw new RangeError("r is 0");
  return { rho, r };
};

/** Section 5.3: s_i·B = (p1_i + ρ·p2_i)·B + r·x_i·B, with B = G + P. */
const fits = (presignature: Presignature, digest: Uint8Array, signer: number, part: bigint): boolean => {
  const curve = curveOf("SM2");
  const { rho, r } = boundTo(presignature, digest);
  const at = presignature.signers.indexOf(signer);
  const { shares, products } = publicOf(presignature);
  const points = products[at]!.map(curve.decode);
  const product = curve.add(points[0], curve.multiplyPublic(points[1], rho));
  const right = curve.add(product, curve.multiplyPublic(curve.decode(shares[at]!), r));
  const base = curve.add(curve.base, curve.decode(presignature.publicKey));
  return curve.equal(curve.multiplyPublic(base, part), right);
};

export const sm2: Scheme = {
  id: "SM2",
  label: { en: "SM2", zh: "SM2" },
  curve: "SM2",
  pairwise: true,
  signs: "digest",
  derives: false,
  presign: sm2Presign,

  /** Section 5.2: s_i = p1_i + ρ·p2_i + r·x_i. */
  respond(presignature, digest) {
    const { share, products } = presignature.secret as Secret;
    const { rho, r } = boundTo(presignature, digest);
    return scalarBytes(reduced(products[0]! + rho * products[1]! + r * share));
  },

  combine(presignature, digest, parts) {
    const { signers, publicKey } = presignature;
    if (parts.size !== signers.length || !signers.every((signer) => parts.has(signer)))
      throw new TypeError("a part of every signer, and of no other");
    const scalars = signers.map((signer) =>
      read(parts.get(signer)!, signer, "sm2.part", (reader) => reader.scalar({ order })),
    );
    const { r } = boundTo(presignature, digest);
    const s = reduced(scalars.reduce((sum, part) => sum + part, 0n) - r);
    const signature = concat(scalarBytes(r), scalarBytes(s));
    if (sm2.verify(publicKey, digest, signature)) return signature;
    throw new Abort("sm2.part", ...signers.filter((signer, i) => !fits(presignature, digest, signer, scalars[i]!)));
  },

  /** By sm-crypto-v2, whatever computed the signature. */
  verify(publicKey, digest, signature) {
    if (digest.length !== 32 || signature.length !== 64) return false;
    const halves = [signature.subarray(0, 32), signature.subarray(32)].map(toInteger);
    if (halves.some((value) => value < 1n || value >= order)) return false;
    try {
      return library.doVerifySignature(digest, toHex(signature), toHex(publicKey));
    } catch {
      return false;
    }
  },
};
