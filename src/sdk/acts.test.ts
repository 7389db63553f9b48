/** What a member signs in a stream, whatever the server shows of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex, sign } from "#crypto";
import { createOrganisation, type Organisation, START } from "../../test/support/principals.ts";
import { toBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import { alliances } from "../contract/alliances.ts";
import type { AnyAct } from "../contract/endpoint.ts";
import { organisations } from "../contract/organisations.ts";
import { sources } from "../contract/sources.ts";
import { tasks } from "../contract/tasks.ts";
import { ALGORITHMS } from "../trust/jws.ts";
import { parseStatement, signStatementWith } from "../trust/statement.ts";
import { performAct } from "./acts.ts";
import { createStreamReader } from "./streams.ts";

const hospital = createOrganisation("医院");
const stranger = createOrganisation("陌生人");

/** A stream of statements, each made on the one before. */
const streamOf = (by: Organisation, ...statements: { kind: string; payload: object; by?: Organisation }[]) => {
  const made: string[] = [];
  for (const { kind, payload, by: other = by } of statements) {
    const [stream, seen] = [made[0], made.at(-1)].map((jws) => (jws === undefined ? "" : sha256Hex(jws)));
    const statement = { kind, stream: stream ?? "", seen: seen ?? "", by: other.id, at: iso(START), payload };
    made.push(signStatementWith(statement, other.key, other.leaf.der));
  }
  return made;
};

const ID = "D202601010000001";
const registered = { kind: "source.registered", payload: { id: ID } };
const permitted = { kind: "source.permitted", payload: { permission: { kind: "private" } } };
const described = { kind: "source.described", payload: {} };
const own = streamOf(hospital, registered, permitted, described);
const head = (statements: readonly string[]) => sha256Hex(statements.at(-1) ?? "");
const idOf = (statements: readonly string[]) => sha256Hex(statements[0] ?? "");

/** A server that shows these statements, so many a page; `signed` is what was sent to it. */
const server = (shown: () => readonly string[], perPage = 100) => {
  const signed: string[] = [];
  const asked: number[] = [];
  const history = createStreamReader(async (_, start) => {
    asked.push(start);
    const items = shown().slice(start, start + perPage);
    const end = start + items.length;
    return { items: items.map((statement) => ({ statement })), next: end < shown().length ? end : null };
  });
  const act = ({ kind }: { kind: unknown }, id: string, input = {}) =>
    performAct(
      {
        identity: {
          alg: ALGORITHMS[hospital.key.kind],
          certificate: toBase64(hospital.leaf.der),
          by: hospital.id,
          sign: (bytes) => sign(hospital.key, bytes),
        },
        now: () => START,
        history,
        async post(body) {
          const { statement } = body as { statement: string };
          signed.push(statement);
          const { stream } = parseStatement(statement).statement;
          return { receipt: { index: 0, time: iso(START), stream, head: sha256Hex(statement) }, resource: {} };
        },
      },
      { kind } as AnyAct,
      id,
      input,
      {},
    );
  return { act, signed, asked };
};

const PUBLIC = { permission: { kind: "public" } };
const refused = { code: "server.history" };

test("an act is signed for the stream that was named, after its whole history", async () => {
  for (const id of [ID, idOf(own)]) {
    const { act, signed, asked } = server(() => own, 1);
    await act(sources.permit, id, PUBLIC);
    const { statement } = parseStatement(signed[0] ?? "");
    assert.deepEqual([statement.stream, statement.seen, statement.payload], [idOf(own), head(own), PUBLIC]);
    assert.deepEqual(asked, [0, 1, 2]);
  }
});

test("what was read before is not read again, and must still be so", async () => {
  let shown = own;
  const { act, asked, signed } = server(() => shown);
  await act(sources.withdraw, ID);
  shown = [...own, signed[0] ?? ""];
  await act(sources.withdraw, ID);
  assert.deepEqual(asked, [0, 3]);
  shown = streamOf(hospital, registered, described, permitted, described, permitted);
  await assert.rejects(act(sources.withdraw, ID), refused);
  assert.equal(signed.length, 2);
});

test("another stream, another history, another kind or another's stream: nothing is signed", async () => {
  const [first = "", second = "", third = ""] = own;
  const other = streamOf(hospital, { ...registered, payload: { id: "D202601010000002" } });
  const task = streamOf(hospital, { kind: "task.created", payload: { id: "T202601010000001" } });
  const alliance = streamOf(hospital, { kind: "alliance.founded", payload: {} });
  const lies: [{ kind: unknown }, string, readonly string[], object?][] = [
    [sources.permit, ID, other, PUBLIC],
    [sources.permit, idOf(own), other, PUBLIC],
    [sources.withdraw, ID, []],
    [sources.withdraw, ID, [first, third]],
    [sources.withdraw, ID, [first, third, second]],
    [sources.withdraw, ID, [second, third]],
    [sources.withdraw, ID, streamOf(stranger, registered)],
    [sources.withdraw, ID, streamOf(hospital, registered, { ...described, by: stranger })],
    [sources.withdraw, ID, streamOf(hospital, { kind: "model.published", payload: { id: ID } })],
    [tasks.revoke, "T202601010000002", task],
    [alliances.join, idOf(alliance), streamOf(stranger, { kind: "alliance.founded", payload: {} })],
    [alliances.join, idOf(own), own],
    [organisations.publishCrl, stranger.id, [stranger.founding], { crl: toBase64(hospital.ca.der) }],
  ];
  for (const [endpoint, id, shown, input] of lies) {
    const { act, signed } = server(() => shown);
    await assert.rejects(act(endpoint, id, input), refused);
    assert.deepEqual(signed, []);
  }
  const { act, signed } = server(() => task);
  await act(tasks.revoke, "T202601010000001");
  assert.equal(signed.length, 1);
});
