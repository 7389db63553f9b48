/** A database that is not the one that its owner named, or somebody between it and the enclave. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { canonical } from "../../../src/base/canonical.ts";
import { Refusal } from "../../../src/base/refusal.ts";
import { createRoot } from "../../../src/cli/demo/machines/certificates.ts";
import { destinationContext } from "../../../src/trust/envelope/contexts.ts";
import { DELIVERY, digestOfTask, source } from "../../support/consortium.ts";
import { outcomeOf } from "../../support/hostile-host.ts";
import { NAMES } from "../../support/postgres-tls.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type DatabaseStand, openDatabase } from "../stands/database.ts";

const COLUMNS = [{ name: "number", type: "f64", description: "" }];

/** A source whose envelope says where the table is. */
const tableOf = async (stand: DatabaseStand, more = {}) => {
  const { stage, hospital, enclave, server } = stand;
  const connection = canonical(server.connection("numbers", more));
  const envelope = stand.put(await stand.sealFor(connection, hospital.id, "postgresql"));
  return source(stage, hospital, enclave, { type: "postgresql", envelope, ...stand.describing(COLUMNS) });
};

const attacks: AttackOn<DatabaseStand>[] = [
  {
    id: "A90",
    name: "Leads the enclave to another machine than the source's owner named",
    by: "enclave",
    codes: ["database.host-name"],
    stage: async (stand) => {
      const { server } = stand;
      const named = (more: object) => () => stand.describe(server.connection("numbers", more));
      const sources = [await tableOf(stand, { serverName: "other.example" })];
      const task = await stand.readyTask({ sources });
      return {
        lies: [
          // Its certificate is good and of the owner's own root, but for another name.
          ["database.host-name", named({ serverName: "other.example" })],
          ["database.host-name", named({ host: "localhost" })],
          ["database.host-name", () => stand.run({ task })],
        ],
        takesFiles: true,
        truth: named({ serverName: "db.example" }),
      };
    },
  },
  {
    id: "A91",
    name: "Sits between with a certificate of its own, an expired one, or none",
    by: "enclave",
    codes: ["database.tls"],
    stage: async (stand) => {
      const { server } = stand;
      const connection = server.connection("numbers");
      const under = (issued: Parameters<typeof server.useCertificate>[0]) => async () => {
        await server.useCertificate(issued);
        try {
          return await stand.describe(connection);
        } finally {
          await server.useCertificate(server.root.issue(NAMES));
        }
      };
      const plain = (answer: string) => async () => {
        const port = await stand.between((client) => void client.once("data", () => client.write(answer)));
        return stand.describe({ ...connection, port });
      };
      return {
        lies: [
          ["database.tls", under(createRoot().issue(NAMES))],
          ["database.tls", under(server.root.issue(NAMES, -1))],
          // "I have no TLS", and an answer in the clear before there is any.
          ["database.tls", plain("N")],
          ["database.tls", plain("S\0\0\0\0")],
        ],
        takesFiles: true,
        truth: () => stand.describe(connection),
      };
    },
  },
  {
    id: "A92",
    name: "Has the database ask for the password in a form that gives it away",
    by: "enclave",
    codes: ["database.login.insecure"],
    stage: ({ describe, server }) => {
      const as = (username: string) => () => describe(server.connection("numbers", { username }));
      return {
        lies: [
          ["database.login.insecure", as("plain_reader")],
          ["database.login.insecure", as("md5_reader")],
        ],
        takesFiles: true,
        truth: as("reader"),
      };
    },
  },
  {
    id: "A93",
    name: "Has another table in the place of the one that was authorised",
    by: "enclave",
    codes: ["source.columns"],
    stage: async (stand) => {
      const task = await stand.readyTask({ sources: [await tableOf(stand)] });
      const other = await stand.readyTask({ sources: [await tableOf(stand)] });
      return {
        lies: [
          [
            "source.columns",
            () => changed(stand, task, "alter table numbers add name text", "alter table numbers drop name"),
          ],
          [
            "source.columns",
            () =>
              changed(
                stand,
                other,
                "alter table numbers rename number to sum",
                "alter table numbers rename sum to number",
              ),
          ],
        ],
        takesFiles: true,
        truth: async () => stand.run({ task: await stand.readyTask({ sources: [await tableOf(stand)] }) }),
      };
    },
  },
  {
    id: "A94",
    name: "Carries a database's packets, and watches at what pace a model reads",
    by: "enclave",
    async holds(stand) {
      let carried = 0;
      const open = new Set<Socket>();
      const port = await stand.between((client) => {
        const upstream = connect(stand.server.port, "127.0.0.1").on("error", () => client.destroy());
        open.add(client);
        client.on("close", () => {
          open.delete(client);
          upstream.destroy();
        });
        for (const side of [client, upstream])
          side.on("data", (chunk) => {
            carried += chunk.length;
          });
        client.pipe(upstream).pipe(client);
      });
      const task = await stand.readyTask({ sources: [await tableOf(stand, { port })] });
      const seen: number[] = [];
      stand.onGiven(() => void seen.push(carried));
      assert.equal(outcomeOf(await stand.run({ task })), "task.completed");
      assert.ok(seen.length > 0 && carried > 0);
      while (open.size > 0) await sleep(10);
      // Nothing is left to carry, in either direction, before the model gets its first row.
      for (const each of seen) assert.equal(each, carried);
    },
  },
  {
    id: "A95",
    name: "Has a result written into the receiver's table twice, or over another",
    by: "enclave",
    async holds(stand) {
      const { server, institute, enclave } = stand;
      const connection = canonical(server.connection("results"));
      const envelope = await stand.seal(connection, destinationContext(institute.id, enclave.id, "postgresql"));
      const { digest: destination } = stand.put(envelope);
      const delivery = { ...DELIVERY, sink: "postgresql", destination };
      const task = await stand.readyTask({}, {}, delivery);
      const count = () =>
        server.psql(`select part, parts, length(content) > 0 from results
        where task = '${digestOfTask(stand.stage, task)}'`);
      const before = await stand.run({ task });
      const once = count();
      assert.deepEqual(once, [["0", "1", "t"]]);
      for (let again = 0; again < 3; again++) {
        await stand.restart();
        await stand.follow();
        await stand.run({ task });
        assert.deepEqual(count(), once);
      }
      assert.deepEqual(stand.written, [], "nothing of it went to the server");
      await stand.stage.submit(before);
      await stand.follow();
      await assert.rejects(stand.run({ task }), { code: "enclave.task.state" });
    },
  },
  {
    id: "A96",
    name: "Reads out of a refusal where an owner's database is, and who reads it",
    by: "enclave",
    async holds({ describe, server }) {
      const wrong = [{ password: "wrong" }, { table: "nothing" }, { serverName: "other.example" }, { port: 1 }];
      for (const more of wrong) {
        const connection = server.connection("numbers", more);
        const refusal = await describe(connection).then(
          () => assert.fail("it was read"),
          (error: unknown) => error,
        );
        assert.ok(refusal instanceof Refusal, String(refusal));
        const told = JSON.stringify([refusal.code, refusal.message, refusal.details]);
        const { host, port, table, database, username, password } = connection;
        for (const secret of [host, `:${port}`, table, database, username, password, "other.example", "db.example"])
          assert.ok(!told.includes(secret), `${secret} is in ${told}`);
      }
    },
  },
];

/** A run while the table is another. */
const changed = async (stand: DatabaseStand, task: string, there: string, back: string) => {
  await stand.server.sql(there);
  try {
    return await stand.run({ task });
  } finally {
    await stand.server.sql(back);
  }
};

export const databases = attacksOn(openDatabase, attacks);
