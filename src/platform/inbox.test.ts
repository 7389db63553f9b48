import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { DAY } from "../base/clock.ts";
import type { PlatformDb } from "./db/schema.ts";
import { transaction } from "./db/transaction.ts";
import { createInbox, type ProjectedEvent } from "./inbox.ts";
import { createInboxStore, type InboxTab } from "./inbox-store.ts";

const setUp = (db: PlatformDb) => {
  const clock = testClock();
  const invitation = (stream: string, rest: Partial<ProjectedEvent> = {}): ProjectedEvent => ({
    accountId: "A1",
    kind: "invitation",
    stream,
    detail: { alliance: "可信计算联盟" },
    state: "pending",
    createdAt: clock.now(),
    ...rest,
  });
  return { clock, invitation, inbox: createInbox({ store: createInboxStore({ db }), clock }) };
};

onEachDatabase("inbox", (open) => {
  test("an event is put once, whatever a projector repeats, and its state follows", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation, clock } = setUp(db);
    const { id } = await inbox.put(invitation("s1"));
    assert.deepEqual(await inbox.put(invitation("s1")), { id });
    await inbox.put(invitation("s1", { kind: "authorisation" }));
    await inbox.put(invitation("s1", { accountId: "A2" }));
    assert.equal((await inbox.list("A1")).total, 2);
    await inbox.put(invitation("s1", { state: "succeeded", handledAt: clock.now() }));
    const event = await inbox.find("A1", id);
    assert.deepEqual(
      [event?.state, event?.handledAt, event?.detail],
      ["succeeded", clock.now(), { alliance: "可信计算联盟" }],
    );
    assert.equal(await inbox.find("A2", id), undefined);
  });

  test("tabs, pages and expiry after seven days", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation, clock } = setUp(db);
    for (let n = 0; n < 12; n++) {
      await inbox.put(invitation(`s${n}`));
      clock.advance(1);
    }
    await inbox.put(invitation("s0", { state: "failed" }));
    const first = await inbox.list("A1", { tab: "pending" });
    assert.deepEqual([first.items.length, first.total, first.pages], [10, 11, 2]);
    assert.equal(first.items[0]?.stream, "s11");
    assert.deepEqual(
      (await inbox.list("A1", { tab: "pending", page: 2 })).items.map(({ stream }) => stream),
      ["s1"],
    );
    clock.advance(7 * DAY);
    const totals = async (tab: InboxTab) => (await inbox.list("A1", { tab })).total;
    assert.deepEqual([await totals("pending"), await totals("expired"), await totals("failed")], [0, 11, 1]);
    assert.equal((await inbox.list("A1", { tab: "expired" })).items[0]?.state, "expired");
  });

  test("handled is what was decided; kinds apart; newest first", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation, clock } = setUp(db);
    const at = clock.now();
    await inbox.putAll([
      invitation("middle", { state: "succeeded", createdAt: at + 1 }),
      invitation("oldest", { kind: "authorisation", state: "failed" }),
      invitation("newest", { createdAt: at + 2 }),
      invitation("late", { createdAt: at - 8 * DAY }),
    ]);
    const streams = async (query: object) => (await inbox.list("A1", query)).items.map(({ stream }) => stream);
    assert.deepEqual(await streams({}), ["newest", "middle", "oldest", "late"]);
    assert.deepEqual(await streams({ tab: "handled" }), ["middle", "oldest"]);
    assert.deepEqual(await streams({ tab: "pending" }), ["newest"]);
    assert.deepEqual(await streams({ tab: "expired" }), ["late"]);
    assert.deepEqual(await streams({ tab: "handled", kind: "authorisation" }), ["oldest"]);
    assert.equal((await inbox.list("A1", { kind: "invitation" })).total, 3);
  });

  test("many at once: as one by one, in few statements, the last of the same counts", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation } = setUp(db);
    await inbox.putAll([]);
    await inbox.put(invitation("s0"));
    const { items } = await inbox.list("A1");
    const many = Array.from({ length: 1_200 }, (_, n) => invitation(`s${n}`));
    await transaction(db, (tx) => inbox.putAll([...many, invitation("s7", { state: "failed" })], tx));
    await inbox.putAll(many.slice(0, 2).map((event) => ({ ...event, state: "succeeded", handledAt: 5 })));
    assert.equal((await inbox.list("A1")).total, 1_200);
    assert.equal((await inbox.list("A1", { tab: "failed" })).items[0]?.stream, "s7");
    const first = await inbox.find("A1", items[0]?.id ?? "");
    assert.deepEqual([first?.stream, first?.state, first?.handledAt], ["s0", "succeeded", 5]);
  });

  test("unread counts what is pending and unopened; other accounts cannot mark it", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation } = setUp(db);
    const { id } = await inbox.put(invitation("s1"));
    await inbox.put(invitation("s2"));
    await inbox.put(invitation("s3", { state: "succeeded" }));
    assert.equal(await inbox.unread("A1"), 2);
    await inbox.markRead("A2", [id]);
    assert.equal(await inbox.unread("A1"), 2);
    await inbox.markRead("A1", [id, id, "unknown"]);
    await inbox.markRead("A1", [id]);
    await inbox.markRead("A1", []);
    assert.equal(await inbox.unread("A1"), 1);
  });

  test("a rebuild in one transaction gives the same events, read ones still read", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { inbox, invitation } = setUp(db);
    const events = [invitation("s1"), invitation("s2", { state: "failed" })];
    const { id } = await inbox.put(events[0] as ProjectedEvent);
    await inbox.put(events[1] as ProjectedEvent);
    await inbox.markRead("A1", [id]);
    const before = await inbox.list("A1");
    await transaction(db, async (tx) => {
      await inbox.clear(tx);
      for (const event of events) await inbox.put(event, tx);
    });
    assert.deepEqual(await inbox.list("A1"), before);
    assert.equal((await inbox.find("A1", id))?.read, true);
  });
});
