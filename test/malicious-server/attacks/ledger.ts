/** Another ledger than the one there is, or another time. */
import { generateKey, sign } from "#crypto";
import { DAY, iso, MINUTE } from "../../../src/base/clock.ts";
import { rawFromPublicKey } from "../../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import type { Leaf } from "../../../src/trust/leaf.ts";
import { formatCheckpoint, openCheckpoint, signCheckpoint } from "../../../src/trust/log/checkpoint.ts";
import { createNoteSigner, signNote } from "../../../src/trust/log/note.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { crlOf, issueLeaf } from "../../support/principals.ts";
import { act, signed } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

/** The same leaves, but the last says another statement. */
const forked = (leaves: readonly Leaf[]): Leaf[] =>
  leaves.map((leaf, i) => (i === leaves.length - 1 ? { ...leaf, statement: digestOf("another") } : leaf));

const onEnclave: AttackOn<EnclaveStand>[] = [
  {
    id: "A38",
    name: "Rolls the ledger back to before a revocation, and restarts the enclave",
    by: "enclave",
    codes: ["enclave.ledger.stale"],
    stage: async (stand) => {
      await stand.ready();
      const before = stand.ledger.size;
      await act(stand.stage, stand.hospital, "task.revoked", stand.task);
      await stand.follow();
      await stand.restart();
      await stand.follow(before);
      return {
        lies: [
          ["enclave.ledger.stale", () => stand.run()],
          ["enclave.ledger.stale", () => stand.ask(stand.request())],
        ],
      };
    },
  },
  {
    id: "A39",
    name: "Forks the ledger below what the enclave has followed",
    by: "enclave",
    codes: ["enclave.ledger.forked", "enclave.ledger.stale"],
    stage: async (stand) => {
      await stand.ready();
      await stand.restart();
      const leaves = stand.leaves();
      const onward: Leaf = { seq: 0, statement: digestOf("x"), stream: digestOf("x"), time: stand.stage.clock.now() };
      return {
        lies: [
          ["enclave.ledger.forked", () => stand.show(forked(leaves))],
          ["enclave.ledger.forked", () => stand.show([...forked(leaves), onward])],
          ["enclave.ledger.stale", () => stand.run()],
        ],
        truth: async () => {
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A40",
    name: "Shows two ledgers at once",
    by: "enclave",
    codes: ["enclave.ledger.stale", "enclave.ledger.forked"],
    stage: async (stand) => {
      await stand.authorise();
      const leaves = stand.leaves();
      const first = stand.show(leaves);
      const second = () => stand.show(forked(leaves));
      return {
        lies: [
          ["enclave.ledger.stale", second],
          [
            "enclave.ledger.forked",
            async () => {
              await first;
              await stand.restart();
              return second();
            },
          ],
        ],
        truth: async () => {
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A41",
    name: "Shows an old checkpoint to new leaves, or leaves that do not fit the checkpoint",
    by: "enclave",
    codes: ["enclave.ledger.stale", "enclave.ledger.forked"],
    stage: async (stand) => {
      await stand.authorise();
      const leaves = stand.leaves();
      const [checkpoint, old] = [stand.ledger.checkpoint(), stand.ledger.checkpoint(3)];
      const shown =
        (from: number, some: readonly (Leaf | undefined)[], note = checkpoint) =>
        () =>
          stand.call("follow", { from, leaves: some, checkpoint: note });
      return {
        lies: [
          ["enclave.ledger.stale", shown(0, leaves, old)],
          ["enclave.ledger.stale", shown(3, leaves.slice(3))],
          ["enclave.ledger.stale", shown(0, leaves.slice(1))],
          ["enclave.ledger.forked", shown(0, forked(leaves))],
          ["enclave.ledger.forked", shown(0, [leaves[1], leaves[0], ...leaves.slice(2)])],
        ],
        truth: async () => {
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A42",
    name: "Shows a checkpoint of another key, or of another origin",
    by: "enclave",
    codes: ["note.unsigned", "note.signature", "checkpoint.origin"],
    stage: async (stand) => {
      await stand.authorise();
      const leaves = stand.leaves();
      const key = generateKey("Ed25519");
      const publicKey = rawFromPublicKey(key.publicKey);
      const honest = openCheckpoint(stand.ledger.checkpoint(), stand.ledger.verifierKey);
      const other = createNoteSigner({ name: honest.origin, publicKey, sign: (message) => sign(key, message) });
      // Whoever has the ledger's key may write another origin into what it signs.
      const elsewhere = signNote(formatCheckpoint({ ...honest, origin: "entente/elsewhere" }), [stand.signer]);
      const forgedSignature = { ...stand.signer, sign: (text: string) => other.sign(text) };
      const shown = (checkpoint: string) => () => stand.call("follow", { from: 0, leaves, checkpoint });
      return {
        lies: [
          ["note.unsigned", shown(signCheckpoint(honest, other))],
          ["note.signature", shown(signCheckpoint(honest, forgedSignature))],
          ["checkpoint.origin", shown(elsewhere)],
        ],
        truth: async () => {
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A43",
    name: "Gives the enclave another ledger for its own",
    by: "enclave",
    codes: ["enclave.ledger.other", "note.unsigned"],
    stage: async (stand) => {
      await stand.ready();
      // On a ledger of the same name, under another key.
      const keys = generateKey("Ed25519");
      const publicKey = rawFromPublicKey(keys.publicKey);
      const { origin } = openCheckpoint(stand.ledger.checkpoint(), stand.ledger.verifierKey);
      const mine = createNoteSigner({ name: origin, publicKey, sign: (message) => sign(keys, message) });
      const honest = openCheckpoint(stand.ledger.checkpoint(), stand.ledger.verifierKey);
      return {
        lies: [
          ["enclave.ledger.other", () => stand.restart({ ledger: mine.verifierKey })],
          [
            "note.unsigned",
            async () => {
              await stand.restart();
              return stand.call("follow", {
                from: 0,
                leaves: stand.leaves(),
                checkpoint: signCheckpoint(honest, mine),
              });
            },
          ],
        ],
        truth: async () => {
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A44",
    name: "Lets the ledger's time go back, to put an act before a revocation",
    by: "enclave",
    codes: ["enclave.ledger.time"],
    stage: async (stand) => {
      const { stage, hospital } = stand;
      const thief = issueLeaf(hospital);
      stage.clock.advance(DAY);
      const crl = crlOf(hospital, { at: stage.clock.now(), revoked: [thief.leaf] });
      await act(stage, hospital, "organisation.crl-published", hospital.id, { crl });
      await stand.ready();
      const early = stage.clock.now() - DAY + MINUTE;
      const payload = { network: "evidence", enclave: stand.enclave.id, detail: digestOf("x") };
      const stolen = signed(stage, hospital, "alliance.founded", "", payload, { ...thief, at: iso(early) });
      const { digest } = parseStatement(stolen);
      const leaf = { seq: 0, statement: digest, stream: digest, time: early };
      const { size } = stand.ledger;
      const checkpoint = stand.ledger.checkpoint();
      return {
        lies: [["enclave.ledger.time", () => stand.call("follow", { from: size, leaves: [leaf], checkpoint })]],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A45",
    name: "Runs what has lapsed, with the clock turned back",
    by: "enclave",
    codes: ["enclave.task.state", "enclave.request"],
    stage: async (stand) => {
      await stand.ready();
      const request = stand.request();
      stand.stage.clock.advance(8 * DAY);
      const fresh = stand.request();
      const late = () => stand.run();
      await stand.newTask();
      await stand.follow();
      stand.stage.clock.advance(-8 * DAY);
      return {
        lies: [
          ["enclave.task.state", late, /failed/],
          ["enclave.request", () => stand.ask(request)],
        ],
        // By the newest leaf's time, whatever the clock says.
        truth: () => stand.ask(fresh),
      };
    },
  },
  {
    id: "A46",
    name: "Goes on with a run after the ledger has taken the consent back",
    by: "enclave",
    codes: ["enclave.moved"],
    stage: async (stand) => {
      const other = await stand.readyTask();
      await stand.ready();
      // The run has judged the task and takes its files when an owner takes its word back, and the enclave sees it.
      const during = (task: string, change: () => Promise<unknown>) => async () => {
        stand.tricks.read = async function* (digest, honest) {
          if (digest === stand.envelope.digest) {
            await change();
            await stand.follow();
          }
          yield honest();
        };
        return stand.run({ task });
      };
      const { stage, hospital } = stand;
      return {
        lies: [
          ["enclave.moved", during(stand.task, () => act(stage, hospital, "task.revoked", stand.task))],
          ["enclave.moved", during(other, () => stand.withdrawSource())],
        ],
        takesFiles: true,
      };
    },
  },
];

export const ledger = attacksOn(openEnclave, onEnclave);
