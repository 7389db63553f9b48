import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateKey, sha256Hex, sign } from "#crypto";
import { AUDITOR, createTestApi, KEY, MEMBER, SESSION, type TestApi, testContract } from "../../test/support/api.ts";
import { Refusal } from "../base/refusal.ts";
import { contract } from "../contract/index.ts";
import { parseStatement } from "../trust/statement.ts";
import type { Identity } from "./acts.ts";
import { type ClientOptions, createClient, createClientOf } from "./client.ts";

let api: TestApi;
before(async () => {
  api = await createTestApi();
});
after(() => api.close());

const key = generateKey("Ed25519");
const signer: Identity = { alg: "EdDSA", by: MEMBER, sign: (input) => sign(key, input) };
const withStreams = { ...testContract, streams: contract.streams };
const clientOf = ({ fetch: send = fetch, ...over }: Partial<ClientOptions> = {}) =>
  createClientOf(withStreams, {
    url: api.url,
    credentials: KEY,
    signer,
    now: api.now,
    ...over,
    fetch: showingStreams(send),
  });

/** Statements by digest, as they were sent. */
const sent = new Map<string, string>();

/** The test server has no streams: they are shown here, from what was sent to it. */
const showingStreams =
  (send: typeof fetch): typeof fetch =>
  async (url, init) => {
    const [, id = ""] = /\/v1\/streams\/([^?]+)/.exec(String(url)) ?? [];
    if (id) return Response.json(streamOf(id, Number(new URL(String(url)).searchParams.get("start"))));
    if (init?.method === "POST" && init.body instanceof Uint8Array) {
      const text = new TextDecoder().decode(init.body);
      const { statement } = text.startsWith("{") ? (JSON.parse(text) as { statement?: string }) : {};
      if (statement) sent.set(sha256Hex(statement), statement);
    }
    return send(url, init);
  };

const streamOf = (id: string, start: number) => {
  const note = [...api.notes.values()].find((each) => each.id === id || each.stream === id);
  const items: { statement: string }[] = [];
  for (let at = note?.head ?? ""; at !== ""; ) {
    const statement = sent.get(at) ?? "";
    items.unshift({ statement });
    at = parseStatement(statement).statement.seen;
  }
  return { items: items.slice(start), next: null };
};
const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;
const note = { size: 1, detail: { text: "hello" } };

test("an act is signed here, and its receipt checked", async () => {
  const { receipt, resource } = await clientOf().notes.write(note);
  assert.equal(receipt.head, resource.head);
  assert.match(resource.id, /^T20261121\d{6}1$/);
  const second = await clientOf().notes.write(note);
  assert.notEqual(second.resource.id, resource.id);
});

test("the stream's head is read before, and an act that came too late is signed again", async () => {
  const client = clientOf();
  const { resource } = await client.notes.write(note);
  const [a, b] = await Promise.all([
    client.notes.amend(resource.id, { size: 2 }),
    client.notes.amend(resource.id, { size: 3 }),
  ]);
  assert.notEqual(a.receipt.head, b.receipt.head);
  assert.equal((await client.notes.amend(resource.id)).resource.size, 0);
  const at = { stream: resource.stream, head: resource.head };
  await assert.rejects(client.notes.amend(resource.id, {}, { at }), refused("stream.moved"));
});

test("a number that is taken is replaced by another, unless it was asked for", async () => {
  const client = clientOf();
  api.pass(5_000);
  const { resource } = await client.notes.write(note);
  await assert.rejects(client.notes.write({ ...note, id: resource.id }), refused("id.taken"));
  const next = resource.id.replace(/1$/, "2");
  await client.notes.write({ ...note, id: next });
  const again = await client.notes.write(note);
  assert.notEqual(again.resource.id, next);
});

test("a server that answers for another statement is not believed", async () => {
  const lying: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (init?.method !== "POST") return response;
    const answer = (await response.json()) as { receipt: object };
    return Response.json({ ...answer, receipt: { ...answer.receipt, head: sha256Hex("another") } });
  };
  await assert.rejects(clientOf({ fetch: lying }).notes.write(note), refused("server.receipt"));
});

test("without a signer the platform is asked to sign; without an organisation nothing is", async () => {
  const managed = await clientOf({ signer: undefined }).notes.write({ size: 7, detail: { text: "x" } });
  assert.equal(managed.resource.size, 7);
  const homeless = clientOf({ signer: { ...signer, by: undefined } });
  await assert.rejects(homeless.notes.write(note), refused("signer.by"));
});

test("what is malformed is refused before it is sent", async () => {
  await assert.rejects(clientOf().notes.write({ ...note, size: 1.5 }), refused("statement.payload"));
});

test("views, commands, and errors in the client's language", async () => {
  const client = clientOf({ language: "zh-CN" });
  const { items, total } = await client.notes.list({ tab: "mine", pageSize: 2 });
  assert.ok(items.length <= 2 && total >= items.length);
  assert.equal((await client.notes.label({ id: "T1", label: "a b/c" })).label, "a b/c");
  await assert.rejects(client.notes.get({ id: "no such/note" }), (error: unknown) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.status, error.details.id], ["stream.unknown", 404, "no such/note"]);
    return /没有您可以查看的/.test(error.message);
  });
  const { resource } = await clientOf().notes.write(note);
  assert.equal(await client.notes.remove({ id: resource.id }), undefined);
  await assert.rejects(clientOf({ credentials: AUDITOR }).notes.remove({ id: "T1" }), refused("permission.missing"));
});

test("a lost answer is asked for again and the work done once", async () => {
  let lost = 0;
  const flaky: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (lost++ === 0) throw new TypeError("fetch failed");
    return response;
  };
  const before = api.counts.label;
  const { times } = await clientOf({ fetch: flaky }).notes.label({ id: "T1", label: "once" });
  assert.equal(times, before + 1);
  assert.equal(api.counts.label, before + 1);
  const dead = createClientOf(testContract, { url: "http://127.0.0.1:1" });
  await assert.rejects(dead.notes.list(), refused("server.unreachable"));
});

test("a session: cookie and token", async () => {
  const client = clientOf({ credentials: { session: SESSION } });
  assert.equal((await client.notes.label({ id: "T1", label: "x" })).label, "x");
});

test("bytes, blobs and streams go up and come down", async () => {
  const client = clientOf();
  const content = new TextEncoder().encode("Content 联盟");
  assert.deepEqual(await client.notes.put(content, { name: "bytes" }), { size: content.length, name: "bytes" });
  await client.notes.put(new Blob([content]), { name: "blob" });
  await client.notes.put({ stream: new Blob([content]).stream(), digest: sha256Hex(content) }, { name: "stream" });
  for (const name of ["bytes", "blob", "stream"]) {
    const down = await client.notes.file({ name });
    assert.equal(down.fileName, `${name}.bin`);
    assert.equal(down.size, content.length);
    assert.deepEqual(await down.bytes(), content);
  }
  const wrong = client.notes.put({ stream: new Blob([content]).stream(), digest: sha256Hex("x") });
  await assert.rejects(wrong, refused("signature.digest"));
});

test("what the server says it has stored is compared with what was sent", async () => {
  const content = new TextEncoder().encode("Content");
  const digest = sha256Hex(content);
  const answering = (answer: object) =>
    createClient({ url: "http://localhost", fetch: async () => Response.json(answer) }).blobs;
  const stream = () => ({ stream: new Blob([content]).stream(), digest });
  const size = content.length;
  assert.deepEqual(await answering({ digest, size }).put(content), { digest, size });
  const lies = [
    { digest: sha256Hex("x"), size },
    { digest, size: size + 1 },
  ];
  for (const lie of lies) await assert.rejects(answering(lie).put(content), refused("server.stored"));
  await assert.rejects(answering({ digest: sha256Hex("x"), size }).put(stream()), refused("server.stored"));
  await assert.rejects(answering({ digest, size: 1 }).put({ ...stream(), size }), refused("server.stored"));
});

test("live events go on after the line broke", async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  let connections = 0;
  const breaking: typeof fetch = async (url, init) => {
    const first = connections++ === 0;
    const cut = new AbortController();
    const response = await fetch(url, { ...init, signal: first ? cut.signal : (init?.signal ?? null) });
    if (first) setTimeout(() => cut.abort(), 150);
    return response;
  };
  const client = clientOf({ fetch: breaking });
  const done = (async () => {
    for await (const { data } of client.notes.follow({}, { signal: stop.signal })) {
      seen.push(data.n);
      if (data.n === 3) stop.abort();
    }
  })();
  const until = async (ready: () => boolean) => {
    while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => api.counts.live > 0);
  api.publish(1);
  await until(() => seen.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  api.publish(2);
  api.publish(3);
  await done;
  assert.deepEqual(seen, [1, 2, 3]);
});

test("the whole contract is typed", () => {
  const client = createClient({ url: "http://127.0.0.1:1" });
  // Not called: the type check is the test.
  const typed = () => [
    client.tasks.list({ tab: "mine" }),
    client.alliances.create({ network: "evidence", enclave: "", detail: { name: "联盟" } }),
    client.alliances.join("id"),
    client.alliances.invite("id", { member: "" }),
    client.models.list(),
    client.sessions.delete(),
    client.blobs.put(new Uint8Array()),
    // @ts-expect-error no such tab
    client.tasks.list({ tab: "none" }),
    // @ts-expect-error a member is needed
    client.alliances.invite("id"),
    // @ts-expect-error the name is missing
    client.alliances.create({ network: "evidence", enclave: "", detail: {} }),
  ];
  assert.equal(typeof typed, "function");
  assert.equal(typeof client.tasks.authoriseReceiver, "function");
});
