/** Who sees which model and data source, in which list; pages, words searched for, cursors and entity tags. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Permission } from "../../src/rules/shapes.ts";
import { registerSource } from "../../src/sdk/workflows/index.ts";
import { addModel, addTable, addTask, join, type Member, openAlliance, prepareTable } from "../support/members.ts";
import { send } from "../support/raw.ts";

const { platform, alliance, owner, named, fellow } = await openAlliance({
  owner: "所有者",
  named: "被指定者",
  fellow: "同盟成员",
});
const stranger = await join(platform, "外人");

type Kind = "models" | "sources";
const add: Record<Kind, (name: string, permission: Permission) => Promise<{ id: string }>> = {
  models: (name, permission) => addModel(platform, owner, { name, permission }),
  sources: (name, permission) => addTable(platform, owner, { name, permission }),
};
const isListed = async ({ client }: Member, kind: Kind, tab: "all" | "mine" | "public", id: string) =>
  (await client[kind].list({ tab, pageSize: 100 })).items.some((one) => one.id === id);
const tabsOf = async (member: Member, kind: Kind, id: string) => {
  const tabs: string[] = [];
  for (const tab of ["all", "mine", "public"] as const) if (await isListed(member, kind, tab, id)) tabs.push(tab);
  const got = await member.client[kind].get({ id }).then(
    (one) => one.permission,
    (error: { code: string }) => error.code,
  );
  return [tabs.join(" "), typeof got === "string" ? got : got.kind];
};

for (const kind of ["models", "sources"] as const) {
  test(`private ${kind} are their owner's alone`, async () => {
    const { id } = await add[kind]("私密", { kind: "private" });
    assert.deepEqual(await tabsOf(owner, kind, id), ["all mine", "private"]);
    for (const other of [named, fellow, stranger])
      assert.deepEqual(await tabsOf(other, kind, id), ["", "stream.unknown"]);
  });

  test(`${kind} for named members are theirs to see, and only the owner sees who they are`, async () => {
    const { id } = await add[kind]("定向", { kind: "named", members: [named.id, stranger.id] });
    assert.deepEqual(await tabsOf(owner, kind, id), ["all mine", "named"]);
    assert.deepEqual(await tabsOf(named, kind, id), ["all public", "named"]);
    assert.deepEqual(await tabsOf(fellow, kind, id), ["", "stream.unknown"]);
    assert.deepEqual(await tabsOf(stranger, kind, id), ["", "stream.unknown"], "named, but not in an alliance with it");
    const members = async ({ client }: Member) => (await client[kind].get({ id })).permission.members;
    assert.deepEqual(
      (await members(owner))?.map((one) => one.nickname),
      ["被指定者", "外人"],
    );
    assert.equal(await members(named), undefined);
  });

  test(`public ${kind} are their fellow members'; a permission is changed, and ${kind} withdrawn`, async () => {
    const { id } = await add[kind]("公开", { kind: "public" });
    for (const member of [named, fellow]) assert.deepEqual(await tabsOf(member, kind, id), ["all public", "public"]);
    assert.deepEqual(await tabsOf(owner, kind, id), ["all mine public", "public"]);
    assert.deepEqual(await tabsOf(stranger, kind, id), ["", "stream.unknown"]);
    // The client itself would not sign in a stream that is another's.
    const { stream, head } = await fellow.client[kind].get({ id });
    const others = fellow.client[kind].permit(id, { permission: { kind: "private" } }, { at: { stream, head } });
    await assert.rejects(others, { code: "owner.required" });
    await owner.client[kind].permit(id, { permission: { kind: "named", members: [named.id] } });
    assert.deepEqual(await tabsOf(fellow, kind, id), ["", "stream.unknown"]);
    assert.deepEqual(await tabsOf(named, kind, id), ["all public", "named"]);
    const { resource } = await owner.client[kind].withdraw(id);
    assert.equal(resource.state, "withdrawn");
    await assert.rejects(owner.client[kind].permit(id, { permission: { kind: "public" } }), {
      code: "resource.withdrawn",
    });
  });
}

test("what is not shared is not used in a task", async () => {
  const model = await add.models("公开模型", { kind: "public" });
  const table = await add.sources("私有表", { kind: "private" });
  const { stream, envelope, structure } = await owner.client.sources.get({ id: table.id });
  const { stream: code, archive, runner, main, envelope: sealed } = await owner.client.models.get({ id: model.id });
  const { id: enclave, measurement } = platform.enclave;
  const attempt = fellow.client.tasks.create({
    ...{
      alliance,
      type: "ordinary",
      receiver: fellow.id,
      enclave,
      measurement,
      parameters: {},
      limits: {},
      start: "manual",
    },
    model: { stream: code, archive: archive.digest, envelope: sealed?.digest, runner, main },
    sources: [{ stream, table: "a", envelope: envelope.digest, structure }],
    detail: { name: "任务" },
  });
  await assert.rejects(attempt, { code: "resource.not-shared" });
});

test("lists come ten a page, newest first, and words are looked for in names and ids", async () => {
  const prepared = await prepareTable(platform, owner);
  const names = Array.from({ length: 23 }, (_, i) => `批量${String(i).padStart(2, "0")}Alpha`);
  for (const name of names) await registerSource(owner.client, prepared, { name, permission: { kind: "public" } });
  const seen: string[] = [];
  for (let page = 1; page <= 4; page++) {
    const { items, total, pageSize } = await fellow.client.sources.list({ page, search: "批量" });
    assert.deepEqual([total, pageSize], [23, 10]);
    seen.push(...items.map(({ name }) => name));
    assert.equal(items.length, [10, 10, 3, 0][page - 1]);
  }
  assert.deepEqual(seen, names.toReversed());
  const search = async (words: string) => (await fellow.client.sources.list({ search: words })).total;
  const [first] = (await fellow.client.sources.list({ search: "批量07" })).items;
  assert.equal(first?.name, "批量07Alpha");
  assert.equal(await search(first?.id ?? ""), 1);
  assert.equal(await search("ALPHA"), 23);
  for (const nothing of ["%", "100%", "_", "!", "\\", "批量%Alpha", "' or 1=1 --", "不存在"])
    assert.equal(await search(nothing), 0, nothing);
  const odd = await addModel(platform, owner, { name: "a_b 100%!" });
  for (const words of ["A_B", "100%", "%!", odd.id])
    assert.deepEqual(
      (await fellow.client.models.list({ search: words })).items.map(({ id }) => id),
      [odd.id],
      words,
    );
  assert.equal((await fellow.client.sources.list({ owner: owner.id, alliance, search: "批量" })).total, 23);
  assert.equal((await stranger.client.sources.list({ owner: owner.id, alliance })).total, 0);
});

test("tasks by tab, state and words", async () => {
  const model = await addModel(platform, named);
  const table = await addTable(platform, owner);
  const task = (name: string, creator: Member) =>
    addTask(creator, { alliance, receiver: creator.id, model: model.id, sources: [table.id], name });
  const [a, b] = [await task("甲任务", named), await task("乙任务", fellow)];
  await fellow.client.tasks.refuse(b.id);
  const list = async (member: Member, query: object) =>
    (await member.client.tasks.list(query)).items.map(({ name }) => name).sort();
  assert.deepEqual(await list(named, { tab: "mine" }), ["甲任务"]);
  assert.deepEqual(await list(named, { tab: "participating" }), ["乙任务", "甲任务"]);
  assert.deepEqual(await list(owner, { tab: "all" }), ["乙任务", "甲任务"]);
  assert.deepEqual(await list(owner, { tab: "mine" }), []);
  assert.deepEqual(await list(owner, { state: "authorisation-failed" }), ["乙任务"]);
  assert.deepEqual(await list(owner, { state: "receiver-authorising", search: a.id.toLowerCase() }), ["甲任务"]);
  assert.deepEqual(await list(fellow, { tab: "all" }), ["乙任务"]);
  assert.deepEqual(await list(stranger, { tab: "all" }), []);
});

test("the audit trail is read cursor by cursor; another list's cursor is refused", async () => {
  const { client } = owner;
  const all = (await client.audit.list({ limit: 100 })).items.map(({ id }) => id);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.audit.list({ limit: 7, ...(cursor && { cursor }) });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor && seen.length < 70);
  assert.deepEqual(seen.slice(0, 70), all.slice(0, seen.length));
  for (const wrong of ["x", "e30", Buffer.from('["a"]').toString("base64url")])
    await assert.rejects(client.audit.list({ cursor: wrong }), { code: "page.cursor" });
});

test("what has not changed is not sent again", async () => {
  const get = (tag?: string) =>
    send(platform, owner.account, {
      path: `/v1/alliances/${alliance}`,
      headers: tag === undefined ? {} : { "if-none-match": tag },
    });
  const first = await get();
  const tag = first.headers.get("etag") ?? "";
  assert.match(tag, /^"[\w-]{43}"$/);
  const second = await get(tag);
  assert.deepEqual([second.status, second.text], [304, ""]);
  await owner.client.alliances.invite(alliance, { member: stranger.id });
  assert.equal((await get(tag)).status, 200);
});
