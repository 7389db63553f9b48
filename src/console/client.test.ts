import assert from "node:assert/strict";
import { test } from "node:test";
import { contract } from "../contract/index.ts";
import { createPageClient } from "./client.ts";
import { routes } from "./routes.ts";

/** Answers every request with what it was asked. */
const open = () => {
  const asked: { method: string; path: string; headers: Record<string, string>; body: string }[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    const { pathname, search } = new URL(String(url));
    const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : "";
    const headers = init.headers as Record<string, string>;
    asked.push({ method: init.method ?? "GET", path: pathname + search, headers, body });
    return Response.json({ items: [], total: 0 });
  };
  const client = createPageClient({
    url: "https://platform.example",
    language: "zh-CN",
    credentials: { session: { csrf: "token" } },
    fetch: fetch as typeof globalThis.fetch,
  });
  return { asked, client };
};

test("there is a route for each endpoint of the contract, without its schemas", () => {
  for (const [resource, endpoints] of Object.entries(contract))
    assert.deepEqual(Object.keys(routes[resource] ?? {}), Object.keys(endpoints));
  const fields = new Set(Object.values(routes).flatMap((all) => Object.values(all).flatMap(Object.keys)));
  assert.deepEqual([...fields].sort(), ["confidential", "method", "path", "type"]);
});

test("reads and commands go out as the whole client sends them", async () => {
  const { asked, client } = open();
  await client.tasks.list({ tab: "mine", search: "乳腺" });
  await client.events.markRead({ id: "E1" });
  await client.sessions.create({ login: "sally", password: "secret" });
  assert.deepEqual(
    asked.map(({ method, path }) => `${method} ${path}`),
    ["GET /v1/tasks?tab=mine&search=%E4%B9%B3%E8%85%BA", "POST /v1/events/E1/read", "POST /v1/sessions"],
  );
  const [read, mark, enter] = asked;
  assert.deepEqual([read?.headers["accept-language"], read?.headers["x-csrf-token"]], ["zh-CN", undefined]);
  assert.deepEqual([mark?.headers["x-csrf-token"], mark?.headers["idempotency-key"]?.length], ["token", 22]);
  assert.deepEqual(
    [enter?.body, enter?.headers["idempotency-key"]],
    ['{"login":"sally","password":"secret"}', undefined],
  );
});

test("an act brings the whole client", async () => {
  const { asked, client } = open();
  await client.alliances.create({
    ...{ network: "evidence", enclave: "e".repeat(64) },
    detail: { name: "联盟", description: "" },
  });
  assert.equal(asked[0]?.path, "/v1/alliances");
  assert.match(asked[0]?.headers["content-digest"] ?? "", /^sha-256=:/);
  assert.equal(client.signer, undefined);
});
