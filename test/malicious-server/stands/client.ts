/** A member's client, and a server that answers it as the attack has it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sign } from "#crypto";
import { toBase64 } from "../../../src/base/bytes.ts";
import { iso } from "../../../src/base/clock.ts";
import type { AnyAct } from "../../../src/contract/endpoint.ts";
import { enclave as enclaveBook } from "../../../src/rules/enclave.ts";
import { signFollowed } from "../../../src/rules/followed.ts";
import { task as taskBook } from "../../../src/rules/task.ts";
import { type Definition, taskDigest } from "../../../src/rules/task-definition.ts";
import type { Task } from "../../../src/rules/task-state.ts";
import { performAct } from "../../../src/sdk/acts.ts";
import type { Client } from "../../../src/sdk/client.ts";
import { createStreamReader } from "../../../src/sdk/streams.ts";
import { authoriseTask } from "../../../src/sdk/workflows/authorise.ts";
import { verifyEnclave } from "../../../src/sdk/workflows/verify-enclave.ts";
import { reportData } from "../../../src/trust/attestation/report-data.ts";
import { simulatedEvidence } from "../../../src/trust/attestation/simulated.ts";
import { ALGORITHMS } from "../../../src/trust/jws.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { DESCRIBED, runToBundle } from "../../support/bundle.ts";
import { createOrganisation, type Organisation, START } from "../../support/principals.ts";
import { stateOf } from "../../support/stage.ts";
import type { Stand } from "../harness.ts";

/** The API as an attack answers it; endpoints that it does not name are not there. */
export const answering = (answers: object): Client => answers as Client;

type Expected = Parameters<typeof verifyEnclave>[2];
type TaskView = NonNullable<Parameters<typeof authoriseTask>[3]>;
export const ANY: Expected = { enclaves: "any" };

/** How far the enclave says that it has come. */
export const FOLLOWED = { size: 7, root: "ab".repeat(32) };

/** What the server answers with instead of the enclave. */
export interface EnclaveLie {
  readonly statement?: string;
  readonly provider?: string;
  /** Evidence over these instead of the enclave's own. */
  readonly claims?: Partial<
    Record<"signingKey" | "encryptionKey" | "measurement" | "ledger" | "isolation" | "nonce", string>
  >;
  /** What it answers with of the ledger that the enclave has followed; the enclave's own word otherwise. */
  readonly followed?: (nonce: string) => string;
}

/** After a run to its end: its ledger, its parties, the file that proves it. */
export const openClient = async (t: TestContext) => {
  const ran = await runToBundle();
  t.after(() => ran.close());
  const [me = createOrganisation("无")] = ran.parties;
  const stranger = createOrganisation("陌生人");
  /** Whatever the client has sent that binds the member. */
  const signed: unknown[] = [];
  const state = stateOf(ran.stage, enclaveBook, ran.enclave.id);
  const { signingKey, encryptionKey, measurement, ledger, isolation } = state;
  const placed = ran.bundle.entries.map(({ jws, ...place }) => ({ ...place, ...parseStatement(jws) }));
  const streamOf = (id: string) => placed.filter((one) => one.digest === id || one.statement.stream === id);

  const enclaves = ({
    statement = ran.enclave.founding,
    provider = "simulated",
    claims = {},
    followed,
  }: EnclaveLie = {}) => ({
    get: async () => ({ statement, measurement: "whatever the server says" }),
    attest: async ({ nonce }: { nonce: string }) => {
      const said = { signingKey, encryptionKey, measurement, ledger, isolation, nonce, ...claims };
      const evidence = simulatedEvidence({ measurement: said.measurement, reportData: reportData(said) });
      const word = signFollowed({ ...FOLLOWED, nonce }, ran.enclave.key);
      return { provider, nonce, evidence, followed: followed?.(nonce) ?? word };
    },
  });
  const task = stateOf(ran.stage, taskBook, ran.task) as Task;
  const delivery = task.delivery;
  assert.ok(delivery);
  const shownOf = (stream: string) => {
    const [founding] = streamOf(stream);
    const { id = "" } = (founding?.statement.payload ?? {}) as { id?: string };
    return { id, owner: { id: founding?.statement.by ?? "" } };
  };
  /** The task as the server shows it to its model's owner, with something changed. */
  const shown = (over: Partial<Task> & Record<string, unknown> = {}) =>
    ({
      id: task.id,
      stream: ran.task,
      state: "model-authorising",
      deciders: [{ id: me.id, nickname: me.name, appId: me.appId }],
      model: shownOf(task.definition.model.stream),
      sources: task.definition.sources.map(({ stream }) => ({ ...shownOf(stream), columns: DESCRIBED })),
      definition: task.definition,
      delivery,
      digest: taskDigest(ran.task, task.definition, delivery),
      ...over,
    }) as object as TaskView;
  const streams = {
    get: async ({ id }: { id: string }) => ({
      items: streamOf(id).map(({ index, time, jws }) => ({ index, time: iso(time), statement: jws.text })),
      next: null,
    }),
  };

  const stand = {
    ...{ ran, me, stranger, task, delivery, signed, state, streams, enclaves, shown },
    verify: (lie: EnclaveLie = {}, id = ran.enclave.id, expected: Expected = ANY) =>
      verifyEnclave(answering({ enclaves: enclaves(lie) }), id, expected),
    /** The member authorises what it is shown. */
    authorise: (view: TaskView, { id = task.id, lie = {} as EnclaveLie, expected = ANY, more = {} } = {}) =>
      authoriseTask(
        answering({
          enclaves: enclaves(lie),
          streams,
          tasks: {
            get: async () => view,
            authoriseModel: async (...sent: unknown[]) => void signed.push(sent),
            authoriseReceiver: async (...sent: unknown[]) => void signed.push(sent),
          },
          ...more,
        }),
        id,
        { ...expected, me: me.id },
      ),
    definition: (over: Partial<Definition>): Definition => ({ ...task.definition, ...over }),
    /** The member acts in a stream that the server shows. @param receipt what the server answers with */
    act({ kind }: { kind: unknown }, id: string, history: readonly string[], receipt: object = {}, input = {}) {
      const by: Organisation = me;
      const acting = {
        identity: {
          alg: ALGORITHMS[by.key.kind],
          certificate: toBase64(by.leaf.der),
          by: by.id,
          sign: (bytes: Uint8Array) => sign(by.key, bytes),
        },
        now: () => START,
        history: createStreamReader(async (_, start) => ({
          items: history.slice(start).map((statement) => ({ statement })),
          next: null,
        })),
        async post(body: object) {
          const { digest, statement } = parseStatement((body as { statement: string }).statement);
          signed.push(digest);
          return {
            receipt: { index: 0, time: iso(START), stream: statement.stream, head: digest, ...receipt },
            resource: {},
          };
        },
      };
      return performAct(acting, { kind } as AnyAct, id, input, {});
    },
    watch() {
      const before = signed.length;
      return () => assert.equal(signed.length, before, "nothing was signed");
    },
  };
  return stand satisfies Stand;
};
export type ClientStand = Awaited<ReturnType<typeof openClient>>;
