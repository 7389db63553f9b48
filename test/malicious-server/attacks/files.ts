/** Other bytes than those that were sealed. */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { concat, u32 } from "../../../src/base/bytes.ts";
import { Refusal } from "../../../src/base/refusal.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { keptContext, modelContext, resultContext, sourceContext } from "../../../src/trust/envelope/contexts.ts";
import { source } from "../../support/consortium.ts";
import type { RigOptions } from "../../support/hostile-host.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const MiB = 1 << 20;
/** What a sealed chunk takes in an envelope: its length, a MiB, its tag. */
const FRAME = 4 + MiB + 16;

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A58",
    name: "Gives an envelope cut short, drawn out, given twice or with a bit flipped",
    by: "enclave",
    codes: ["enclave.file"],
    stage: async (stand) => {
      await stand.ready();
      const changes: ((bytes: Uint8Array) => Uint8Array)[] = [
        (bytes) => bytes.subarray(0, -1),
        () => new Uint8Array(),
        (bytes) => concat(bytes, Uint8Array.of(0)),
        (bytes) => concat(bytes, bytes),
        (bytes) => flipped(bytes, 20),
        (bytes) => flipped(bytes, bytes.length - 1),
      ];
      const given = (digest: string, change: (typeof changes)[0]) => () => {
        stand.swap(digest, change);
        return stand.run();
      };
      return {
        lies: [stand.envelope, stand.archive].flatMap(({ digest }) =>
          changes.map((change) => ["enclave.file", given(digest, change)] as const),
        ),
        takesFiles: true,
        truth: stand.truth,
      };
    },
  },
  {
    id: "A59",
    name: "Seals a table of its own to the enclave, and gives it for the owner's",
    by: "enclave",
    codes: ["enclave.file"],
    stage: async (stand) => {
      await stand.ready();
      const forged = await stand.sealFor("number\n7\n");
      const given = (change: (honest: Uint8Array) => Uint8Array) => () => {
        stand.swap(stand.envelope.digest, change);
        return stand.run();
      };
      return {
        lies: [
          ["enclave.file", given(() => forged)],
          // The head of the one and the body of the other.
          ["enclave.file", given((honest) => concat(forged.subarray(0, -40), honest.subarray(-40)))],
        ],
        takesFiles: true,
        truth: stand.truth,
      };
    },
  },
  {
    id: "A60",
    name: "Exchanges a large file on the disk after it was checked, before it is read",
    by: "enclave",
    codes: ["enclave.file"],
    on: { csv: `number\n${"1.000000001\n".repeat(3_200_000)}` },
    stage: async (stand) => {
      await stand.ready();
      const { hooks } = await stand.restartOnHardware();
      await stand.follow();
      // The enclave makes durable that it begins the task between check and use.
      const exchange = async () => {
        const waiting = (await readdir(stand.state)).filter((name) => name.startsWith("incoming-"));
        for (const name of waiting) {
          const file = await open(join(stand.state, name), "r+");
          await file.write(new Uint8Array(16), 0, 16, MiB);
          await file.close();
        }
      };
      const run = async () => {
        hooks.before = exchange;
        const answer = await stand.run().finally(() => {
          hooks.before = async () => undefined;
        });
        return answer;
      };
      return { lies: [["enclave.file", run]], takesFiles: true, truth: () => stand.run() };
    },
  },
  {
    id: "A61",
    name: "Cuts, joins and reorders the chunks of an envelope",
    by: "enclave",
    codes: ["envelope.truncated", "envelope.trailing", "envelope.damaged", "envelope.malformed"],
    on: { csv: `number\n${"1\n".repeat(3 * MiB)}` },
    stage: async (stand) => {
      await stand.follow();
      const honest = stand.files.get(stand.envelope.digest) ?? new Uint8Array();
      const other = await stand.sealFor(`number\n${"2\n".repeat(3 * MiB)}`);
      // The last chunk has the rest: the header is what is left when whole frames and it are taken away.
      const last = ((7 + 6 * MiB) % MiB) + 20;
      const header = honest.subarray(0, honest.length - last - 6 * FRAME);
      const frame = (i: number, of = honest) =>
        of.subarray(header.length + i * FRAME, Math.min(of.length, header.length + (i + 1) * FRAME));
      const frames = Array.from({ length: 7 }, (_, i) => frame(i));
      const [first, second, ...rest] = frames as [Uint8Array, Uint8Array, ...Uint8Array[]];
      // Whoever may ask of an envelope at all signs for its digest: here an owner that the server deceives.
      const ask = (...parts: Uint8Array[]) => {
        const { digest } = stand.put(concat(...parts));
        return () => stand.ask(stand.request({ envelope: digest }));
      };
      return {
        lies: [
          ["envelope.truncated", ask(header, first, second)],
          ["envelope.truncated", ask(header, ...frames.slice(0, -1))],
          ["envelope.trailing", ask(honest, first)],
          ["envelope.damaged", ask(header, second, first, ...rest)],
          ["envelope.damaged", ask(header, first, first, ...rest)],
          ["envelope.damaged", ask(header, ...rest)],
          ["envelope.damaged", ask(header, frame(0, other), second, ...rest)],
          ["envelope.malformed", ask(header, u32(100), first.subarray(4, 104), second)],
        ],
        takesFiles: true,
        truth: () => stand.ask(stand.request()),
      };
    },
  },
  {
    id: "A62",
    name: "Has an envelope opened in another context: owner, enclave, type, or purpose",
    by: "enclave",
    codes: ["envelope.context"],
    stage: async (stand) => {
      const { stage, hospital, institute, enclave, described } = stand;
      const foreign = stand.put(await stand.sealFor("number\n1\n", institute.id));
      const sources = [await source(stage, hospital, enclave, { envelope: foreign, ...described })];
      const task = await stand.readyTask({ sources });
      await stand.ready();
      const contexts = [
        sourceContext(hospital.id, digestOf("another enclave"), "csv"),
        sourceContext(hospital.id, enclave.id, "parquet"),
        modelContext(hospital.id, enclave.id, digestOf("archive")),
        resultContext(digestOf("task")),
        keptContext(digestOf("kept")),
      ];
      const envelopes: string[] = [];
      for (const context of contexts) envelopes.push(stand.put(await stand.seal("number\n1\n", context)).digest);
      return {
        lies: [
          ["envelope.context", () => stand.run({ task })],
          ["envelope.context", () => stand.ask(stand.request({ type: "parquet" }))],
          [
            "envelope.context",
            async () => {
              const request = stand.request({ by: institute.id }, institute);
              return stand.ask(request, { owner: institute.id });
            },
          ],
          ...envelopes.map((envelope) => ["envelope.context", () => stand.ask(stand.request({ envelope }))] as const),
        ],
        takesFiles: true,
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A63",
    name: "Asks for the structure of a table in its owner's name, or with an old request",
    by: "enclave",
    codes: ["enclave.request", "certificate.issuer", "jws.signature", "enclave.file"],
    stage: async (stand) => {
      await stand.follow();
      const { hospital, institute, stage } = stand;
      const now = stage.clock.now();
      const ask =
        (twist: object, signer: Pick<typeof hospital, "key" | "leaf"> = hospital) =>
        () =>
          stand.ask(stand.request({ ...twist }, signer));
      const at = (time: number) => ({ at: new Date(time).toISOString() });
      const other = await stand.sealFor("number,secret\n1,2\n");
      return {
        lies: [
          ["enclave.request", ask({ enclave: digestOf("another") })],
          ["enclave.request", ask({ by: digestOf("nobody") })],
          ["enclave.request", ask(at(now - 11 * 60_000))],
          ["enclave.request", ask(at(now + 11 * 60_000))],
          ["enclave.request", ask({ use: "entente/destination-test/1" })],
          ["certificate.issuer", ask({}, institute)],
          ["jws.signature", ask({}, { key: institute.key, leaf: hospital.leaf })],
          [
            "enclave.file",
            () => {
              stand.swap(stand.envelope.digest, () => other);
              return ask({})();
            },
          ],
        ],
        takesFiles: true,
        truth: () => {
          stand.tricks.read = undefined;
          return ask({})();
        },
      };
    },
  },
  {
    id: "A64",
    name: "Keeps files back or throws words of its own, to have them signed as a failure",
    by: "enclave",
    codes: ["enclave.host"],
    stage: async (stand) => {
      await stand.ready();
      const throwing = (error: Error) => () => {
        stand.tricks.read = async function* (_, honest) {
          yield honest().subarray(0, 10);
          throw error;
        };
        return stand.run();
      };
      const errors = [new Refusal("hospital.cheated", 400), new Refusal("model.threw", 422), new Error("disk")];
      // More often than a task is begun: what is kept back costs no attempt.
      const often = Array.from({ length: 10 }, () => errors).flat();
      return {
        lies: often.map((error) => ["enclave.host", throwing(error)] as const),
        takesFiles: true,
        truth: stand.truth,
      };
    },
  },
];

export const files = attacksOn(openEnclave, attacks);
