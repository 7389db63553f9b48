import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { describeConfig, redactedConfig } from "./describe.ts";
import { loadConfig, readConfigFile } from "./load.ts";

test("defaults: local, SQLite, units worked out", () => {
  const config = loadConfig({});
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 8800);
  assert.equal(config.database, "");
  assert.equal(config.sessionIdle, 7_200_000);
  assert.equal(config.bodyLimit, 2 * 1024 * 1024);
  assert.equal(config.sandbox, "auto");
});

test("flags win over the environment, which wins over the file", () => {
  const file = { port: 1, host: "::1", logLevel: "warn" };
  const env = { ENTENTE_PORT: "2", ENTENTE_LOG_LEVEL: "error", PATH: "/bin" };
  const config = loadConfig({ file, env, flags: { port: "3" } });
  assert.deepEqual([config.port, config.logLevel, config.host], [3, "error", "::1"]);
});

test("text from flags and the environment becomes what the setting is", () => {
  const env = { ENTENTE_TRUSTED_PROXIES: "10.0.0.0/8, 192.168.1.1", ENTENTE_ENCLAVE_MEMORY: "512MiB" };
  const config = loadConfig({ env, flags: { "enclave-time": "90s", "session-idle": "1d" } });
  assert.deepEqual(config.trustedProxies, ["10.0.0.0/8", "192.168.1.1"]);
  assert.deepEqual([config.enclaveMemory, config.enclaveTime, config.sessionIdle], [536_870_912, 90_000, 86_400_000]);
});

test("an unknown setting is refused with the one that was probably meant", () => {
  const hint = (sources: Parameters<typeof loadConfig>[0], meant: string) =>
    assert.throws(() => loadConfig(sources), {
      code: "config.unknown",
      message: new RegExp(`Did you mean ${meant}\\?`),
    });
  hint({ file: { prot: 1 } }, "port");
  hint({ env: { ENTENTE_LOGLEVEL: "info" } }, "ENTENTE_LOG_LEVEL");
  hint({ flags: { "rate-limits": "1" } }, "rate-limit");
  assert.throws(() => loadConfig({ file: { somethingElse: 1 } }), {
    code: "config.unknown",
    message: /reference page/,
  });
  assert.doesNotThrow(() => loadConfig({ env: { ENTENTE_CLI_PROFILE: "hospital" } }));
});

test("a bad value is refused by name, without repeating it", () => {
  const bad = (sources: Parameters<typeof loadConfig>[0]) =>
    assert.throws(
      () => loadConfig(sources),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "config.invalid");
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  bad({ flags: { port: "65536" } });
  bad({ flags: { port: "80 " } });
  bad({ flags: { port: "" } });
  bad({ file: { port: "80" } });
  bad({ env: { ENTENTE_DATABASE: "mysql://root:hunter2@host/db" } });
  bad({ env: { ENTENTE_SESSION_IDLE: "2 hours" } });
  bad({ env: { ENTENTE_BODY_LIMIT: "1TiB" } });
  bad({ file: { sandbox: "none" } });
  bad({ file: { publicUrl: "https://host/path" } });
});

test("every setting is described in both languages; secrets are not shown", () => {
  for (const line of describeConfig()) {
    assert.match(line.description.zh, /\p{Script=Han}/u, line.name);
    assert.match(line.type.zh, /\p{Script=Han}/u, line.name);
    assert.ok(
      line.description.en.length > 10 && line.env.startsWith("ENTENTE_") && line.flag.startsWith("--"),
      line.name,
    );
  }
  const shown = redactedConfig(loadConfig({ file: { database: "postgres://user:hunter2@host/db" } }));
  assert.equal(shown.database, "***");
  assert.equal(redactedConfig(loadConfig({})).database, "");
});

test("the file: absent is empty, named must exist, broken is said", () => {
  const dir = mkdtempSync(join(tmpdir(), "entente-config-"));
  assert.deepEqual(readConfigFile(dir), {});
  assert.throws(() => readConfigFile(dir, join(dir, "mine.json")), { code: "config.file", message: /ENOENT/ });
  writeFileSync(join(dir, "entente.json"), '{"port": 9000}');
  assert.deepEqual(readConfigFile(dir), { port: 9000 });
  for (const broken of ["{port: 1}", "[1]", "null", ""]) {
    writeFileSync(join(dir, "entente.json"), broken);
    assert.throws(() => readConfigFile(dir), { code: "config.file" });
  }
  rmSync(dir, { recursive: true });
});
