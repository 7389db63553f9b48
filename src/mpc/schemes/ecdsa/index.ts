/** Threshold ECDSA (docs/protocols/dkls23.md): signing in one round with a presignature, by any t of n. */
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import { hashToScalar } from "../../hash.ts";
import { Abort, type PlainRecord } from "../../protocol.ts";
import { inverse, mod, toInteger } from "../../scalars.ts";
import type { Presignature, Scheme } from "../../scheme.ts";
import { read, scalarBytes } from "../../wire.ts";
import { ecdsaPresign } from "./presign.ts";

/** What `presign` made; lists are by signer. */
type Secret = PlainRecord & Readonly<Record<"mask" | "key", bigint>>;
type Public = PlainRecord & {
  readonly nonce: Uint8Array;
  readonly u: bigint;
  readonly masks: readonly Uint8Array[];
  readonly keys: readonly Uint8Array[];
};

type Noble = Pick<typeof secp256k1, "verify">;

const ecdsa = (id: "ECDSA_K1" | "ECDSA_R1", label: Scheme["label"], curveId: "secp256k1" | "P-256", noble: Noble) => {
  const publicOf = (presignature: Presignature) => presignature.public as Public;
  const signedOf = (digest: Uint8Array): bigint => {
    if (digest.length !== 32) throw new TypeError("a digest has 32 bytes");
    return mod(toInteger(digest), curveOf(curveId).order);
  };
  /** Section 5.1: ρ makes another nonce of the one that was known before the message; r = x(ρ·R). */
  const boundTo = (presignature: Presignature, digest: Uint8Array) => {
    const curve = curveOf(curveId);
    const { nonce, u } = publicOf(presignature);
    const { publicKey, signers, epoch } = presignature;
    const rho = hashToScalar(curve, "ecdsa/1 nonce", id, publicKey, signers, epoch, nonce, digest);
    const r = mod(curve.x(curve.multiplyPublic(curve.decode(nonce), rho)), curve.order);
    return { h: signedOf(digest), r, divisor: mod(rho * u, curve.order) };
  };

  /** Section 5.2: s_i·ρ·u·R = h·φ_i·R + r·v_i·R. */
  const fits = (presignature: Presignature, digest: Uint8Array, signer: number, part: bigint): boolean => {
    const curve = curveOf(curveId);
    const given = publicOf(presignature);
    const { h, r, divisor } = boundTo(presignature, digest);
    const at = presignature.signers.indexOf(signer);
    const times = (point: Uint8Array, scalar: bigint) => curve.multiplyPublic(curve.decode(point), scalar);
    const right = curve.add(times(given.masks[at]!, h), times(given.keys[at]!, r));
    return curve.equal(times(given.nonce, mod(part * divisor, curve.order)), right);
  };

  const scheme: Scheme = {
    id,
    label,
    curve: curveId,
    pairwise: true,
    signs: "digest",
    derives: true,
    presign: ecdsaPresign(curveId),

    /** Section 5.1: s_i = (h·φ_i + r·v_i) / (ρ·u). */
    respond(presignature, digest) {
      const { mask, key } = presignature.secret as Secret;
      const curve = curveOf(curveId);
      const { h, r, divisor } = boundTo(presignature, digest);
      return scalarBytes(mod((h * mask + r * key) * inverse(divisor, curve), curve.order));
    },

    combine(presignature, digest, parts) {
      const { signers, publicKey } = presignature;
      if (parts.size !== signers.length || !signers.every((signer) => parts.has(signer)))
        throw new TypeError("a part of every signer, and of no other");
      const curve = curveOf(curveId);
      const scalars = signers.map((signer) => read(parts.get(signer)!, signer, "ecdsa.part", (r) => r.scalar(curve)));
      const sum = scalars.reduce((total, part) => total + part, 0n);
      const s = mod(sum, curve.order);
      const low = s > curve.order / 2n ? curve.order - s : s;
      const signature = concat(scalarBytes(boundTo(presignature, digest).r), scalarBytes(low));
      if (scheme.verify(publicKey, digest, signature)) return signature;
      throw new Abort("ecdsa.part", ...signers.filter((signer, i) => !fits(presignature, digest, signer, scalars[i]!)));
    },

    /** What libsecp256k1 does not vouch for, @noble/curves decides. Any s: of a low one others make a high one. */
    verify(publicKey, digest, signature) {
      if (digest.length !== 32) return false;
      if (curveOf(curveId).verifiesEcdsa?.(publicKey, digest, signature)) return true;
      try {
        return noble.verify(signature, digest, publicKey, { prehash: false, lowS: false });
      } catch {
        return false;
      }
    },
  };
  return scheme;
};

export const ecdsaK1 = ecdsa(
  "ECDSA_K1",
  { en: "ECDSA over secp256k1", zh: "ECDSA(secp256k1)" },
  "secp256k1",
  secp256k1,
);
export const ecdsaR1 = ecdsa("ECDSA_R1", { en: "ECDSA over P-256", zh: "ECDSA(P-256)" }, "P-256", p256);
