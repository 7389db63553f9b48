/**
 * SM2 signatures (GB/T 32918.2-2016) for both implementations. The digest is computed here, so that each can bring
 * its fastest SM3; the curve arithmetic is sm-crypto-v2's. OpenSSL's own ECDSA on this curve is not SM2.
 */
import { sm2 } from "sm-crypto-v2";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { createLru } from "./lru.ts";

const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
/** a || b || xG || yG of the recommended curve, GB/T 32918.5-2017 section 2. */
const CURVE = fromHex(
  "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc" +
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93" +
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" +
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
);
/** GM/T 0009-2012 section 10: the identifier where none is agreed. Preceded by its length in bits. */
const IDENTIFIER = concat(Uint8Array.of(0, 128), utf8("1234567812345678"));

/** Tables for a key cost about 10 verifications to make and 1 MB to keep: only for keys met again, and only a few. */
const USES_BEFORE_TABLE = 8;
const TABLES = 16;

type Point = ReturnType<typeof sm2.precomputePublicKey>;

interface Signer {
  /** GB/T 32918.2 section 5.5: the digest of identifier, curve and public key. */
  z: Bytes;
  uses: number;
  table?: Point;
}

/** Signs with and verifies under raw keys: secret 32 bytes, public key 65, signature 64 (r || s). */
export const createSm2 = (sm3: (data: Uint8Array) => Bytes) => {
  const signers = createLru<Signer>(TABLES);
  const signer = (publicHex: string): Signer =>
    signers.get(publicHex, () => ({
      z: sm3(concat(IDENTIFIER, CURVE, fromHex(publicHex).subarray(1))),
      uses: 0,
    }));

  return {
    sign(secret: Uint8Array, publicRaw: Uint8Array, data: Uint8Array): Bytes {
      return fromHex(sm2.doSignature(sm3(concat(signer(toHex(publicRaw)).z, data)), toHex(secret)));
    },

    verify(publicRaw: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
      if (signature.length !== 64) return false;
      const hex = toHex(signature);
      if (!isScalar(hex.slice(0, 64)) || !isScalar(hex.slice(64))) return false;
      const publicHex = toHex(publicRaw);
      const known = signer(publicHex);
      if (++known.uses === USES_BEFORE_TABLE) known.table = sm2.precomputePublicKey(publicHex);
      try {
        return sm2.doVerifySignature(sm3(concat(known.z, data)), hex, known.table ?? publicHex);
      } catch {
        return false; // not a point of the curve
      }
    },

    generate(): { secret: Bytes; raw: Bytes } {
      const { privateKey, publicKey } = sm2.generateKeyPairHex();
      return { secret: fromHex(privateKey), raw: fromHex(publicKey) };
    },

    /** @throws RangeError unless the secret is in [1, n - 2] */
    rawPublicKey(secret: Uint8Array): Bytes {
      const hex = toHex(secret);
      if (!isScalar(hex) || BigInt(`0x${hex}`) === ORDER - 1n) throw new RangeError("SM2 secret out of range");
      return fromHex(sm2.getPublicKeyFromPrivateKey(hex));
    },

    isValid(publicRaw: Uint8Array): boolean {
      try {
        return sm2.verifyPublicKey(toHex(publicRaw));
      } catch {
        return false;
      }
    },
  };
};

const isScalar = (hex: string): boolean => {
  const value = BigInt(`0x${hex}`);
  return value > 0n && value < ORDER;
};
