import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { createLog } from "./log.ts";

const lines: string[] = [];
const stream = { write: (line: string) => void lines.push(line) };
const logged = (format: "json" | "pretty", work: (log: ReturnType<typeof createLog>) => void): string => {
  lines.length = 0;
  work(createLog({ level: "info", format, stream }));
  return lines.join("");
};

const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;
const secretPart = pem.split("\n")[1] as string;
const sk = `SK${"a1B2".repeat(10)}`;

test("lines are JSON with time, level, message and details", () => {
  const line = JSON.parse(logged("json", (log) => log.child({ requestId: "r1" }).info({ ms: 3 }, "answered")));
  assert.deepEqual([line.level, line.msg, line.requestId, line.ms], ["info", "answered", "r1", 3]);
  assert.match(line.time, /^\d{4}-\d\d-\d\dT.*Z$/);
});

for (const format of ["json", "pretty"] as const)
  test(`secrets are in no line (${format})`, () => {
    const error = Object.assign(new Error(`cannot parse ${pem}`, { cause: new Error(`key ${sk}`) }), {
      password: "hunter2",
    });
    const out = logged(format, (log) => {
      log.info({ req: { headers: { Authorization: "Bearer hunter2hunter2", cookie: "entente=hunter2" } } }, "request");
      log.info({ body: { user: { db_password: "hunter2", "private-key": "hunter2", privateKey: { d: "hunter2" } } } });
      log.info({ accessKeySecret: "hunter2", list: [{ secret: "hunter2" }] });
      log.info(`starting with ${pem} and ${sk}`);
      log.info(`{"key": "${pem.slice(0, 100)}", "cut": true}`);
      log.info({ key: pem, note: `see ${sk}` });
      log.info("database postgres://entente:hunter2@db.local/entente");
      log.info("header Authorization: Bearer hunter2hunter2");
      log.child({ token: "hunter2", pem }).info("child");
      log.error(error);
      log.error({ err: error }, "failed");
      log.info({ bytes: Buffer.from("hunter2") });
    });
    assert.equal(out.includes("hunter2"), false, out);
    assert.equal(out.includes(secretPart), false);
    assert.equal(out.includes(sk), false);
    assert.match(out, /\[PRIVATE KEY \*\*\*\]/);
    assert.match(out, /db\.local/);
  });

test("errors keep their code, stack and cause", () => {
  const error = Object.assign(new TypeError("no"), { code: "E1", cause: new Error("because") });
  const { err } = JSON.parse(logged("json", (log) => log.error(error, "failed")));
  assert.deepEqual([err.type, err.message, err.code, err.cause.message], ["TypeError", "no", "E1", "because"]);
  assert.match(err.stack, /log\.test\.ts/);
});

test("people get one short line", () => {
  assert.match(
    logged("pretty", (log) => log.warn({ free: 12 }, "disk")),
    /^\d\d:\d\d:\d\d warn {2}disk free=12\n$/,
  );
});

test("circular and odd values do not break a line", () => {
  const circular: Record<string, unknown> = { n: 1n, when: new Date(Number.NaN), call: () => 1 };
  circular.self = circular;
  assert.equal(JSON.parse(logged("json", (log) => log.info(circular, "odd"))).n, "1");
});
