/** The whole story on either database: organisations with keys of every kind, tasks with receivers of every kind. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { utf8 } from "../../src/base/bytes.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import { structureDigest } from "../../src/rules/source.ts";
import type { Client } from "../../src/sdk/client.ts";
import { findMember, openResult } from "../../src/sdk/workflows/index.ts";
import { sourceContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { everythingOf } from "../support/everything.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  type Account,
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  clientOf,
  ended,
  join,
  type Member,
  newReceiverKey,
  ROWS,
  signUp,
} from "../support/members.ts";
import { startPostgres } from "../support/postgres.ts";

const rsaKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { privatePem: privateKey, publicPem: publicKey };
};
const receiverKeys = {
  RSA: rsaKey,
  "P-256": () => newReceiverKey("P-256"),
  X25519: () => newReceiverKey("X25519"),
  SM2: () => newReceiverKey("SM2"),
};

/** Whose key the platform keeps: it signs nothing itself. */
type Trusting = Pick<Member, "id" | "client"> & { account: Account };

const manage = async (platform: TestPlatform, nickname: string): Promise<Trusting> => {
  const account = await signUp(platform, nickname);
  const { organisation, notice } = await account.client.organisations.manage({});
  assert.equal(organisation.managed, true);
  assert.match(notice.en, /operator can sign in your name, and you trust it not to/);
  assert.match(notice["zh-CN"], /信任平台/);
  return {
    id: organisation.id,
    account,
    get client() {
      return clientOf(platform, account);
    },
  };
};

/** It says itself what is in its table: only an own key asks the enclave. */
const addManagedTable = async ({ enclave }: TestPlatform, { id, client }: Trusting): Promise<string> => {
  const context = sourceContext(id, enclave.id, "csv");
  const envelope = await client.blobs.put(await sealBytes(utf8(ROWS), { to: enclave.recipient, context }));
  const columns = [{ name: "number", type: "i32", description: "数值" }];
  const { resource } = await client.sources.register({
    ...{ type: "csv", enclave: enclave.id, envelope, structure: structureDigest(columns) },
    permission: { kind: "public" },
    detail: { name: "托管数据", description: "", metadata: "", columns },
  });
  return resource.id;
};

const eventsOf = async (client: Client) =>
  (await client.events.list({ pageSize: 100 })).items.map(({ kind, state, unread }) => ({ kind, state, unread }));

const story = (open: () => Promise<{ database: string; close(): Promise<void> } | { skip: string }>) => {
  let platform: TestPlatform;
  let close: () => Promise<void> = async () => undefined;
  let skip: string | undefined;
  let parties: (Member | Trusting)[] = [];
  let institute: Member;
  let managed: Trusting;
  let alliance = "";
  let sources: string[] = [];
  let model = "";

  before(async () => {
    const opened = await open();
    if ("skip" in opened) {
      ({ skip } = opened);
      return;
    }
    ({ close } = opened);
    platform = await openPlatform({ database: opened.database });
  });
  after(async () => {
    await platform?.stop();
    await close();
  });

  test("organisations with keys of every kind, and one that lets the platform keep its own, form an alliance", async (t) => {
    if (skip) return t.skip(skip);
    institute = await join(platform, "研究所");
    const hospitals = await Promise.all([
      join(platform, "第一医院", "SM2"),
      join(platform, "第二医院", "Ed25519"),
      join(platform, "第三医院", "secp256k1"),
    ]);
    managed = await manage(platform, "托管机构");
    parties = [institute, ...hospitals, managed];
    const [first] = hospitals;
    const found = await findMember(institute.client, { nickname: first?.nickname ?? "", appId: first?.appId ?? "" });
    assert.equal(found.member, first?.id);
    alliance = await ally(platform, parties);
    const { members, memberCount, invitations } = await managed.client.alliances.get({ id: alliance });
    assert.deepEqual([memberCount, invitations], [5, []]);
    assert.deepEqual(new Set(members.map(({ id }) => id)), new Set(parties.map(({ id }) => id)));
    for (const { client } of [...hospitals, managed])
      assert.deepEqual(await eventsOf(client), [{ kind: "invitation", state: "succeeded", unread: true }]);
    const shown = await institute.client.organisations.get({ id: managed.id });
    assert.equal(shown.managed, true, "other members see who holds its key");
    assert.equal((await institute.client.organisations.get({ id: first?.id ?? "" })).managed, false);

    const described = "# 求和\n";
    const published = await addModel(platform, institute, {
      tables: ["a", "b", "c", "d"],
      open: true,
      description: described,
    });
    model = published.id;
    assert.equal(await (await managed.client.models.description({ id: model })).text(), described);
    const tables = await Promise.all(hospitals.map((hospital) => addTable(platform, hospital)));
    sources = [...tables.map(({ id }) => id), await addManagedTable(platform, managed)];
  });

  for (const [i, [kind, newKey]] of Object.entries(receiverKeys).entries())
    test(`a task whose result goes to a key of kind ${kind}`, async (t) => {
      if (skip) return t.skip(skip);
      const { privatePem, publicPem } = newKey();
      // Whoever has to decide last differs from task to task: the one that the platform signs for, too.
      const receiver = [institute, managed, parties[1], parties[3]][i] ?? institute;
      const name = `任务${i}`;
      const request = { alliance, receiver: receiver.id, model, sources, name, parameters: { plus: i } };
      const { id, stream, expiresAt, createdAt } = await addTask(institute, request);
      assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 7 * 86_400_000);
      assert.equal(
        (await receiver.client.tasks.list({ tab: "participating", search: name })).items[0]?.awaitsYou,
        true,
      );
      await authorise(receiver, id, publicPem);
      const providers = parties.slice(1);
      for (const provider of providers) {
        const { items } = await provider.client.events.list({ tab: "pending", kind: "authorisation" });
        const event = items.find((one) => one.stream === stream);
        const { task, steps, initiator } = await provider.client.events.get({ id: event?.id ?? "" });
        assert.equal(task?.id, id);
        assert.equal(initiator.nickname, "研究所");
        const step = steps.find(({ step }) => step === "sources");
        assert.deepEqual([step?.decided, step?.of, step?.state], [providers.indexOf(provider), 4, "current"]);
        await authorise(provider, id);
      }
      await authorise(institute, id);
      const task = await ended(institute, id);
      assert.equal(task.state, "succeeded", JSON.stringify(task.failure));
      assert.deepEqual(
        task.steps.map(({ step, state, decided, of }) => `${step} ${state} ${decided}/${of}`),
        ["request done 1/1", "receiver done 1/1", "sources done 4/4", "model done 1/1", "complete done 1/1"],
      );
      assert.equal(await openResult(receiver.client, id, privatePem, { me: receiver.id }), `sum\r\n${24 + i}\r\n`);
      await assert.rejects(openResult(receiver.client, id, newReceiverKey().privatePem, { me: receiver.id }));
      const other = receiver === institute ? managed : institute;
      await assert.rejects((async () => (await other.client.tasks.result({ id })).bytes())(), { code: "blob.unknown" });

      const { task: proven, receipt } = verifyBundle(await (await managed.client.tasks.bundle({ id })).bytes());
      assert.equal(proven.id, id);
      assert.deepEqual(
        receipt.sources.map(({ rows }) => rows),
        [3, 3, 3, 3],
      );
    });

  test("a party hears at once what becomes of its task", async (t) => {
    if (skip) return t.skip(skip);
    const stop = new AbortController();
    const news: { type: string; data: Record<string, unknown> }[] = [];
    const listening = (async () => {
      for await (const event of managed.client.events.subscribe({}, { signal: stop.signal })) news.push(event);
    })();
    const request = { alliance, receiver: institute.id, model, sources };
    // Whoever has heard something is connected.
    for (let i = 0; news.length === 0; i++) {
      await addTask(institute, { ...request, name: `听${i}` });
      await sleep(50);
    }
    const { id, stream } = await addTask(institute, { ...request, name: "直播" });
    for (const party of [...parties, institute]) await authorise(party, id, newReceiverKey().publicPem);
    await ended(institute, id);
    const heard = (what: string) =>
      news.some(({ type, data }) => data.stream === stream && (data.phase ?? type) === what);
    for (const what of ["task.changed", "started", "ended"]) while (!heard(what)) await sleep(10);
    stop.abort();
    await listening;
  });

  test("unread and pending are counted, and what was opened is read", async (t) => {
    if (skip) return t.skip(skip);
    const { client } = institute;
    const before = await client.events.unread();
    await addTask(institute, { alliance, receiver: institute.id, model, sources, name: "未读" });
    assert.deepEqual(await client.events.unread(), { unread: before.unread + 1, pending: before.pending + 1 });
    const [event] = (await client.events.list({ tab: "pending" })).items;
    assert.equal(event?.title["zh-CN"], "邀请您授权【未读】计算任务");
    await client.events.markRead({ id: event?.id ?? "" });
    assert.deepEqual(await client.events.unread(), { unread: before.unread, pending: before.pending + 1 });
  });

  test("computed tables made again from the ledger answer as before, and so does another start", async (t) => {
    if (skip) return t.skip(skip);
    const everybody = async () => {
      const read = await Promise.all(parties.map(({ client }) => everythingOf(client)));
      return Object.assign({}, ...read.map((one, i) => ({ [parties[i]?.id ?? i]: one }))) as object;
    };
    const before = await everybody();
    await platform.halt();
    await platform.start();
    assert.deepEqual(await everybody(), before, "after another start");
    await platform.halt();
    const { entries, streams } = await platform.rebuild();
    assert.ok(entries > 30 && streams > 10, `${entries} ${streams}`);
    await platform.start();
    assert.deepEqual(await everybody(), before, "after a rebuild");
    const { id } = await addTask(institute, { alliance, receiver: institute.id, model, sources, name: "重建之后" });
    assert.equal((await managed.client.tasks.get({ id })).state, "receiver-authorising");
  });
};

describe("the whole story on SQLite", () => story(async () => ({ database: "", close: async () => undefined })));
describe("the whole story on PostgreSQL", () =>
  story(async () => {
    const server = await startPostgres();
    return "skip" in server ? server : { database: server.url, close: server.stop };
  }));
