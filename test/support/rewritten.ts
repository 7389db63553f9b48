/** An ECDSA signature (r, s) has a twin (r, n - s) that needs no key: for a statement it does not count. */
import { fromBase64url, toBase64url } from "../../src/base/bytes.ts";

/** Order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same statement, signed with P-256, under the twin of its signature: another text, so another digest. */
export const rewritten = (jws: string): string => {
  const [header, payload, signature = ""] = jws.split(".");
  const bytes = fromBase64url(signature);
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).toString("hex")}`);
  const twin = Buffer.from((N - s).toString(16).padStart(64, "0"), "hex");
  return [header, payload, toBase64url(Buffer.concat([bytes.subarray(0, 32), twin]))].join(".");
};
