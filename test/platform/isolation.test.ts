/** Whoever has no part in a consortium walks every route with the ids of its things, and learns not even that they are. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { canonical } from "../../src/base/canonical.ts";
import { iso } from "../../src/base/clock.ts";
import type { Contract, Endpoint } from "../../src/contract/endpoint.ts";
import { contract as whole } from "../../src/contract/index.ts";
import { signStatement } from "../../src/trust/statement.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  type Account,
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  join,
  type Member,
  newReceiverKey,
  signUp,
} from "../support/members.ts";
import { type Answer, send as sendRaw } from "../support/raw.ts";

const contract: Contract = whole;
const endpoints: [string, Endpoint][] = Object.entries(contract).flatMap(([resource, all]) =>
  Object.entries(all).map(([name, endpoint]): [string, Endpoint] => [`${resource}.${name}`, endpoint]),
);

let platform: TestPlatform;
let outsider: Member;
let unverified: Account;
let insider: Account;
/** What the consortium has, by what it is. */
const ids: Record<string, string> = {};

before(async () => {
  platform = await openPlatform();
  const [institute, hospital] = await Promise.all([join(platform, "研究所"), join(platform, "医院")]);
  const alliance = await ally(platform, [institute, hospital]);
  const model = await addModel(platform, institute, { description: "# 说明" });
  const source = await addTable(platform, hospital);
  const request = { alliance, receiver: institute.id, model: model.id, sources: [source.id] };
  const { id: done } = await addTask(institute, request);
  for (const member of [institute, hospital, institute]) await authorise(member, done, newReceiverKey().publicPem);
  const { result, stream: doneStream } = await ended(institute, done);
  const open = await addTask(institute, { ...request, name: "未决" });
  const [event] = (await institute.client.events.list()).items;
  const { user } = await institute.client.accounts.me();
  Object.assign(ids, {
    alliance,
    institute: institute.id,
    hospital: hospital.id,
    account: institute.account.id,
    appId: institute.appId,
    user: user.id,
    accessKey: institute.account.credentials.accessKeyId,
    model: model.id,
    "model's stream": model.stream,
    archive: model.archive.digest,
    "model's envelope": model.envelope?.digest,
    description: model.description?.digest,
    source: source.id,
    "source's stream": source.stream,
    "source's envelope": source.envelope.digest,
    structure: source.structure,
    "done task": done,
    "done task's stream": doneStream,
    "open task": open.id,
    "open task's stream": open.stream,
    result: result?.digest,
    event: event?.id,
  });
  insider = institute.account;
  outsider = await join(platform, "外人");
  unverified = await signUp(platform, "未认证", { verified: false });
});
after(() => platform?.stop());

const send = (who: Account | undefined, method: string, path: string, body?: string): Promise<Answer> =>
  sendRaw(platform, who, { method, path, ...(body !== undefined && { body }) });

/** Another id of the same look that nothing has. */
const unknownLike = (id: string): string =>
  id.replace(/.{6}$/, (end) =>
    [...end].map((c) => (/\d/.test(c) ? String(9 - Number(c)) : c === "a" ? "b" : "a")).join(""),
  );
/** As it would be, whatever the id. */
const normal = ({ status, text }: Answer, id: string) =>
  `${status} ${text.replaceAll(id, "<id>").replace(/"requestId":"[^"]*"/, '"requestId":"<request>"')}`;

const isPublic = (name: string, { permission }: Endpoint) =>
  permission === "public" || name === "enclaves.list" || name === "ledger.entries" || name === "ledger.statements";
const ONE = /:(id|digest)\b/;
const idRoutes = endpoints.filter(([, { path }]) => ONE.test(path));
const otherRoutes = endpoints.filter(([, { path }]) => !ONE.test(path));
const wouldChangeOwn = new Set(["sessions.delete"]);

/** Of the outsider's own making, about the stream of somebody else. */
const statementOf = async (endpoint: Endpoint, stream: string) => {
  if (endpoint.type !== "act") return "{}";
  const statement = {
    kind: endpoint.kind.name,
    stream,
    seen: stream,
    by: outsider.id,
    at: iso(platform.clock.now()),
    payload: {},
  };
  return canonical({ statement: await signStatement(statement, outsider.identity), detail: {} });
};
const bodiesOf = async (endpoint: Endpoint, stream: string): Promise<(string | undefined)[]> => {
  if (endpoint.method === "GET" || endpoint.method === "DELETE") return [undefined];
  const example = JSON.stringify(endpoint.type === "act" ? { input: {} } : (endpoint.example ?? {}));
  return endpoint.type === "act" ? [example, await statementOf(endpoint, stream)] : [example];
};

test("the outline of the interface is the contract's", async () => {
  const { paths } = JSON.parse((await send(undefined, "GET", "/openapi.json")).text) as {
    paths: Record<string, object>;
  };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
  );
  const routes = endpoints.map(([, { method, path }]) => `${method} ${path}`);
  assert.deepEqual(new Set(described), new Set(routes));
});

for (const who of ["another organisation", "an unverified account", "nobody"] as const)
  test(`to ${who}, what is others' is as what is not`, async () => {
    const account = {
      "another organisation": outsider.account,
      "an unverified account": unverified,
      nobody: undefined,
    }[who];
    let asked = 0;
    for (const [name, endpoint] of idRoutes)
      for (const [what, id] of Object.entries(ids))
        for (const body of await bodiesOf(endpoint, ids["model's stream"] ?? "")) {
          const other = unknownLike(id);
          const at = (one: string) => endpoint.path.replace(ONE, one);
          const [foreign, unknown] = await Promise.all([
            send(account, endpoint.method, at(id), body),
            send(account, endpoint.method, at(other), body),
          ]);
          const about = `${name} with the ${what}: ${foreign.text}`;
          assert.equal(normal(foreign, id), normal(unknown, other), about);
          assert.ok(foreign.status >= 400 && foreign.status < 500, about);
          if (account && ![400, 403, 409].includes(foreign.status)) assert.equal(foreign.status, 404, about);
          asked++;
        }
    assert.ok(asked > 400, String(asked));
  });

test("whoever has a part finds it all under the same ids", async () => {
  let found = 0;
  for (const [, { type, method, path }] of idRoutes)
    for (const id of Object.values(ids)) {
      if (method !== "GET" || type === "live") continue;
      const { status } = await send(insider, method, path.replace(ONE, id));
      assert.ok([200, 400, 404, 409].includes(status), `${path} ${status}`);
      if (status === 200) found++;
    }
  assert.ok(found >= 25, String(found));
});

test("lists of others hold nothing of the consortium, whatever they are asked for", async () => {
  const secrets = Object.entries(ids).filter(([what]) => !/account|appId/.test(what));
  const queries = ["", "?pageSize=100", "?tab=all", "?tab=public", "?tab=participating", "?search=M", "?search=20"];
  const byId = ["owner", "alliance"].flatMap((name) =>
    ["alliance", "institute", "hospital"].map((what) => `?${name}=${ids[what]}`),
  );
  for (const account of [outsider.account, unverified])
    for (const [name, endpoint] of otherRoutes) {
      if (endpoint.method !== "GET" || endpoint.type === "live" || isPublic(name, endpoint)) continue;
      for (const query of [...queries, ...byId]) {
        const { status, text } = await send(account, "GET", endpoint.path + query);
        assert.ok(status < 500, `${name}${query}: ${text}`);
        if (status !== 200) continue;
        // What was asked for may be repeated; nothing else may be there.
        for (const [what, id] of secrets)
          assert.ok(!text.includes(id) || query.includes(id), `${name}${query} tells the ${what}: ${text}`);
      }
    }
});

test("what is public holds digests, no names, and says nothing of who is who", async () => {
  for (const path of ["/v1/ledger/entries?limit=1000", "/v1/ledger/statements?limit=100"]) {
    const { status, text } = await send(outsider.account, "GET", path);
    assert.equal(status, 200, path);
    for (const word of ["研究所", "医院", "求和", ids.appId ?? "", ids.model ?? ""])
      assert.ok(!text.includes(word), `${path} ${word}`);
  }
  for (const [, endpoint] of otherRoutes.filter(([name]) => !wouldChangeOwn.has(name))) {
    if (endpoint.permission === "public" || endpoint.type === "live") continue;
    assert.equal((await send(undefined, endpoint.method, endpoint.path)).status, 401, endpoint.path);
  }
});

test("whoever is not verified does nothing that others would rely on", async () => {
  const refused = async (work: Promise<unknown>) => assert.rejects(work, { status: 403, code: "account.not-verified" });
  await refused(unverified.client.organisations.manage({}));
  await assert.rejects(
    unverified.client.alliances.create({ network: "evidence", enclave: platform.enclave.id, detail: { name: "盟" } }),
  );
});

test("blobs are read by whoever stored them, and nobody names another's in a statement", async () => {
  const mine = await outsider.client.blobs.put(utf8("mine"));
  assert.equal(await (await outsider.client.blobs.get({ digest: mine.digest })).text(), "mine");
  const envelope = { digest: ids["source's envelope"] ?? "", size: 10 };
  const register = outsider.client.sources.register({
    ...{ type: "csv", enclave: platform.enclave.id, envelope, permission: { kind: "public" } },
    structure: ids.structure ?? "",
    detail: { name: "别人的", columns: [{ name: "number", type: "i32", description: "" }] },
  });
  await assert.rejects(register, (error: { code: string }) =>
    ["blob.unknown", "statement.detail"].includes(error.code),
  );
});
