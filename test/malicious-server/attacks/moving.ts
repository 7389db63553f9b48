/** Another enclave than the owner has named, or the same table in use in two, when programs are replaced. */
import { generateKey, sha256Hex } from "#crypto";
import { toBase64, utf8 } from "../../../src/base/bytes.ts";
import { canonical } from "../../../src/base/canonical.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { releaseContext } from "../../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../../src/trust/envelope/envelope.ts";
import { signJws } from "../../../src/trust/jws.ts";
import { type RigOptions, sha384Hex } from "../../support/hostile-host.ts";
import {
  adopt,
  agreed,
  firstOf,
  handOver,
  moveAll,
  moveSource,
  openSecond,
  release,
  runAt,
  sourceOf,
  successor,
} from "../../support/moving.ts";
import { createEnclave } from "../../support/principals.ts";
import { act } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const openBoth = async (stand: EnclaveStand) => ({ first: firstOf(stand), second: await openSecond(stand) });

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A141",
    name: "Has what was sealed handed over though its owner has moved nothing, or has moved it back",
    by: "enclave",
    codes: ["enclave.not-held", "enclave.not-moved", "enclave.stream.incomplete"],
    stage: async (stand) => {
      const { first, second } = await openBoth(stand);
      await stand.follow();
      const before = await stand.statements(sourceOf(stand));
      await moveSource(stand, first, second);
      await moveSource(stand, second, first);
      return {
        lies: [
          ["enclave.not-moved", () => release(stand, first)],
          ["enclave.not-moved", () => release(stand, first, stand.parts.model)],
          ["enclave.not-held", () => release(stand, second)],
          ["enclave.stream.incomplete", () => first.call("release", { resource: sourceOf(stand) }, before)],
        ],
        takesFiles: true,
        truth: async () => {
          await moveSource(stand, first, second);
          return handOver(stand, first, second);
        },
      };
    },
  },
  {
    id: "A142",
    name: "Moves what was sealed to another program than its owner signed for, or to where less is protected",
    by: "rules",
    codes: ["enclave.unknown", "enclave.weaker", "owner.required"],
    stage: async (stand) => {
      const { first, second } = await openBoth(stand);
      const foreign = createEnclave({ at: stand.stage.clock.now() });
      await stand.stage.submit(foreign.founding);
      const move = (twist: object, by = stand.hospital) => {
        const payload = { from: first.id, ...successor(second), ...twist };
        return act(stand.stage, by, "source.moved", sourceOf(stand), payload);
      };
      return {
        lies: [
          ["enclave.unknown", () => move({ measurement: sha384Hex("the audited program") })],
          ["enclave.unknown", () => move({ enclave: digestOf("none") })],
          ["enclave.weaker", () => move(successor(foreign)), /another ledger/],
          ["owner.required", () => move({}, stand.institute)],
        ],
        truth: () => move({}),
      };
    },
  },
  {
    id: "A143",
    name: "Goes on with a table in the former enclave, to spend its budget twice",
    by: "enclave",
    codes: ["enclave.left", "enclave.moved", "enclave.not-adopted"],
    stage: async (stand) => {
      const { first, second } = await openBoth(stand);
      const open = await agreed(stand, stand.parts);
      await moveAll(stand, first, second);
      await handOver(stand, first, second);
      const request = stand.request();
      return {
        lies: [
          ["enclave.left", () => runAt(stand, first, open)],
          ["enclave.moved", () => stand.ask(request)],
          [
            "enclave.not-adopted",
            async () => {
              await moveAll(stand, second, first);
              return runAt(stand, first, await agreed(stand, stand.parts));
            },
          ],
        ],
        truth: async () => {
          await handOver(stand, second, first);
          return runAt(stand, first, await agreed(stand, stand.parts));
        },
      };
    },
  },
  {
    id: "A144",
    name: "Hands the new enclave an older release, or one of its own making, to have less spent",
    by: "enclave",
    codes: ["envelope.context", "enclave.not-adopted", "jws.signature"],
    on: { source: { policy: { budget: { runs: 4 } } } },
    stage: async (stand) => {
      const { first, second } = await openBoth(stand);
      const there = await moveAll(stand, first, second);
      const old = await handOver(stand, first, second);
      await moveAll(stand, second, first);
      await handOver(stand, second, first);
      await runAt(stand, first, await agreed(stand, stand.parts));
      await moveAll(stand, first, second);
      const task = await agreed(stand, there);
      const context = releaseContext(sourceOf(stand), first.id, second.id);
      const made = signJws({
        key: generateKey("P-256"),
        typ: "entente-release+jws",
        payload: canonical({ account: {} }),
      });
      const own = toBase64(await sealBytes(utf8(made), { to: second.recipient, context }));
      stand.forgive();
      return {
        lies: [
          ["jws.signature", () => adopt(stand, second, { ...old, release: own }, { from: first.id })],
          ["envelope.context", () => adopt(stand, second, old, { from: second.id })],
          [
            "enclave.not-adopted",
            async () => {
              await adopt(stand, second, old, { from: first.id });
              return runAt(stand, second, task);
            },
          ],
        ],
        takesFiles: true,
        truth: async () => {
          await handOver(stand, first, second);
          return runAt(stand, second, task);
        },
      };
    },
  },
  {
    id: "A145",
    name: "Shows the new enclave less of the ledger than the former one has seen, or another",
    by: "enclave",
    codes: ["log.consistency"],
    stage: async (stand) => {
      const { first, second } = await openBoth(stand);
      await moveSource(stand, first, second);
      const released = await release(stand, first);
      await act(stand.stage, stand.institute, "model.permitted", stand.parts.model, { permission: { kind: "public" } });
      const consistency = [[], [toBase64(utf8(sha256Hex("another").slice(0, 32)))]];
      return {
        lies: consistency.map((proof) => [
          "log.consistency",
          () => adopt(stand, second, released, { from: first.id, consistency: proof }),
        ]),
        takesFiles: true,
        truth: () => adopt(stand, second, released, { from: first.id }),
      };
    },
  },
];

export const moving = attacksOn(openEnclave, attacks);
