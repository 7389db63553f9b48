/** Another result, or a result where it does not belong. */
import { generateKey, sha256Hex } from "#crypto";
import { utf8 } from "../../../src/base/bytes.ts";
import { openResult } from "../../../src/sdk/workflows/open-result.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { resultContext } from "../../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../../src/trust/envelope/envelope.ts";
import { receiverKey } from "../../../src/trust/envelope/recipient.ts";
import { keyToPem, publicKeyToPem } from "../../../src/trust/keys.ts";
import * as c from "../../support/consortium.ts";
import { createEnclave, createOrganisation } from "../../support/principals.ts";
import { found, signed } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { answering, type ClientStand, openClient } from "../stands/client.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const key = generateKey("P-256");
const pem = keyToPem(key);

/** The server's own file, sealed to the receiver for this very task. */
const forgery = ({ ran }: ClientStand) => {
  const context = resultContext(c.digestOfTask(ran.stage, ran.task));
  return sealBytes(utf8("v\r\nFORGED\r\n"), { to: receiverKey(publicKeyToPem(key.publicKey)), context });
};

/** The receiver fetches its result from a server that has other files and evidence. */
const fetching = (stand: ClientStand, file: Uint8Array, bundle = stand.ran.bytes) =>
  answering({
    tasks: {
      get: async () => ({ state: "succeeded", result: { digest: sha256Hex(file), size: file.length, rows: 1 } }),
      bundle: async () => ({ bytes: async () => bundle }),
      result: async () => ({ bytes: async () => file }),
    },
  });

const onClients: AttackOn<ClientStand>[] = [
  {
    id: "A74",
    name: "Seals a result of its own to the receiver, for the very task",
    by: "client",
    codes: ["result.other"],
    stage: async (stand) => {
      const file = await forgery(stand);
      const { ran, me } = stand;
      const open = (sealed?: Uint8Array) => () =>
        openResult(fetching(stand, file), ran.task, pem, { me: me.id, sealed });
      return {
        lies: [
          ["result.other", open()],
          // In the receiver's database too.
          ["result.other", open(file)],
          ["result.other", open(file.subarray(0, -1))],
        ],
      };
    },
  },
  {
    id: "A75",
    name: "Shows the evidence of another task, or for another receiver",
    by: "client",
    codes: ["result.evidence", "bundle.trust"],
    stage: async (stand) => {
      const file = await forgery(stand);
      const { ran, me } = stand;
      const someone = createOrganisation(me.name).id;
      const open =
        (task: string, of: string, trust = {}) =>
        () =>
          openResult(fetching(stand, file), task, pem, { me: of, trust });
      const enclaves = [{ provider: "tdx", measurement: ran.enclave.measurement }];
      return {
        lies: [
          ["result.evidence", open("T202601010000009", me.id)],
          ["result.evidence", open(digestOf("another task"), me.id)],
          // The whole story made up, with other organisations in it.
          ["result.evidence", open(ran.task, someone)],
          ["bundle.trust", open(ran.task, me.id, { ledger: "another/ledger+00000000+AA" })],
          ["bundle.trust", open(ran.task, me.id, { enclaves })],
        ],
      };
    },
  },
];

const onEnclave: AttackOn<EnclaveStand>[] = [
  {
    id: "A76",
    name: "Hands the result of one task out as another's",
    by: "client",
    codes: ["envelope.context"],
    stage: async (stand) => {
      const other = await stand.newTask();
      await stand.ready(other);
      await stand.ready();
      await stand.run();
      const sealed = stand.files.get(stand.written[0] ?? "") ?? new Uint8Array();
      return {
        lies: [["envelope.context", () => stand.resultIn(sealed, other)]],
        truth: () => stand.resultIn(sealed),
      };
    },
  },
  {
    id: "A77",
    name: "Takes only a part of the result, or throws while it takes it",
    by: "enclave",
    codes: ["enclave.host"],
    stage: async (stand) => {
      await stand.ready();
      const taking = (write: (content: AsyncIterable<Uint8Array>) => Promise<void>) => async () => {
        stand.tricks.write = write;
        // The model has run, once; what it came to is kept, and no receipt is given.
        return stand.run().finally(() => stand.forgive());
      };
      return {
        lies: [
          ["enclave.host", taking(async () => undefined)],
          [
            "enclave.host",
            taking(async (content) => {
              for await (const piece of content) if (piece.length > 0) return;
            }),
          ],
          [
            "enclave.host",
            taking(async () => {
              throw new Error("the disk is full");
            }),
          ],
        ],
        takesFiles: true,
        truth: () => {
          stand.tricks.write = undefined;
          return stand.run();
        },
      };
    },
  },
  {
    id: "A78",
    name: "Puts the receipt onto the ledger twice, or runs the task once more",
    by: "rules",
    codes: ["stream.moved", "enclave.task.state"],
    stage: async (stand) => {
      await stand.ready();
      const [first, second] = [await stand.run(), await stand.run()];
      await stand.stage.submit(first);
      await stand.follow();
      return {
        lies: [
          ["stream.moved", () => stand.stage.submit(second)],
          ["stream.moved", () => stand.stage.submit(first)],
          ["enclave.task.state", () => stand.run()],
        ],
      };
    },
  },
];

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A79",
    name: "Has another enclave, or nobody, sign the receipt",
    by: "rules",
    codes: ["task.party", "statement.signature", "statement.principal"],
    stage: async ({ stage, enclave, institute, taskUpTo }) => {
      const task = await taskUpTo("authorised");
      const other = createEnclave({ at: stage.clock.now() });
      await found(stage, other);
      const payload = { receipt: c.receiptOf(stage, task), result: c.RESULT };
      const forged = signed(stage, enclave, "task.completed", task, payload, { key: generateKey("P-256") });
      const byMember = signed(stage, institute, "task.completed", task, payload);
      const failure = { task: c.digestOfTask(stage, task), code: "model.threw" };
      return {
        lies: [
          ["task.party", () => c.complete(stage, other, task)],
          ["task.party", () => stage.submit(signed(stage, other, "task.failed", task, failure))],
          ["statement.signature", () => stage.submit(forged)],
          ["statement.principal", () => stage.submit(byMember)],
        ],
        truth: () => c.complete(stage, enclave, task),
      };
    },
  },
  {
    id: "A80",
    name: "Edits a receipt: other code, data, program, sandbox, task, times or rows",
    by: "rules",
    codes: ["statement.signature", "task.receipt", "task.digest"],
    stage: async ({ stage, enclave, taskUpTo }) => {
      const task = await taskUpTo("authorised");
      const complete =
        (twist: Record<string, unknown>, result = {}) =>
        () =>
          c.complete(stage, enclave, task, { receipt: twist, result });
      const { sources } = c.receiptOf(stage, task);
      const payload = { receipt: c.receiptOf(stage, task), result: c.RESULT };
      const [header, , signature] = signed(stage, enclave, "task.completed", task, payload).split(".");
      const other = signed(stage, enclave, "task.completed", task, { ...payload, result: { ...c.RESULT, rows: 0 } });
      return {
        lies: [
          // Under the signature that the enclave gave,
          ["statement.signature", () => stage.submit([header, other.split(".")[1], signature].join("."))],
          // and even if the enclave's program signed such a thing.
          ["task.receipt", complete({ model: digestOf("other code") })],
          ["task.receipt", complete({ measurement: "00".repeat(48) })],
          ["task.receipt", complete({ isolation: "quickjs" })],
          ["task.receipt", complete({ sources: sources.toReversed() })],
          ["task.receipt", complete({ sources: sources.slice(1) })],
          ["task.receipt", complete({ finished: "2020-01-01T00:00:00.000Z" })],
          ["task.receipt", complete({}, { rows: 1_001 })],
          ["task.digest", complete({ task: digestOf("another task") })],
        ],
        truth: complete({}),
      };
    },
  },
];

export const results = [
  ...attacksOn(openClient, onClients),
  ...attacksOn(openEnclave, onEnclave),
  ...attacksOn(openRules, onRules),
];
