import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fastify from "fastify";
import { mountConsole } from "./console.ts";

const SCRIPT = `export const words = ${JSON.stringify("text ".repeat(1_000))};\n`;

const serve = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), "entente-console-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><html><head></head><body></body></html>");
  writeFileSync(join(folder, "assets", "index-abc.js"), SCRIPT);
  writeFileSync(join(folder, "assets", "notes.txt"), "not served");
  writeFileSync(join(folder, "sources"), "not served");
  const app = fastify();
  const showPage = mountConsole(app, folder);
  app.setNotFoundHandler((request, reply) => {
    if (!showPage(request, reply)) reply.code(404).send({ code: "route.unknown" });
  });
  t.after(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  return app;
};

test("every address of a page answers with the page, each with a nonce of its own for styles", async (t) => {
  const app = serve(t);
  const nonces = new Set<string>();
  for (const url of ["/", "/tasks/T2026", "/search?q=%3Cscript%3E"]) {
    const { statusCode, headers, body } = await app.inject({ url });
    assert.equal(statusCode, 200);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    const [, nonce = ""] = /<meta name="style-nonce" content="([\w+/=]{24})"/.exec(body) ?? [];
    const policy = String(headers["content-security-policy"]);
    assert.ok(policy.includes(`style-src 'self' 'nonce-${nonce}'`), policy);
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy.replace("style-src-attr 'unsafe-inline'", ""), /'unsafe-(inline|eval)'/);
    // What was put together in the page is nowhere a program.
    assert.doesNotMatch(policy.replace(/img-src [^;]*/, ""), /\b(data|blob):|\*/);
    assert.ok(!body.includes("script>"));
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 3);
});

test("what is the API's, or changes something, is no page", async (t) => {
  const app = serve(t);
  for (const url of ["/v1/nothing", "/v1", "/health/x", "/assets/none.js", "/assets/notes.txt", "/assets/..%2fsources"])
    assert.notEqual((await app.inject({ url })).statusCode, 200, url);
  assert.equal((await app.inject({ method: "POST", url: "/tasks" })).statusCode, 404);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const [answer] = (await once(get({ port, path: "//elsewhere.example/tasks" }), "response")) as [IncomingMessage];
  answer.resume();
  assert.equal(answer.statusCode, 404);
});

test("assets are kept for ever, and come as small as the browser takes them", async (t) => {
  const app = serve(t);
  const url = "/assets/index-abc.js";
  const plain = await app.inject({ url });
  assert.deepEqual([plain.body, plain.headers["content-encoding"]], [SCRIPT, undefined]);
  assert.match(String(plain.headers["cache-control"]), /immutable/);
  assert.match(String(plain.headers["content-type"]), /^text\/javascript/);
  for (const encoding of ["gzip", "br"]) {
    const { headers, rawPayload } = await app.inject({ url, headers: { "accept-encoding": encoding } });
    assert.equal(headers["content-encoding"], encoding);
    assert.ok(rawPayload.length < 200);
  }
});
