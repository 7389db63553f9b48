/** A managed identity over a group's key: its certificates, its leaf's renewal, and signatures that do not hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey, sign } from "#crypto";
import { START } from "../../test/support/principals.ts";
import { fromBase64, fromHex, toBase64, utf8 } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { parseStatement, signStatement, verifyStatement } from "../trust/statement.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import { verifyCa, verifyLeaf } from "../trust/x509/verify.ts";
import { foundedInGroup, type GroupKeys, groupSigner, withLeaf } from "./group-identity.ts";

const OWNER = { nickname: "医院", appId: "1300000001" };

/** A group whose key is whole. @param wrong it signs something else */
const groupOf = (wrong = () => false) => {
  const key = generateKey("P-256");
  const asked: string[] = [];
  const keys: GroupKeys = {
    isPreset: true,
    make: async () => ({ key: "K1", group: "G1", publicKey: toBase64(key.publicKey.spki) }),
    take: () => assert.fail("nothing is taken"),
    async sign(_, message) {
      asked.push(message.kind);
      if (wrong()) return sign(key, utf8("something else"));
      if (message.kind === "certificate") return sign(key, fromHex(message.hex));
      return message.kind === "statement" ? sign(key, utf8(message.input)) : assert.fail(message.kind);
    },
  };
  return { keys, asked };
};
const certificate = (der = "") => parseCertificate(fromBase64(der));

test("one key is authority and leaf; the leaf is made when it is needed, and anew before it ends", async () => {
  const { keys, asked } = groupOf();
  const founded = await foundedInGroup(keys, OWNER, undefined, START);
  const ca = certificate(founded.ca);
  verifyCa({ ca, at: START });
  assert.deepEqual([founded.leaf, asked.length], [undefined, 1]);

  const first = await withLeaf(keys, founded, START);
  verifyLeaf({ leaf: certificate(first.leaf), ca, at: START + 89 * DAY });
  assert.equal(await withLeaf(keys, first, START + 59 * DAY), first);
  const next = await withLeaf(keys, first, START + 61 * DAY);
  assert.notEqual(next.leaf, first.leaf);
  verifyLeaf({ leaf: certificate(next.leaf), ca, at: START + 150 * DAY });
  assert.deepEqual(asked, ["certificate", "certificate", "certificate"]);

  // It ends with its authority, and is not made again and again until then.
  const late = ca.notAfter - DAY;
  const last = await withLeaf(keys, next, late);
  assert.equal(certificate(last.leaf).notAfter, ca.notAfter);
  assert.equal(await withLeaf(keys, last, late), last);
});

test("a statement is signed under the leaf; a signature that does not hold goes no further", async () => {
  let wrong = false;
  const { keys } = groupOf(() => wrong);
  const kept = await withLeaf(keys, await foundedInGroup(keys, OWNER, undefined, START), START);
  const signer = groupSigner(keys, kept, kept.leaf ?? "");
  const statement = { kind: "a.b", stream: "", seen: "", by: "", at: "2026-01-05T08:00:00.000Z", payload: {} };
  const signed = parseStatement(await signStatement(statement, signer));
  verifyStatement(signed, certificate(kept.leaf).publicKey);
  wrong = true;
  await assert.rejects(signStatement(statement, signer), { code: "managed.unsigned" });
  await assert.rejects(withLeaf(keys, kept, START + 80 * DAY), { code: "managed.unsigned" });
  await assert.rejects(foundedInGroup(keys, OWNER, undefined, START), { code: "managed.unsigned" });
});
