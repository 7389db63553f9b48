import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requestToBundle } from "../../test/support/request-bundle.ts";
import { verifyMain } from "./verify.ts";

const run = (...words: string[]) => {
  const lines: string[] = [];
  const said = (line: string) => void lines.push(line);
  return { status: verifyMain(words, { out: said, error: said }), text: lines.join("\n") };
};

test("entente verify says of a request who asked, who approved, what was signed and by which policies", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "entente-verify-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const written = (name: string, bytes: Uint8Array) => {
    const path = join(directory, name);
    writeFileSync(path, bytes);
    return path;
  };
  const ran = await requestToBundle();
  const path = written("request.json", ran.bytes);
  const english = run(path);
  assert.equal(english.status, 0, english.text);
  for (const words of [
    /✔ The bundle holds/,
    /signs with +2 of 3 shares/,
    /treasury/,
    /permit\(principal, action, resource\);/,
  ])
    assert.match(english.text, words);
  assert.ok(english.text.includes(ran.signatures[0] ?? ""));
  const chinese = run(path, "--lang", "zh-CN");
  assert.match(chinese.text, /证据包成立[\s\S]*备注 +工资[\s\S]*3 个分片中的 2 个[\s\S]*批准了请求/);
  const { ok, request, messages } = JSON.parse(run(path, "--json").text);
  assert.deepEqual([ok, request.count, messages[0].signature], [true, 1, ran.signatures[0]]);
  const bare = run(written("bare.json", (await requestToBundle({ withoutTexts: true })).bytes));
  assert.match(bare.text, /note +\(left out\)/);
  const forged = await requestToBundle({ outcome: { signatures: ["0".repeat(128)] } });
  const refused = run(written("forged.json", forged.bytes), "--json");
  assert.deepEqual([refused.status, JSON.parse(refused.text).error.code], [1, "bundle.signature"]);
});
