/** What a model has said when it failed, in each sandbox: where, and the end of what it printed. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { runner as python } from "../../../test/support/python.ts";
import { utf8 } from "../../base/bytes.ts";
import { createJavascriptRunner } from "./javascript/index.ts";
import { createQuickjsRunner } from "./quickjs/index.ts";
import { MAX_SAID, type Runner, type Said } from "./runner.ts";

const LIMITS = { seconds: 20, memory: 256 << 20, output: 8 << 20 };

const saidBy = async (t: TestContext, runner: Runner, entry: string, code: string): Promise<Said | undefined> => {
  const available = await runner.available();
  if (available !== true) {
    t.skip(available);
    return undefined;
  }
  const run = await runner.start(LIMITS);
  const manifest = {
    runner: "x",
    entry,
    tables: {},
    parameters: {},
    result: { columns: { v: "f64" as const }, maxRows: 1 },
  };
  run.load({ manifest, files: new Map([[entry, utf8(code)]]), main: "main", parameters: {} });
  await assert.rejects(run.result(), { name: "Refusal" });
  return run.said();
};

const THROWS = `const deep = () => { throw new RangeError("no"); };
export async function main({ log }) {
  log("x".repeat(40_000));
  log("last");
  deep();
}`;

for (const [name, runner] of [
  ["JavaScript", createJavascriptRunner()],
  ["QuickJS", createQuickjsRunner()],
] as const) {
  test(`${name}: the stack, and the end of the log`, async (t) => {
    const said = await saidBy(t, runner, "index.js", THROWS);
    if (!said) return;
    assert.match(said.trace, /RangeError: no\n(.*\n)*?.*deep.*index\.js:1/);
    assert.match(said.printed, /xxx\nlast\n$/);
    assert.ok(said.printed.length <= MAX_SAID);
  });

  test(`${name}: whatever is thrown gives a text, and never another failure`, async (t) => {
    const ways = [
      "throw { toString() { throw 1; } }",
      "const e = new Error('a'); Object.defineProperty(e, 'stack', { get() { throw 2; } }); throw e",
      "const e = new Error('a'); e.stack = { toString: () => 'b'.repeat(1e6) }; e.cause = e; throw e",
      "throw undefined",
    ];
    for (const way of ways) {
      const said = await saidBy(t, runner, "index.js", `export async function main() { ${way} }`);
      if (said) assert.ok(said.trace.length <= MAX_SAID);
    }
  });
}

test("a sandbox that is stopped at its limit has said what it printed until then", async (t) => {
  const code = `export async function main({ log }) { log("here"); for (;;); }`;
  const said = await saidBy(
    t,
    { ...createJavascriptRunner(), start: (limits) => createJavascriptRunner().start({ ...limits, seconds: 1 }) },
    "index.js",
    code,
  );
  if (said) assert.deepEqual(said, { trace: "", printed: "here\n" });
});

test("Python: the traceback with its lines and causes, and the end of the log", async (t) => {
  const code = `def deep():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError("no") from error

def main(tables, parameters, log):
    print("x" * 40_000)
    log("last")
    deep()
`;
  const said = await saidBy(t, python, "main.py", code);
  if (!said) return;
  const expected = `  File "main.py", line 3, in deep
    1 / 0
ZeroDivisionError: division by zero

  File "main.py", line 10, in main
    deep()
  File "main.py", line 5, in deep
    raise ValueError("no") from error
ValueError: no`;
  assert.equal(said.trace, expected);
  assert.match(said.printed, /xxx\nlast\n$/);
});
