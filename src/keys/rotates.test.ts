import assert from "node:assert/strict";
import { test } from "node:test";
import { keyGroup } from "../rules/key-group.ts";
import { keyStreams } from "../rules/key-state.ts";
import { showKey } from "./key-view.ts";

test("a key that claims to take another tenant's place neither learns its name nor is named to it", async () => {
  const groupOf = (member: string) => ({ book: "key-group", state: { ...keyGroup.initial, administrators: [member] } });
  const keyOf = (id: string, group: string, rotates?: string) => ({
    ...{ book: "key", head: "", length: 1, size: 1 },
    state: { ...keyStreams.initial, id, group, detail: `${id} detail`, rotates },
  });
  const theirs = keyOf("K1", "group-a");
  const mine = keyOf("K2", "group-b", "theirs");
  const streams = new Map<string, object>(
    Object.entries({ theirs, mine, "group-a": groupOf("a"), "group-b": groupOf("b") }),
  );
  const deps = {
    ledger: { world: { streams } },
    index: { successorOf: (key: string) => (key === "theirs" ? "mine" : undefined) },
    presence: { nameOf: () => ({}) },
    now: () => 0,
  };
  const names = { member: () => null, detail: (digest: string) => ({ alias: `alias of ${digest}` }) };
  const show = async (id: string, stream: object, member: string) =>
    showKey(deps as never).show({ id, stream, ...stream } as never, names as never, { member } as never);
  assert.equal((await show("mine", mine, "b")).rotates, null);
  assert.equal((await show("theirs", theirs, "a")).rotatedBy, null);
  const own = keyOf("K3", "group-a", "theirs");
  assert.equal((await show("own", own, "a")).rotates?.id, "K1");
});
