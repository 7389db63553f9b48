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
