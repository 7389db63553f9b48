/** A bundle that says something else than what happened. */
import { generateKey, sign } from "#crypto";
import { fromUtf8, toBase64, utf8 } from "../../../src/base/bytes.ts";
import { rawFromPublicKey } from "../../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { openCheckpoint, signCheckpoint } from "../../../src/trust/log/checkpoint.ts";
import { addSignature, createNoteSigner } from "../../../src/trust/log/note.ts";
import { openStage } from "../../support/bundle.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { openVerifier, type VerifierStand } from "../stands/verifier.ts";

const signerOf = (name: string) => {
  const key = generateKey("Ed25519");
  return createNoteSigner({
    name,
    publicKey: rawFromPublicKey(key.publicKey),
    sign: (message) => sign(key, message),
  });
};

const attacks: AttackOn<VerifierStand>[] = [
  {
    id: "A81",
    name: "Drops statements from a bundle, or ends it before the receipt",
    by: "verifier",
    codes: ["bundle.inclusion", "bundle.unfinished", "resource.not-shared", "statement.principal"],
    stage: (stand) => {
      const without = (kind: string) => () =>
        stand.changed(({ entries }) => {
          const at = entries.findIndex(({ jws }) => kindOf(jws) === kind);
          entries.splice(at, 1);
        });
      return {
        lies: [
          ["bundle.inclusion", without("task.source-authorised")],
          ["bundle.inclusion", without("alliance.joined")],
          ["bundle.inclusion", without("alliance.founded")],
          ["resource.not-shared", without("source.registered")],
          ["statement.principal", without("organisation.founded")],
          ["bundle.unfinished", () => stand.changed(({ entries }) => entries.pop())],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A82",
    name: "Reorders the statements of a bundle, or gives them other places and times",
    by: "verifier",
    codes: ["bundle.order", "bundle.inclusion"],
    stage: (stand) => {
      const last = stand.ran.bundle.entries.length - 1;
      const moved = (at: number, by: { index?: number; time?: number }) => () =>
        stand.changed(({ entries }) => {
          const { index = 0, time = 0 } = entries[at] ?? {};
          Object.assign(entries[at] ?? {}, { index: index + (by.index ?? 0), time: time + (by.time ?? 0) });
        });
      return {
        lies: [
          ["bundle.order", () => stand.changed(({ entries }) => entries.reverse())],
          ["bundle.order", moved(1, { time: -1 })],
          ["bundle.inclusion", moved(last, { index: 1 })],
          ["bundle.inclusion", moved(last, { time: 1 })],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A83",
    name: "Exchanges a bundle's checkpoint, ledger or proofs for others",
    by: "verifier",
    codes: ["note.unsigned", "bundle.inclusion", "bundle.receipt", "bundle.malformed", "bundle.ledger"],
    stage: async (stand) => {
      const { ran } = stand;
      const other = await stand.run({ noise: 2 });
      const { checkpoint, ledger, consistency } = other.bundle;
      const stale = ran.ledger.checkpoint((ran.bundle.entries.at(-1)?.index ?? 1) - 1);
      const honest = openCheckpoint(ran.bundle.checkpoint, ran.bundle.ledger);
      const mine = signerOf(honest.origin);
      const resigned = { checkpoint: signCheckpoint(honest, mine), ledger: mine.verifierKey };
      const put = (over: object) => () => stand.changed((bundle) => Object.assign(bundle, over));
      const proof = [toBase64(new Uint8Array(32))];
      return {
        lies: [
          ["note.unsigned", put({ checkpoint })],
          ["note.unsigned", put({ ledger })],
          ["bundle.inclusion", put({ checkpoint, ledger, consistency })],
          ["bundle.inclusion", put({ checkpoint: stale })],
          ["bundle.inclusion", () => stand.changed(({ entries }) => Object.assign(entries[0] ?? {}, { proof }))],
          ["bundle.receipt", put({ consistency: proof })],
          ["bundle.ledger", put(resigned)],
          // A signature that nobody checks could say anything.
          ["bundle.malformed", put({ checkpoint: addSignature(ran.bundle.checkpoint, signerOf("stranger")) })],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A84",
    name: "Makes up a ledger around the same statements",
    by: "verifier",
    codes: ["bundle.ledger", "bundle.trust"],
    stage: async (stand) => {
      const { entries } = stand.ran.bundle;
      const forged = await openStage();
      for (const { jws, time } of entries) {
        forged.stage.clock.advance(time - forged.stage.clock.now());
        await forged.ledger.submit(jws);
      }
      const { ledger } = forged;
      const around = {
        ledger: ledger.verifierKey,
        checkpoint: ledger.checkpoint(),
        consistency: [],
        entries: entries.map((entry, index) => ({
          ...entry,
          index,
          proof: ledger.inclusion(index, ledger.size).map(toBase64),
        })),
      };
      await forged.close();
      return {
        lies: [
          ["bundle.ledger", () => stand.changed((bundle) => Object.assign(bundle, around))],
          ["bundle.trust", () => stand.trusting({ ledger: around.ledger })],
        ],
        truth: () => stand.trusting({ ledger: stand.ran.ledger.verifierKey }),
      };
    },
  },
  {
    id: "A85",
    name: "Puts another run's receipt into a bundle, or one that saw less than it should",
    by: "verifier",
    codes: ["bundle.inclusion", "bundle.heads", "bundle.receipt"],
    stage: async (stand) => {
      const { ran } = stand;
      const foreign = (await stand.run()).bundle.entries.at(-1);
      // What the enclave says that it saw is not what was there.
      const blind = await stand.run({ receipt: { heads: { [digestOf("a stream")]: digestOf("a head") } } });
      const elsewhere = { size: ran.bundle.entries.length - 2, root: "ab".repeat(32) };
      const lying = await stand.run({ receipt: { checkpoint: elsewhere } });
      return {
        lies: [
          [
            "bundle.inclusion",
            () => stand.changed(({ entries }) => Object.assign(entries.at(-1) ?? {}, { jws: foreign?.jws })),
          ],
          ["bundle.heads", () => stand.verify(blind.bytes)],
          ["bundle.receipt", () => stand.verify(lying.bytes)],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A86",
    name: "Adds streams that have nothing to do with the run to a bundle",
    by: "verifier",
    codes: ["bundle.stray"],
    stage: async (stand) => {
      const { ledger, bundle } = stand.ran;
      const known = new Set(bundle.entries.map(({ index }) => index));
      const strays = Array.from({ length: ledger.size }, (_, index) => index).filter((index) => !known.has(index));
      const entry = await ledger.entry(strays[0] ?? 0);
      const proof = ledger.inclusion(entry.index, ledger.size).map(toBase64);
      const stray = { index: entry.index, time: entry.time, jws: entry.jws, proof };
      const added = () =>
        stand.changed(({ entries }) => {
          entries.push(stray);
          entries.sort((a, b) => a.index - b.index);
        });
      return { lies: [["bundle.stray", added]], truth: () => stand.verify() };
    },
  },
  {
    id: "A87",
    name: "Puts other words beside the digests in a bundle",
    by: "verifier",
    codes: ["statement.detail", "bundle.detail"],
    stage: (stand) => {
      const [first = ""] = Object.keys(stand.ran.bundle.details);
      const stray = { salt: "A".repeat(22), name: "stray" };
      return {
        lies: [
          [
            "statement.detail",
            () => stand.changed(({ details }) => Object.assign(details[first] ?? {}, { salt: "B".repeat(22) })),
          ],
          ["bundle.detail", () => stand.changed(({ details }) => Object.assign(details, { [digestOf(stray)]: stray }))],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A88",
    name: "Writes the same bundle in other bytes",
    by: "verifier",
    codes: ["bundle.malformed"],
    stage: (stand) => {
      const text = fromUtf8(stand.ran.bytes);
      const others = [
        `${text}\n`,
        JSON.stringify(JSON.parse(text), null, 2),
        text.replace('"format"', '"\\u0066ormat"'),
        text.replace('{"checkpoint"', '{"a":1,"checkpoint"'),
        `\ufeff${text}`,
        "",
      ];
      return {
        lies: others.map((other) => ["bundle.malformed", () => stand.verify(utf8(other))] as const),
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A89",
    name: "Shows the story of other organisations under the names that one knows",
    by: "verifier",
    codes: ["bundle.trust"],
    stage: (stand) => {
      const [party] = stand.ran.parties;
      const name = party?.name ?? "";
      const pin = (fingerprint: string) => ({ members: { [name]: fingerprint } });
      return {
        lies: [
          ["bundle.trust", () => stand.trusting(pin("ab".repeat(32)))],
          ["bundle.trust", () => stand.trusting({ members: { 第九医院: party?.ca.fingerprint ?? "" } })],
          ["bundle.trust", () => stand.trusting({ providers: ["tdx"] })],
          [
            "bundle.trust",
            () => stand.trusting({ enclaves: [{ provider: "simulated", measurement: "ab".repeat(48) }] }),
          ],
        ],
        truth: () => stand.trusting(pin(party?.ca.fingerprint ?? "")),
      };
    },
  },
];

const kindOf = (jws: string): string =>
  (JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString()) as { kind: string }).kind;

export const evidence = attacksOn(openVerifier, attacks);
