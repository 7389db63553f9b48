import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateKey, sign } from "#crypto";
import { openStage, type Ran, runToBundle } from "../../test/support/bundle.ts";
import { fromUtf8, toBase64, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { rawFromPublicKey } from "../trust/crypto/encoding.ts";
import { digestOf } from "../trust/digest.ts";
import { openCheckpoint, signCheckpoint } from "../trust/log/checkpoint.ts";
import { addSignature, createNoteSigner } from "../trust/log/note.ts";
import type { Bundle } from "./bundle.ts";
import { verifyBundle } from "./verify.ts";

let ran: Ran;
let other: Ran;
before(async () => {
  ran = await runToBundle({ parties: 3, noise: 2 });
  other = await runToBundle({ parties: 3, noise: 3 });
});
after(() => Promise.all([ran.close(), other.close()]));

const refusedAs = (bytes: Uint8Array, code: string | RegExp) =>
  assert.throws(
    () => verifyBundle(bytes),
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      if (typeof code === "string") assert.equal(error.code, code, error.message);
      else assert.match(error.code, code, error.message);
      assert.doesNotMatch(error.message, /\{\w+\}/, "every placeholder is filled");
      return true;
    },
  );
/** The ledger's place or a rule says no: which of them depends on what is missing. */
const OUT_OF_PLACE = /^(bundle|stream|enclave|member|resource|statement|task)\./;
/** The bundle with something changed, in canonical form. */
const changed = (change: (bundle: Mutable) => void, of = ran): Uint8Array => {
  const bundle = structuredClone(of.bundle) as Mutable;
  change(bundle);
  return utf8(canonical(bundle));
};
type Mutable = { -readonly [K in keyof Bundle]: Bundle[K] };

test("a bundle of a real run holds, with all its texts or with none", async () => {
  const verified = verifyBundle(ran.bytes);
  assert.equal(verified.task.state, "succeeded");
  assert.equal(verified.entries.length, ran.bundle.entries.length);
  assert.equal(verified.details.size, Object.keys(ran.bundle.details).length);
  assert.ok(verified.details.size >= 8);
  const bare = await runToBundle({ withoutTexts: true });
  assert.equal(verifyBundle(bare.bytes).details.size, 0);
  await bare.close();
});

test("what has nothing to do with the run is not in its bundle", () => {
  assert.ok(ran.ledger.size > ran.bundle.entries.length + 3);
  assert.equal(ran.bundle.entries.at(-1)?.index, ran.ledger.size - 3);
});

test("a statement that was dropped shows, whichever it is", () => {
  for (const i of ran.bundle.entries.keys())
    refusedAs(
      changed((bundle) => bundle.entries.splice(i, 1)),
      OUT_OF_PLACE,
    );
});

test("statements in another order show", () => {
  const swap = (i: number) =>
    changed(({ entries }) => {
      const [a, b] = [entries[i], entries[i + 1]];
      if (a && b) entries.splice(i, 2, b, a);
    });
  for (let i = 0; i + 1 < ran.bundle.entries.length; i++) refusedAs(swap(i), "bundle.order");
});

test("a statement given another place or time is not the ledger's", () => {
  const last = ran.bundle.entries.length - 1;
  refusedAs(
    changed(({ entries }) => Object.assign(entries[last] ?? {}, { index: (entries[last]?.index ?? 0) + 1 })),
    "bundle.inclusion",
  );
  refusedAs(
    changed(({ entries }) => Object.assign(entries[last] ?? {}, { time: (entries[last]?.time ?? 0) + 1 })),
    "bundle.inclusion",
  );
  refusedAs(
    changed(({ entries }) => Object.assign(entries[1] ?? {}, { time: (entries[0]?.time ?? 0) - 1 })),
    "bundle.order",
  );
});

test("the receipt of another run does not pass for this one's", () => {
  const foreign = other.bundle.entries.at(-1);
  assert.ok(foreign);
  refusedAs(
    changed(({ entries }) => Object.assign(entries.at(-1) ?? {}, { jws: foreign.jws })),
    "bundle.inclusion",
  );
});

test("another ledger's checkpoint, key or both do not pass", () => {
  refusedAs(
    changed((bundle) => {
      bundle.checkpoint = other.bundle.checkpoint;
    }),
    /^note\./,
  );
  refusedAs(
    changed((bundle) => {
      bundle.ledger = other.bundle.ledger;
    }),
    /^note\./,
  );
  refusedAs(
    changed((bundle) => {
      bundle.checkpoint = other.bundle.checkpoint;
      bundle.ledger = other.bundle.ledger;
      bundle.consistency = other.bundle.consistency;
    }),
    "bundle.inclusion",
  );
});

test("a ledger made up around the same statements is not the one the enclave followed", async () => {
  const forged = await openStage();
  for (const { jws, time } of ran.bundle.entries) {
    forged.stage.clock.advance(time - forged.stage.clock.now());
    await forged.ledger.submit(jws);
  }
  const { ledger } = forged;
  const bytes = changed((bundle) => {
    bundle.ledger = ledger.verifierKey;
    bundle.checkpoint = ledger.checkpoint();
    bundle.consistency = [];
    bundle.entries = bundle.entries.map((entry, index) => ({
      ...entry,
      index,
      proof: ledger.inclusion(index, ledger.size).map(toBase64),
    }));
  });
  refusedAs(bytes, "bundle.ledger");
  await forged.close();
});

test("a stale checkpoint does not reach the receipt", () => {
  const { ledger } = ran;
  const size = (ran.bundle.entries.at(-1)?.index ?? 0) - 1;
  refusedAs(
    changed((bundle) => {
      bundle.checkpoint = ledger.checkpoint(size);
    }),
    "bundle.inclusion",
  );
});

test("a checkpoint that does not continue what the enclave saw is refused", async () => {
  const lying = await runToBundle({ receipt: { checkpoint: { size: 3, root: "ab".repeat(32) } } });
  refusedAs(lying.bytes, /^bundle\.(receipt|heads)$/);
  const { heads } = ((await receiptOf(lying)) ?? {}) as { heads: Record<string, string> };
  const blind = await runToBundle({ receipt: { heads: { [Object.keys(heads)[0] ?? ""]: "cd".repeat(32) } } });
  refusedAs(blind.bytes, "bundle.heads");
  for (const each of [lying, blind]) await each.close();
});

const receiptOf = async ({ stage, task }: Ran) =>
  (stage.world.streams.get(task)?.state as { receipt?: unknown } | undefined)?.receipt;

test("texts that nobody committed to are refused", () => {
  const [first = "", second = ""] = Object.keys(ran.bundle.details);
  refusedAs(
    changed(({ details }) => {
      const [a, b] = [details[first], details[second]];
      if (a && b) Object.assign(details, { [first]: b, [second]: a });
    }),
    /^statement\.(detail|payload)$/,
  );
  const stray = { salt: "A".repeat(22), name: "stray" };
  refusedAs(
    changed(({ details }) => Object.assign(details, { [digestOf(stray)]: stray })),
    "bundle.detail",
  );
  refusedAs(
    changed(({ details }) => Object.assign(details[first] ?? {}, { name: "另一个名字" })),
    /^statement\.(detail|payload)$/,
  );
});

test("streams that have nothing to do with the run are refused", async () => {
  const { ledger } = ran;
  const known = new Set(ran.bundle.entries.map(({ index }) => index));
  const stray = Array.from({ length: ledger.size }, (_, index) => index).find((index) => !known.has(index));
  assert.ok(stray !== undefined);
  const { jws, time } = await ledger.entry(stray);
  const proof = ledger.inclusion(stray, ledger.size).map(toBase64);
  refusedAs(
    changed(({ entries }) => {
      entries.push({ index: stray, time, jws, proof });
      entries.sort((a, b) => a.index - b.index);
    }),
    "bundle.stray",
  );
});

test("a task that has not ended is no bundle", () => {
  const cut = changed(({ entries }) => entries.pop());
  refusedAs(cut, "bundle.unfinished");
});

test("bytes that say the same otherwise are refused", () => {
  const text = fromUtf8(ran.bytes);
  for (const bytes of [
    utf8(`${text}\n`),
    utf8(` ${text}`),
    utf8(text.replace('{"checkpoint"', '{ "checkpoint"')),
    utf8(JSON.stringify(JSON.parse(text), null, 2)),
    utf8(text.replace('"format"', '"\\u0066ormat"')),
    utf8(`\ufeff${text}`),
    utf8(text.replace('{"checkpoint"', '{"a":1,"checkpoint"')),
    Uint8Array.of(0xff, ...ran.bytes),
    utf8(""),
    utf8("[]"),
    utf8("null"),
  ])
    refusedAs(bytes, "bundle.malformed");
});

test("a checkpoint with signatures of others is refused: nothing would notice if they were changed", () => {
  const key = generateKey("Ed25519");
  const stranger = createNoteSigner({
    name: "stranger",
    publicKey: rawFromPublicKey(key.publicKey),
    sign: (message) => sign(key, message),
  });
  refusedAs(
    changed((bundle) => {
      bundle.checkpoint = addSignature(bundle.checkpoint, stranger);
    }),
    "bundle.malformed",
  );
  const forged = createNoteSigner({
    name: openCheckpoint(ran.bundle.checkpoint, ran.bundle.ledger).origin,
    publicKey: rawFromPublicKey(key.publicKey),
    sign: (message) => sign(key, message),
  });
  const checkpoint = signCheckpoint(openCheckpoint(ran.bundle.checkpoint, ran.bundle.ledger), forged);
  refusedAs(
    changed((bundle) => {
      bundle.checkpoint = checkpoint;
      bundle.ledger = forged.verifierKey;
    }),
    "bundle.ledger",
  );
});
