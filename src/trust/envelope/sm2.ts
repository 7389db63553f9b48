/**
 * SM2 public-key encryption (GB/T 32918.4-2016) of the content key, as SM2Cipher of GM/T 0009-2012 section 7.2: the
 * order C1 C3 C2, in DER. The library's own reading of DER takes points that are not on the curve, which would give
 * the private key away piece by piece; so DER is read here and the point handed over in the form that is checked.
 */

import { sm2 } from "sm-crypto-v2";
import { randomBytes } from "#crypto";
import { type Bytes, concat, fromHex, toHex } from "../../base/bytes.ts";
import { content, elements, OCTET_STRING, only, SEQUENCE, tlv, unsigned, unsignedBytes } from "../crypto/der.ts";
import { rawFromPublicKey, secretOf } from "../crypto/encoding.ts";
import type { WrapMethod } from "./wrap-method.ts";

const C1C3C2 = 1;
/** Of a coordinate, and of the digest C3. */
const LENGTH = 32;

/** `openssl pkeyutl -decrypt` gives the content key. */
export const sm2Wrap: WrapMethod<"SM2"> = {
  async wrap(to, _info, length) {
    const key = randomBytes(length);
    return { key, wrapped: toDer(fromHex(sm2.doEncrypt(key, toHex(rawFromPublicKey(to)), C1C3C2))) };
  },
  async unwrap(key, { wrapped }, _info, length) {
    if (!wrapped) throw new TypeError("no wrapped key");
    const opened = sm2.doDecrypt(toHex(fromDer(wrapped)), toHex(secretOf(key)), C1C3C2, { output: "array" });
    // Its way to say that C3 does not fit is an empty array.
    if (opened.length !== length) throw new RangeError("not a content key");
    return Uint8Array.from(opened);
  },
};

/** From x || y || C3 || C2. */
const toDer = (cipher: Uint8Array): Bytes =>
  tlv(
    SEQUENCE,
    unsigned(cipher.subarray(0, LENGTH)),
    unsigned(cipher.subarray(LENGTH, 2 * LENGTH)),
    tlv(OCTET_STRING, cipher.subarray(2 * LENGTH, 3 * LENGTH)),
    tlv(OCTET_STRING, cipher.subarray(3 * LENGTH)),
  );

const fromDer = (der: Uint8Array): Bytes => {
  const [x, y, c3, c2, more] = elements(only(der, SEQUENCE));
  const digest = content(c3, OCTET_STRING);
  if (more || digest.length !== LENGTH) throw new SyntaxError("not an SM2Cipher");
  return concat(unsignedBytes(x, LENGTH), unsignedBytes(y, LENGTH), digest, content(c2, OCTET_STRING));
};
