import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { AUDITOR, createTestApi, KEY, SESSION, type TestApi } from "../../test/support/api.ts";
import { utf8 } from "../base/bytes.ts";
import { contentDigest, newNonce, signRequest } from "../contract/http-signature.ts";

let api: TestApi;
before(async () => {
  api = await createTestApi();
});
after(() => api.close());

interface Sent {
  method?: string;
  body?: string;
  key?: { accessKeyId: string; accessKeySecret: string };
  nonce?: string;
  at?: number;
  headers?: Record<string, string>;
}

/** A request signed as the SDK signs it, unless `headers` say otherwise. */
const sent = (path: string, { method = "GET", body, key = KEY, nonce, at, headers = {} }: Sent = {}) => {
  const all: Record<string, string> = { ...headers };
  if (body !== undefined) {
    all["content-type"] ??= "application/json";
    all["content-digest"] ??= contentDigest(utf8(body));
  }
  const url = api.url + path;
  const access = { id: key.accessKeyId, secret: key.accessKeySecret };
  Object.assign(
    all,
    signRequest(
      { method, url, headers: all },
      access,
      at ?? api.now(),
      nonce ?? (method === "GET" || method === "HEAD" ? undefined : newNonce()),
    ),
  );
  return fetch(url, { method, headers: all, ...(body !== undefined && { body }) });
};

const problem = async (response: Response) => {
  assert.equal(response.headers.get("content-type"), "application/problem+json; charset=utf-8");
  const { code, status, title, type, requestId, details } = (await response.json()) as Record<string, string>;
  assert.equal(Number(status), response.status);
  assert.equal(type, `urn:entente:error:${code}`);
  assert.equal(requestId, response.headers.get("x-request-id"));
  return { status: response.status, code, title: String(title), details };
};
const codeOf = async (response: Response) => (await problem(response)).code;

test("a signed request is answered, with its headers", async () => {
  const response = await sent("/v1/notes?tab=mine&page=1");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { items: [], total: 0, page: 1, pageSize: 10 });
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.match(response.headers.get("ratelimit") ?? "", /^"requests";r=\d+;t=0$/);
  assert.match(response.headers.get("etag") ?? "", /^"[\w-]{43}"$/);
  assert.equal(response.headers.get("cache-control"), "private, no-cache");
});

test("nobody, a wrong secret, an unknown key, an old signature", async () => {
  assert.equal(await codeOf(await fetch(`${api.url}/v1/notes`)), "auth.required");
  assert.equal(
    await codeOf(await sent("/v1/notes", { key: { ...KEY, accessKeySecret: "SKwrong" } })),
    "signature.invalid",
  );
  assert.equal(await codeOf(await sent("/v1/notes", { key: { ...KEY, accessKeyId: "AKnone" } })), "access-key.refused");
  assert.equal(await codeOf(await sent("/v1/notes", { at: api.now() - 301_000 })), "signature.clock");
  assert.equal(await codeOf(await sent("/v1/notes", { at: api.now() + 301_000 })), "signature.clock");
  const response = await fetch(`${api.url}/v1/notes`);
  assert.match(response.headers.get("www-authenticate") ?? "", /^Signature/);
});

test("a signature is for one address, method and body", async () => {
  const headers = signRequest(
    { method: "GET", url: `${api.url}/v1/notes`, headers: {} },
    { id: "AKuser", secret: "SKuser" },
    api.now(),
    newNonce(),
  );
  assert.equal((await fetch(`${api.url}/v1/notes`, { headers })).status, 200);
  assert.equal(await codeOf(await fetch(`${api.url}/v1/notes?page=2`, { headers })), "signature.invalid");
  assert.equal(await codeOf(await fetch(`${api.url}/v1/notes/x`, { method: "DELETE", headers })), "signature.invalid");
  const forged = await sent("/v1/secrets", {
    method: "POST",
    body: "{}",
    headers: { "content-digest": contentDigest(utf8("[]")) },
  });
  assert.equal(await codeOf(forged), "signature.digest");
  const uncovered = await fetch(`${api.url}/v1/secrets`, {
    method: "POST",
    body: "{}",
    headers: {
      ...signRequest(
        { method: "POST", url: `${api.url}/v1/secrets`, headers: {} },
        { id: "AKuser", secret: "SKuser" },
        api.now(),
      ),
      "content-type": "application/json",
    },
  });
  assert.equal(await codeOf(uncovered), "signature.components");
});

test("a nonce is good once, also ten minutes later", async () => {
  const once = () => sent("/v1/secrets", { method: "POST", body: "{}", nonce: "n-1", at });
  const at = api.now();
  assert.equal((await once()).status, 201);
  assert.equal(await codeOf(await once()), "signature.replayed");
  api.pass(299_000);
  assert.equal(await codeOf(await once()), "signature.replayed");
  api.pass(2_000);
  assert.equal(await codeOf(await once()), "signature.clock");
});

test("a disabled key stops within two seconds, and at once after a command", async () => {
  assert.equal((await sent("/v1/notes", { key: AUDITOR })).status, 200);
  const asked = api.asked.length;
  assert.equal((await sent("/v1/notes", { key: AUDITOR })).status, 200);
  assert.equal(api.asked.length, asked);
  api.disabled.add(AUDITOR.accessKeyId);
  api.pass(2_001);
  assert.equal(await codeOf(await sent("/v1/notes", { key: AUDITOR })), "access-key.refused");
  api.disabled.clear();
  assert.equal((await sent("/v1/notes", { key: AUDITOR })).status, 200);
  api.disabled.add(AUDITOR.accessKeyId);
  await sent("/v1/secrets", { method: "POST", body: "{}" });
  assert.equal(await codeOf(await sent("/v1/notes", { key: AUDITOR })), "access-key.refused");
  api.disabled.clear();
});

test("a session reads with its cookie and changes things with its token only", async () => {
  const cookie = { cookie: SESSION.cookie };
  assert.equal((await fetch(`${api.url}/v1/notes`, { headers: cookie })).status, 200);
  const post = (headers: Record<string, string>) =>
    fetch(`${api.url}/v1/secrets`, {
      method: "POST",
      body: "{}",
      headers: { ...cookie, "content-type": "application/json", ...headers },
    });
  assert.equal(await codeOf(await post({})), "session.csrf");
  assert.equal(await codeOf(await post({ "x-csrf-token": "other" })), "session.csrf");
  assert.equal((await post({ "x-csrf-token": SESSION.csrf })).status, 201);
  assert.equal(
    await codeOf(await fetch(`${api.url}/v1/notes`, { headers: { cookie: "entente_session=old" } })),
    "session.expired",
  );
  const form = await post({ "x-csrf-token": SESSION.csrf, "content-type": "text/plain" });
  assert.equal(await codeOf(form), "request.media");
});

test("a permission that is missing is named", async () => {
  const refused = await sent("/v1/notes/T1/label", { method: "PUT", body: '{"label":"x"}', key: AUDITOR });
  const { status, code, title } = await problem(refused);
  assert.deepEqual([status, code], [403, "permission.missing"]);
  assert.match(title, /note\.write/);
});

test("errors speak both languages", async () => {
  const ask = async (language: string) =>
    (await problem(await sent("/v1/notes/none", { headers: { "accept-language": language } }))).title;
  assert.match(await ask("zh-CN,zh;q=0.9,en;q=0.8"), /没有您可以查看的 none/);
  assert.match(await ask("en-GB"), /nothing here under none/);
  assert.match(await ask("fr"), /nothing here under none/);
  const invalid = await problem(await sent("/v1/notes?page=0", { headers: { "accept-language": "zh" } }));
  assert.equal(invalid.code, "request.invalid");
  assert.match(invalid.title, /page/);
  assert.match(invalid.title, /数值/);
});

test("what is wrong with an input is said by path", async () => {
  const response = await sent("/v1/notes/T1/label", { method: "PUT", body: '{"label":"far too long","more":1}' });
  const { status, code, title } = await problem(response);
  assert.deepEqual([status, code], [400, "request.invalid"]);
  assert.match(title, /label: .*10/);
  assert.match(title, /more/);
  for (const body of ["[]", '"text"', "null", "1"])
    assert.equal(await codeOf(await sent("/v1/notes/T1/label", { method: "PUT", body })), "request.invalid", body);
  for (const body of ["{", "\u{fffe}{}", "[".repeat(100_000), `${'{"a":'.repeat(80)}1${"}".repeat(80)}`])
    assert.equal(await codeOf(await sent("/v1/notes/T1/label", { method: "PUT", body })), "request.json");
});

test("the path wins over the body", async () => {
  const response = await sent("/v1/notes/T1/label", { method: "PUT", body: '{"id":"T2","label":"x"}' });
  assert.equal(response.status, 200);
});

test("an unknown route and a wrong method", async () => {
  assert.equal(await codeOf(await fetch(`${api.url}/v2/notes`)), "route.unknown");
  const response = await fetch(`${api.url}/v1/notes/T1/label`, { method: "POST" });
  assert.equal(response.headers.get("allow"), "PUT");
  assert.equal(await codeOf(response), "route.method");
  assert.equal(await codeOf(await fetch(`${api.url}/v1/notes/%zz`)), "request.malformed");
});

test("a bug says nothing of itself, but the log does", async () => {
  const before = api.logged.length;
  const response = await fetch(`${api.url}/v1/bug`);
  const { status, code, title } = await problem(response);
  assert.deepEqual([status, code], [500, "internal"]);
  assert.doesNotMatch(title, /secret detail/);
  assert.match(title, new RegExp(String(response.headers.get("x-request-id"))));
  const logged = api.logged[before]?.details as { err: Error };
  assert.match(logged.err.message, /secret detail/);
  assert.equal(await codeOf(await fetch(`${api.url}/v1/wrong`)), "internal");
});

test("a known ETag is answered with 304", async () => {
  const first = await sent("/v1/notes");
  const etag = String(first.headers.get("etag"));
  const second = await sent("/v1/notes", { headers: { "if-none-match": `"other", ${etag}` } });
  assert.equal(second.status, 304);
  assert.equal(await second.text(), "");
  assert.equal((await sent("/v1/notes", { headers: { "if-none-match": '"other"' } })).status, 200);
});

test("HEAD answers as GET does, without a body", async () => {
  const response = await sent("/v1/notes", { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.ok(response.headers.get("etag"));
});

test("a request with an idempotency key is done once", async () => {
  const label = (body: string, key: string) =>
    sent("/v1/notes/T1/label", { method: "PUT", body, headers: { "idempotency-key": key } });
  const first = await label('{"label":"a"}', "k1");
  const again = await label('{"label":"a"}', "k1");
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  assert.deepEqual(await again.json(), await first.json());
  assert.equal((await label('{"label":"b"}', "k1")).status, 409);
  const other = (await (await label('{"label":"a"}', "k2")).json()) as { times: number };
  assert.equal(other.times, api.counts.label);
});

test("an answer with a secret is not kept", async () => {
  const secret = async () => {
    const response = await sent("/v1/secrets", { method: "POST", body: "{}", headers: { "idempotency-key": "k3" } });
    return ((await response.json()) as { secret: number }).secret;
  };
  assert.notEqual(await secret(), await secret());
});

test("a body that is too large", async () => {
  const small = await createTestApi({ bodyLimit: 1_000 });
  const response = await fetch(`${small.url}/v1/notes`, {
    method: "POST",
    body: "x".repeat(2_000),
    headers: { cookie: SESSION.cookie, "x-csrf-token": SESSION.csrf, "content-type": "application/json" },
  });
  assert.equal(await codeOf(response), "request.too-large");
  await small.close();
});

test("whoever asks too much waits", async () => {
  const slow = await createTestApi({ burst: 3, perSecond: 2 });
  const ask = () => fetch(`${slow.url}/v1/notes`, { headers: { cookie: SESSION.cookie } });
  for (let i = 0; i < 3; i++) assert.equal((await ask()).status, 200);
  const response = await ask();
  assert.equal(response.headers.get("retry-after"), "2");
  assert.equal(await codeOf(response), "rate.limited");
  for (let i = 0; i < 3; i++) assert.equal((await fetch(`${slow.url}/v1/notes`)).status, 401);
  assert.equal((await fetch(`${slow.url}/v1/notes`)).status, 429);
  await slow.close();
});

test("bytes go up and come down as they were", async () => {
  const content = "x".repeat(200_000);
  const response = await sent("/v1/files?name=a", {
    method: "POST",
    body: content,
    headers: { "content-type": "application/octet-stream" },
  });
  assert.deepEqual(await response.json(), { size: 200_000, name: "a" });
  const down = await sent("/v1/files/a");
  assert.equal(down.headers.get("content-length"), "200000");
  assert.match(down.headers.get("content-disposition") ?? "", /filename\*=UTF-8''a\.bin/);
  assert.equal(await down.text(), content);
  assert.equal((await sent("/v1/files/a", { headers: { "if-none-match": '"a"' } })).status, 304);
  const forged = await sent("/v1/files?name=b", {
    method: "POST",
    body: content,
    headers: { "content-type": "application/octet-stream", "content-digest": contentDigest(utf8("other")) },
  });
  assert.equal(await codeOf(forged), "signature.digest");
  assert.equal(api.files.has("b"), false);
});

test("live events come as they happen, and missed ones after the last id", async () => {
  const first = await sent("/v1/live");
  assert.equal(first.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = first.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (pattern: RegExp) => {
    let text = "";
    while (!pattern.test(text)) text += (await reader?.read())?.value ?? "";
    return text;
  };
  await read(/^: \n/m);
  api.publish(1);
  assert.match(await read(/\n\n/), /id: 1\nevent: counted\ndata: \{"n":1\}\n\n/);
  await reader?.cancel();
  api.publish(2);
  api.publish(3);
  const again = await sent("/v1/live", { headers: { "last-event-id": "1" } });
  const rest = again.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes('"n":3')) text += (await rest?.read())?.value ?? "";
  assert.match(text, /id: 2\n.*id: 3\n/s);
  assert.doesNotMatch(text, /id: 1\n/);
  await rest?.cancel();
});

test("every answer is reported, with who asked and what became of it", async () => {
  await sent("/v1/notes/none");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const last = api.answered.at(-1);
  assert.equal(last?.action, "notes.get");
  assert.equal(last?.route, "/v1/notes/:id");
  assert.equal(last?.outcome, "stream.unknown");
  assert.equal(last?.target, "none");
  assert.equal(last?.caller?.userId, "U1");
});

test("a connection that does not speak HTTP", async () => {
  const text = await new Promise<string>((resolve) => {
    const socket = connect(api.port, "127.0.0.1", () => socket.write("nonsense\r\n\r\n"));
    let all = "";
    socket.on("data", (data) => {
      all += data;
    });
    socket.on("close", () => resolve(all));
  });
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.match(text, /"code":"request\.malformed"/);
});

test("a server that stops ends its live connections and lets requests finish", async () => {
  const other = await createTestApi();
  const response = await fetch(`${other.url}/v1/live`, { headers: { cookie: SESSION.cookie } });
  const ended = response.text();
  await other.close();
  assert.match(await ended, /^retry: /);
  await assert.rejects(fetch(`${other.url}/v1/notes`));
});
