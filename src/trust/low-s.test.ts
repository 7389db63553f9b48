import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateKey, sign } from "#crypto";
import { concat, equal, fromHex, toHex } from "../base/bytes.ts";
import { ALGORITHMS, parseJws, verifyJws } from "./jws.ts";
import { hasLowS, withLowS } from "./low-s.ts";
import { parseStatement, signStatement, signStatementWith, verifyStatement } from "./statement.ts";

const ORDERS = {
  "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
};
const STATEMENT = { kind: "any", stream: "", seen: "", by: "", at: "2026-01-05T08:00:00.000Z", payload: {} };

const withS = (signature: Uint8Array, s: bigint) =>
  concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0")));

for (const kind of ["P-256", "secp256k1"] as const)
  describe(`the twin of a signature: ${kind}`, () => {
    const key = generateKey(kind);
    const [alg, order] = [ALGORITHMS[kind], ORDERS[kind]];
    const twinOf = (signature: Uint8Array) => withS(signature, order - BigInt(`0x${toHex(signature.subarray(32))}`));

    test("is not written, whoever signs", async () => {
      const signers = [(input: Uint8Array) => sign(key, input), (input: Uint8Array) => twinOf(sign(key, input))];
      for (let i = 0; i < 8; i++) {
        const made = await Promise.all(signers.map((one) => signStatement(STATEMENT, { alg, sign: one })));
        for (const jws of [signStatementWith(STATEMENT, key), ...made])
          verifyStatement(parseStatement(jws), key.publicKey);
      }
    });

    test("does not count, though it verifies", () => {
      const text = signStatementWith(STATEMENT, key);
      const { signature } = parseStatement(text).jws;
      const twin = `${text.slice(0, text.lastIndexOf("."))}.${Buffer.from(twinOf(signature)).toString("base64url")}`;
      verifyJws(parseJws(twin, "entente+jws"), key.publicKey);
      assert.throws(() => verifyStatement(parseStatement(twin), key.publicKey), { code: "statement.signature" });
    });

    test("begins above half of the order", () => {
      const [low, high] = [withS(new Uint8Array(32), order / 2n), withS(new Uint8Array(32), order / 2n + 1n)];
      assert.deepEqual([hasLowS(alg, low), hasLowS(alg, high)], [true, false]);
      assert.ok(equal(withLowS(alg, high), low));
      for (const none of [new Uint8Array(), new Uint8Array(64).fill(255)]) assert.equal(withLowS(alg, none), none);
    });
  });
