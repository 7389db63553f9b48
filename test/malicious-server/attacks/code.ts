/** What a member reads of a model before it agrees, and what it is told of its earlier consents. */
import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { pack } from "../../../src/enclave/archive.ts";
import { viewCode } from "../../../src/sdk/workflows/view-code.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { parseStatement, signStatementWith } from "../../../src/trust/statement.ts";
import { digestOfJws } from "../../support/principals.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { answering, type ClientStand, openClient } from "../stands/client.ts";

const viewing = async ({ ran, task, me, ...stand }: ClientStand) => {
  const harmless = await pack(new Map([["index.js", utf8("export const main = () => [];")]]));
  return (over: object = {}, archive = harmless, streams = stand.streams) => {
    const { stream } = task.definition.model;
    const shown = { id: task.id, stream: ran.task, model: stream, archive: { digest: "", size: 1 }, open: true };
    const client = answering({
      streams,
      tasks: { code: async () => ({ ...shown, approved: null, ...over }) },
      models: { archive: async () => ({ stream: new Blob([new Uint8Array(archive)]).stream() }) },
    });
    return viewCode(client, task.id, { me: me.id });
  };
};

const attacks: AttackOn<ClientStand>[] = [
  {
    id: "A120",
    name: "Gives other code to read than the task runs",
    by: "client",
    codes: ["certificate.issuer", "code.archive", "server.history", "task.other"],
    stage: async (stand) => {
      const view = await viewing(stand);
      const { model, sources, alliance } = stand.task.definition;
      const [created] = (await stand.streams.get({ id: stand.ran.task })).items;
      assert.ok(created);
      // The same task as its creator never signed it.
      const forged = signStatementWith(
        parseStatement(created.statement).statement,
        stand.stranger.key,
        stand.stranger.leaf.der,
      );
      const stream = digestOfJws(forged);
      const forging = {
        get: async (input: { id: string }) =>
          input.id === stream ? { items: [{ ...created, statement: forged }], next: null } : stand.streams.get(input),
      };
      const lie = (over: object, archive?: Uint8Array<ArrayBuffer>) => () => view(over, archive);
      return {
        lies: [
          ["code.archive", lie({})],
          ["code.archive", lie({ open: false, archive: { digest: model.archive, size: 9 } })],
          ["code.archive", lie({}, new Uint8Array(0))],
          ["server.history", lie({ stream: sources[0]?.stream ?? "" })],
          ["server.history", lie({ stream: alliance })],
          ["certificate.issuer", () => view({ stream }, undefined, forging)],
          ["task.other", lie({ id: "T202601010000009", stream: stand.ran.task.replace(/^./, "g") })],
        ],
      };
    },
  },
  {
    id: "A121",
    name: "Names as approved before what the member never approved",
    by: "client",
    codes: ["code.approved"],
    stage: async (stand) => {
      const view = await viewing(stand);
      const { ran, task, streams } = stand;
      const { stream = "" } = task.definition.sources[0] ?? {};
      const { items } = await streams.get({ id: ran.task });
      const digests = new Map(
        items.map(({ statement }) => parseStatement(statement)).map((one) => [one.statement.kind, one.digest]),
      );
      const lie = (approved: object) => () =>
        view({
          approved: { kind: "task", id: task.id, stream: ran.task, statement: digestOf("another"), ...approved },
        });
      const statement = digests.get("task.source-authorised");
      return {
        lies: [
          // The very task that is asked for says nothing of what was before it.
          ["code.approved", lie({ statement }), /very task/],
          ["code.approved", lie({ statement, id: "T202601010000009" }), /it is of T/],
          ["code.approved", lie({}), /no such consent/],
          ["code.approved", lie({ statement: digests.get("task.created") }), /no such consent/],
          ["code.approved", lie({ statement: digests.get("task.completed") }), /no such consent/],
          ["code.approved", lie({ kind: "grant", stream, statement }), /no such consent/],
          ["code.approved", lie({ kind: "grant", stream, statement: stream }), /no such consent/],
          ["code.approved", lie({ kind: "grant", statement }), /no such consent/],
        ],
      };
    },
  },
];

export const code = attacksOn(openClient, attacks);
