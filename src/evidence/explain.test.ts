import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Ran, runToBundle } from "../../test/support/bundle.ts";
import { MEASUREMENT } from "../../test/support/principals.ts";
import { utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { explainBundle } from "./explain.ts";
import { parseTrust, requireTrusted, type Trust } from "./trust.ts";
import { type Verified, verifyBundle } from "./verify.ts";

let ran: Ran;
let verified: Verified;
before(async () => {
  ran = await runToBundle({ parties: 3 });
  verified = verifyBundle(ran.bytes);
});
after(() => ran.close());

const pin = (measurement: string) => ({ provider: "simulated", measurement: measurement.padEnd(96, measurement) });
const fingerprintOf = (name: string) => ran.parties.find((party) => party.name === name)?.ca.fingerprint ?? "";
const appIdOf = (name: string) => ran.parties.find((party) => party.name === name)?.appId ?? "";

test("who agreed to what, which code on which data, in both languages", () => {
  const found = explainBundle(verified, "en");
  assert.deepEqual(
    found.acts.filter(({ kind }) => kind.startsWith("task.")).map(({ by, text, about }) => [by, text, about]),
    [
      ["研究所", "asked for the task", "预测"],
      ["研究所", "authorised as the result receiver", "预测"],
      ["第一医院", "authorised as a data provider", "预测"],
      ["第二医院", "authorised as a data provider", "预测"],
      ["研究所", "authorised as the model provider", "预测"],
      ["the enclave", "ran it and signed the receipt", "预测"],
    ],
  );
  assert.deepEqual(
    found.data.map(({ name, owner, table }) => [name, owner, table]),
    [
      ["数据1", "第一医院", "table_0"],
      ["数据2", "第二医院", "table_1"],
    ],
  );
  assert.deepEqual([found.code.measurement, found.code.name], [MEASUREMENT, "逻辑回归"]);
  assert.equal(found.code.hardware, false);
  const chinese = explainBundle(verified, "zh-CN");
  for (const lines of [chinese.checks, chinese.notProven, chinese.acts.map(({ text }) => text)])
    for (const line of lines) assert.match(line, /\p{Script=Han}/u);
  assert.equal(chinese.checks.length, found.checks.length);
  assert.equal(chinese.notProven.length, found.notProven.length);
});

test("what is not proven is said in so many words", async () => {
  const unpinned = explainBundle(verified, "en").notProven.join("\n");
  assert.match(unpinned, /whoever runs the machine can read its memory and forge this evidence/);
  assert.match(unpinned, /That the data were true/);
  assert.match(unpinned, /Who is behind the names 研究所, 第一医院, 第二医院/);
  assert.match(unpinned, /its key was not pinned/);
  assert.match(unpinned, /no witness has cosigned it/);
  assert.doesNotMatch(unpinned, /left out/);

  const members = Object.fromEntries(ran.parties.map(({ name, ca }) => [name, ca.fingerprint]));
  const trust = { ledger: ran.ledger.verifierKey, members };
  const pinned = explainBundle(verified, "en", trust);
  assert.doesNotMatch(pinned.notProven.join("\n"), /Who is behind|not pinned/);
  assert.match(pinned.checks.join("\n"), /What you pinned is as you pinned it: ledger, 研究所, 第一医院, 第二医院/);

  const bare = await runToBundle({ withoutTexts: true });
  const found = explainBundle(verifyBundle(bare.bytes), "en");
  assert.match(found.notProven.join("\n"), /What 5 texts say that were left out/);
  assert.equal(found.task.name, null);
  assert.equal(found.task.creator, bare.parties[0]?.appId);
  await bare.close();
});

test("whatever is pinned and differs is refused by name", () => {
  const holds: Trust[] = [
    {},
    { ledger: ran.ledger.verifierKey, enclaves: [pin("ab"), pin(MEASUREMENT)], providers: ["simulated"] },
    {
      members: {
        第一医院: fingerprintOf("第一医院"),
        [appIdOf("第二医院")]: fingerprintOf("第二医院"),
      },
    },
    { members: { [ran.parties[0]?.id ?? ""]: fingerprintOf("研究所") } },
  ];
  for (const trust of holds) requireTrusted(verified, trust);
  const differs: [Trust, string][] = [
    [{ ledger: "another+00000000+AA" }, "ledger"],
    [{ enclaves: [pin("ab")] }, "enclave"],
    [{ enclaves: [{ provider: "tdx", measurement: MEASUREMENT }] }, "enclave"],
    [{ enclaves: [] }, "enclave"],
    [{ providers: ["tdx"] }, "provider"],
    [{ members: { 外人: fingerprintOf("第一医院") } }, "member 外人"],
    [{ members: { 第一医院: fingerprintOf("第二医院") } }, "member 第一医院"],
    [{ members: { [appIdOf("第二医院")]: "00".repeat(32) } }, `member ${appIdOf("第二医院")}`],
    [{ members: { [ran.parties[0]?.id ?? ""]: "00".repeat(32) } }, `member ${ran.parties[0]?.id}`],
  ];
  for (const [trust, what] of differs)
    assert.throws(
      () => requireTrusted(verified, trust),
      (error: unknown) => error instanceof Refusal && error.code === "bundle.trust" && error.details.what === what,
    );
});

test("a pin under a nickname is not got round by leaving the nickname out", () => {
  const bare = verifyBundle(utf8(canonical({ ...ran.bundle, details: {} })));
  const members = { 第一医院: fingerprintOf("第一医院") };
  requireTrusted(verified, { members });
  assert.throws(() => requireTrusted(bare, { members }), { code: "bundle.trust" });
  requireTrusted(bare, { members: { [appIdOf("第一医院")]: fingerprintOf("第一医院") } });
});

test("a trust file is of its form or refused: a misspelt pin pins nothing", () => {
  for (const text of [
    "",
    "[]",
    '{"member":{}}',
    '{"members":{"a":"zz"}}',
    '{"enclaves":["ab"]}',
    '{"measurements":["ab"]}',
    '{"ledger":1}',
  ])
    assert.throws(() => parseTrust(text), { code: "trust.malformed" });
  assert.deepEqual(parseTrust('{"providers":["tdx"]}'), { providers: ["tdx"] });
});
