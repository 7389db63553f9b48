/** What a leader may say came of a request: with signatures that others than the nodes made. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { heldKeys } from "../../test/support/held-keys.ts";
import { SALT } from "../../test/support/principals.ts";
import { fromHex, toHex } from "../base/bytes.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { derive } from "../mpc/keys/derive.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import { whatIs } from "../policy/what.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import { KeyScheme } from "../rules/key-schemes.ts";
import type { Key } from "../rules/key-state.ts";
import { isOutcomeOf } from "./outcome.ts";

const ASKED: readonly KeyMessage[] = ["a", "b"].map((digit) => ({ kind: "digest", hex: digit.repeat(64) }));

const stage = (scheme: KeyScheme) => {
  const { publicKey, sign } = heldKeys[scheme]();
  const key = { scheme, publicKey: toHex(publicKey), chainCode: "c".repeat(64) } as Key;
  const signatures = ASKED.map((message, i) =>
    toHex(sign(whatIs({ scheme, publicKey }, message, i + 1).sign as Uint8Array<ArrayBuffer>)),
  );
  const outcome = { salt: SALT, signatures, publicKey: key.publicKey };
  const fits = (said: unknown, asked: object = {}, request: object = {}) =>
    isOutcomeOf(
      key,
      { action: "sign", count: 2, ...request },
      { salt: SALT, messages: ASKED, note: "", ...asked },
      [1, 2],
      said,
    );
  return { key, outcome, fits };
};

describe("of a key of", () => {
  for (const scheme of KeyScheme.options)
    test(`${scheme} its signatures count, in their order, and nothing else`, async () => {
      const { key, outcome, fits } = stage(scheme);
      const [first = "", second = ""] = outcome.signatures;
      assert.ok(await fits(outcome));
      const other = `${first.slice(0, 126)}${first.endsWith("00") ? "01" : "00"}`;
      for (const signatures of [[second, first], [first, other], [first, first], [first], ["0".repeat(128), second]])
        assert.ok(!(await fits({ ...outcome, signatures })), signatures.join());
      const { publicKey: another } = derive(
        curveOf(CURVE_OF[scheme]),
        { scheme, publicKey: fromHex(key.publicKey), chainCode: fromHex(key.chainCode) },
        scheme === "SM2" ? [] : [1],
      );
      if (scheme !== "SM2") {
        assert.ok(!(await fits({ ...outcome, publicKey: toHex(another) })));
        assert.ok(!(await fits({ ...outcome, publicKey: toHex(another) }, { path: [1] })));
      }
      for (const said of [undefined, {}, { ...outcome, more: 1 }, { salt: SALT, shares: [] }])
        assert.ok(!(await fits(said)), JSON.stringify(said));
    });

  test("ECDSA a signature with the high s is not what nodes make", async () => {
    const order = curveOf("secp256k1").order;
    const { outcome, fits } = stage("ECDSA_K1");
    const [first = "", second = ""] = outcome.signatures;
    const twin = first.slice(0, 64) + (order - BigInt(`0x${first.slice(64)}`)).toString(16).padStart(64, "0");
    assert.ok(!(await fits({ ...outcome, signatures: [twin, second] })));
  });
});

test("a key that is handed out is so by those that took part", async () => {
  const { outcome, fits } = stage("ECDSA_K1");
  const shares = (...indices: number[]) => ({ salt: SALT, shares: indices.map((index) => ({ index, envelope: "e" })) });
  const asked = [{ messages: [] }, { action: "export", count: 0 }] as const;
  assert.ok(await fits(shares(1, 2), ...asked));
  for (const said of [shares(1, 3), shares(2, 1), shares(1, 2, 3), outcome]) assert.ok(!(await fits(said, ...asked)));
  assert.ok(!(await fits(shares(1, 2))));
});
