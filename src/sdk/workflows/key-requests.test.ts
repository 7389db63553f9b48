/** A server that shows an approver something else than what the requester signed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOrganisation, digestOfJws, SALT } from "../../../test/support/principals.ts";
import { signed, worldStage } from "../../../test/support/stage.ts";
import { iso } from "../../base/clock.ts";
import { digestOf } from "../../trust/digest.ts";
import { approveRequest, readRequest } from "./key-requests.ts";

const stage = worldStage();
const [treasury, thief] = [createOrganisation("资金部"), createOrganisation("窃贼")];
const message = { kind: "message", hex: "e4bb98e6acbe" } as const;
const detail = { salt: SALT, messages: [message], note: "货款" };
const keyOf = (scheme: string) => signed(stage, treasury, "key.founded", "", { id: "K202601050800001", scheme });
const key = keyOf("ECDSA_K1");
const expires = iso(stage.clock.now() + 3_600_000);
const founding = (change: object = {}) =>
  signed(stage, treasury, "key-request.founded", "", {
    ...{ id: "R202601050800001", key: digestOfJws(key), action: "sign", count: 1 },
    ...{ expires, detail: digestOf(detail), ...change },
  });
const request = founding();
const stream = digestOfJws(request);

const SHOWN = {
  ...{ id: "R202601050800001", stream, action: "sign", requester: { id: treasury.id }, expiresAt: expires },
  key: { id: "K202601050800001", stream: digestOfJws(key), scheme: "ECDSA_K1" },
  messages: [{ message }],
  ...{ path: [], note: detail.note },
};

/** @param lies what it shows in place of what is so */
const serverWith = (lies: { shown?: object; statement?: string; detail?: object; key?: string; empty?: boolean }) => {
  const approved: string[] = [];
  const client = {
    keyRequests: {
      get: async () => ({ ...SHOWN, ...lies.shown }),
      approve: async (id: string) => approved.push(id),
    },
    streams: {
      get: async ({ id }: { id: string }) => {
        if (lies.empty) return { items: [], next: null };
        if (id === SHOWN.key.stream) return { items: [{ statement: lies.key ?? key }], next: null };
        return { items: [{ statement: lies.statement ?? request, detail: lies.detail ?? detail }], next: null };
      },
    },
  };
  return { client: client as never, approved };
};

test("what is approved is what the requester signed, and is shown before", async () => {
  const { client, approved } = serverWith({});
  const { signed } = await readRequest(client, SHOWN.id);
  assert.deepEqual(signed, detail);
  const seen: unknown[] = [];
  await approveRequest(client, stream, { review: (read) => void seen.push(read.signed.messages) });
  assert.deepEqual([seen, approved], [[[message]], [stream]]);
  const stopped = approveRequest(client, stream, {
    review() {
      throw new Error("not this");
    },
  });
  await assert.rejects(stopped, /not this/);
  assert.equal(approved.length, 1);
});

const other = { kind: "message", hex: "00" };
const LIES: Record<string, Parameters<typeof serverWith>[0]> = {
  "messages beside that were not signed for": { shown: { messages: [{ message: other }] } },
  "a text with other messages": { detail: { ...detail, messages: [other] } },
  both: { detail: { ...detail, messages: [other] }, shown: { messages: [{ message: other }] } },
  "another note": { detail: { ...detail, note: "退款" } },
  "another requester": { shown: { requester: { id: thief.id } } },
  "an export as a signature": { statement: founding({ action: "export" }) },
  "another key": { shown: { key: { ...SHOWN.key, stream: "ab".repeat(32) } } },
  "another child key": { shown: { path: [7] } },
  "another note beside": { shown: { note: "退款" } },
  "the key as one of another scheme": { shown: { key: { ...SHOWN.key, scheme: "SM2" } } },
  "another key's founding": { key: keyOf("SM2") },
  "another request's stream": { statement: founding({ count: 2 }) },
  "another number": { shown: { id: "R202601050800009", stream: "cd".repeat(32) } },
  "another end": { shown: { expiresAt: iso(stage.clock.now()) } },
  "an empty stream": { empty: true },
};
for (const [what, lie] of Object.entries(LIES))
  test(`nothing is approved where the server shows ${what}`, async () => {
    const { client, approved } = serverWith(lie);
    await assert.rejects(approveRequest(client, SHOWN.id), { code: "request.shown-otherwise" });
    assert.deepEqual(approved, []);
  });

test("what was on the screen is approved or nothing, whatever the server shows when it is asked again", async () => {
  const benign = { ...SHOWN, messages: [{ message: other }] };
  for (const shown of [benign, { ...SHOWN, action: "export" }, { ...SHOWN, path: [1] }, { ...SHOWN, id: "R1" }]) {
    const { client, approved } = serverWith({});
    await assert.rejects(approveRequest(client, shown.id, {}, shown as never), { code: "request.shown-otherwise" });
    assert.deepEqual(approved, []);
  }
  const { client, approved } = serverWith({ shown: { stream: "cd".repeat(32) } });
  await approveRequest(client, SHOWN.id, {}, SHOWN as never);
  assert.deepEqual(approved, [stream]);
});
