import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ed25519_FROST } from "@noble/curves/ed25519.js";
import { p256_FROST } from "@noble/curves/nist.js";
import { schnorr_FROST, secp256k1_FROST } from "@noble/curves/secp256k1.js";
import { type Attack, disturb, flipEverything, replayEverything } from "../../../../test/support/attacks.ts";
import { seeded, simulate } from "../../../../test/support/simulate.ts";
import { generated, partiesUpTo } from "../../../../test/support/threshold-keys.ts";
import { fromHex, toHex, utf8 } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import type { KeyShare } from "../../key-share.ts";
import { derive } from "../../keys/derive.ts";
import { Abort } from "../../protocol.ts";
import { mod, toBytes32, toInteger } from "../../scalars.ts";
import type { Presignature, PresignInput, Scheme } from "../../scheme.ts";
import { eddsaEd25519, schnorrBip340, schnorrK1, schnorrR1 } from "./index.ts";
import { ed25519Suite, p256Suite, secp256k1Suite } from "./suites.ts";

const SCHEMES = [eddsaEd25519, schnorrBip340, schnorrK1, schnorrR1];
/** BIP 340 and EdDSA have 32 bytes for R, the others a point. */
const lengthOf = (scheme: Scheme): number => (scheme === schnorrK1 || scheme === schnorrR1 ? 65 : 64);

interface Signing {
  readonly count?: number;
  readonly path?: readonly number[];
  readonly seed?: string;
}
const presigned = (
  scheme: Scheme,
  shares: ReadonlyMap<number, KeyShare>,
  signers: readonly number[],
  { count = 1, path = [], seed = "sign" }: Signing = {},
): Map<number, readonly Presignature[]> => {
  const { results } = simulate({
    protocol: scheme.presign,
    parties: signers,
    input: (party) => ({ share: shares.get(party) as KeyShare, count, pairs: new Map(), path }),
    seed,
  });
  assert.equal(results.size, signers.length);
  return new Map(results);
};
const partsOf = (scheme: Scheme, made: ReadonlyMap<number, readonly Presignature[]>, at: number, message: Uint8Array) =>
  new Map([...made].map(([party, all]) => [party, scheme.respond(all[at] as Presignature, message)]));
const signed = (scheme: Scheme, made: ReadonlyMap<number, readonly Presignature[]>, at: number, message: Uint8Array) =>
  [...made.values()].map((all) => scheme.combine(all[at] as Presignature, message, partsOf(scheme, made, at, message)));

for (const scheme of SCHEMES) {
  for (const [t, n] of [
    [2, 2],
    [2, 3],
    [5, 7],
  ] as const)
    test(`${scheme.id} ${t} of ${n}: whatever t sign, the signature verifies, and all combine the same`, () => {
      const shares = generated(scheme.id, t, partiesUpTo(n));
      const sets = [partiesUpTo(t), partiesUpTo(n).slice(-t)];
      for (const signers of sets) {
        const message = utf8(`message of ${signers}`);
        const signatures = signed(scheme, presigned(scheme, shares, signers), 0, message);
        assert.equal(new Set(signatures.map(toHex)).size, 1);
        const [signature] = signatures as [Uint8Array];
        assert.equal(signature.length, lengthOf(scheme));
        const { publicKey } = shares.get(1) as KeyShare;
        assert.ok(scheme.verify(publicKey, message, signature));
        assert.ok(!scheme.verify(publicKey, utf8("another"), signature));
      }
    });

  test(`${scheme.id}: keys and nonces of either sign, messages of any length, children`, () => {
    for (let i = 0; i < 6; i++) {
      const shares = generated(scheme.id, 2, [1, 2, 3], `key ${i}`);
      const path = i % 2 ? [i, 7] : [];
      const made = presigned(scheme, shares, [1, 3], { count: 4, path, seed: `s${i}` });
      const child = derive(curveOf(scheme.curve), shares.get(1) as KeyShare, path).publicKey;
      for (let at = 0; at < 4; at++) {
        const message = seeded(`m ${i} ${at}`)(at * 33);
        const [signature] = signed(scheme, made, at, message) as [Uint8Array];
        assert.deepEqual(made.get(1)?.[at]?.publicKey, child);
        assert.ok(scheme.verify(child, message, signature));
      }
    }
  });

  test(`${scheme.id}: presignatures of a run have ids of their own, the same for all signers`, () => {
    const shares = generated(scheme.id, 2, [1, 2, 3]);
    const made = presigned(scheme, shares, [2, 3], { count: 16 });
    const ids = made.get(2)?.map(({ id }) => id) as string[];
    assert.equal(new Set(ids).size, 16);
    assert.deepEqual(
      made.get(3)?.map(({ id }) => id),
      ids,
    );
    const nonces = made.get(2)?.flatMap(({ secret }) => [secret.hiding, secret.binding]);
    assert.equal(new Set(nonces).size, 32);
  });

  test(`${scheme.id}: each bit of the nonces is as often set as not`, () => {
    const made = presigned(scheme, generated(scheme.id, 2, [1, 2, 3]), [1, 2], { count: 256 });
    const nonces = [...made.values()].flat().flatMap(({ secret }) => [secret.hiding, secret.binding] as bigint[]);
    assert.equal(nonces.length, 1024);
    // Six standard deviations.
    for (let bit = 0n; bit < 248n; bit++)
      assert.ok(Math.abs(nonces.filter((nonce) => (nonce >> bit) & 1n).length - 512) < 96, `bit ${bit}`);
  });

  test(`${scheme.id}: a wrong part is named, whatever it is`, () => {
    const shares = generated(scheme.id, 2, [1, 2, 3]);
    const made = presigned(scheme, shares, [1, 2]);
    const message = utf8("to be signed");
    const own = made.get(1)?.[0] as Presignature;
    const parts = partsOf(scheme, made, 0, message);
    const right = parts.get(2) as Uint8Array;
    const other = scheme.respond(made.get(2)?.[0] as Presignature, utf8("another message"));
    const wrong = [other, new Uint8Array(32), right.slice(1), new Uint8Array(32).fill(255), Uint8Array.of(...right, 0)];
    for (let bit = 0; bit < 256; bit += 5) {
      const bent = Uint8Array.from(right);
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
      wrong.push(bent);
    }
    for (const part of wrong)
      assert.throws(
        () => scheme.combine(own, message, new Map(parts).set(2, part)),
        (error) => error instanceof Abort && error.culprits.join() === "2",
      );
    assert.throws(() => scheme.combine(own, message, new Map([[1, parts.get(1) as Uint8Array]])), Abort);
  });

  test(`${scheme.id}: a wrong part is named for derived keys and keys of either sign too`, () => {
    const message = utf8("to be signed");
    for (let i = 0; i < 6; i++) {
      const shares = generated(scheme.id, 2, [1, 2, 3], `key ${i}`);
      const made = presigned(scheme, shares, [1, 2, 3], { path: i % 2 ? [i] : [], seed: `${i}` });
      const parts = partsOf(scheme, made, 0, message);
      const own = made.get(1)?.[0] as Presignature;
      assert.equal(scheme.combine(own, message, parts).length, lengthOf(scheme));
      for (const guilty of [[2], [3], [1, 3]]) {
        const bent = new Map([...parts].map(([p, part]) => [p, guilty.includes(p) ? toBytes32(7n) : part]));
        assert.throws(
          () => scheme.combine(own, message, bent),
          (error) => error instanceof Abort && error.culprits.join() === guilty.join(),
        );
      }
    }
  });

  test(`${scheme.id}: no presignature for fewer than t, for strangers, or of another scheme's key`, () => {
    const shares = generated(scheme.id, 3, [1, 2, 3, 4]);
    const begin = (parties: readonly number[], share = shares.get(1) as KeyShare, count = 1, path: number[] = []) =>
      scheme.presign.begin(
        { session: new Uint8Array(32), self: 1, parties, random: seeded("x") },
        { share, count, pairs: new Map(), path },
      );
    begin([1, 2, 3]);
    assert.throws(() => begin([1, 2]), RangeError);
    assert.throws(() => begin([1, 2, 5]), RangeError);
    assert.throws(() => begin([1, 2, 3], shares.get(2)), RangeError);
    assert.throws(() => begin([1, 2, 3], { ...(shares.get(1) as KeyShare), scheme: "ECDSA_K1" }), RangeError);
    for (const count of [0, 257, 1.5]) assert.throws(() => begin([1, 2, 3], shares.get(1), count), RangeError);
    assert.throws(() => begin([1, 2, 3], shares.get(1), 1, [2 ** 31]), RangeError);
  });
}

test("parties that mean another path, key or epoch are named before anything is signed", () => {
  const shares = generated("EDDSA_ED25519", 2, [1, 2, 3]);
  for (const bent of [{ path: [1] }, { epoch: 2 }]) {
    const { outcomes } = simulate({
      protocol: eddsaEd25519.presign,
      parties: [1, 2],
      input: (party) => {
        const share = shares.get(party) as KeyShare;
        const own = party === 2 ? bent : {};
        return { share: { ...share, ...own }, count: 1, pairs: new Map(), path: [], ...own };
      },
    });
    const outcome = outcomes.get(1);
    assert.ok(outcome?.kind === "aborted" && outcome.by === 1 && outcome.abort.check === "frost.purpose");
  }
});

for (const scheme of SCHEMES) {
  const shares = generated(scheme.id, 2, [1, 2, 3]);
  const message = utf8("after attacks");
  const attack: Attack<PresignInput, readonly Presignature[]> = {
    protocol: scheme.presign,
    parties: [1, 2, 3],
    input: (party) => ({ share: shares.get(party) as KeyShare, count: 2, pairs: new Map(), path: [] }),
    cheat: 2,
    // All three sign, so the cheat's own presignature is the honest one; what matters is that honest ones agree.
    right: (results) =>
      assert.equal(new Set([...results.values()].map((all) => all.map(({ id }) => id).join())).size, 1),
    step: 3,
  };
  test(`${scheme.id}: presigning, whatever bit a cheat flips, names it or comes to the same for all`, () => {
    assert.ok(flipEverything(attack) > 100);
    replayEverything(attack);
  });
  test(`${scheme.id}: presigning survives loss, disorder, and every party dying at every message`, () => {
    disturb(attack, 3);
    const signature = signed(scheme, presigned(scheme, shares, [1, 2, 3], { count: 2 }), 1, message)[0] as Uint8Array;
    assert.ok(scheme.verify((shares.get(1) as KeyShare).publicKey, message, signature));
  });
}

/** RFC 9591 appendices E.1, E.4 and E.5, as its authors' repository has it. */
for (const [name, file, scheme, suite] of [
  ["Ed25519, SHA-512", "ed25519", eddsaEd25519, ed25519Suite],
  ["P-256, SHA-256", "p256", schnorrR1, p256Suite],
  ["secp256k1, SHA-256", "secp256k1", schnorrK1, secp256k1Suite],
] as const)
  test(`RFC 9591, FROST(${name})`, () => {
    const vectors = JSON.parse(
      readFileSync(new URL(`../../../../test/vectors/rfc9591-frost-${file}.json`, import.meta.url), "utf8"),
    );
    const curve = curveOf(suite.curve);
    const asEncoded = (bytes: Uint8Array) => (file === "ed25519" ? Uint8Array.from(bytes).reverse() : bytes);
    const scalar = (hex: string) => toInteger(asEncoded(fromHex(hex)));
    const message = fromHex(vectors.inputs.message);
    const groupKey = fromHex(vectors.inputs.group_public_key);
    const parties: number[] = vectors.inputs.participant_list;
    const shareOf = (party: number): bigint =>
      scalar(
        vectors.inputs.participant_shares.find((p: { identifier: number }) => p.identifier === party).participant_share,
      );
    const outputs = vectors.round_one_outputs.outputs;
    for (const output of outputs)
      for (const kind of ["hiding", "binding"]) {
        const input = fromHex(
          output[`${kind}_nonce_randomness`] + toHex(suite.encodeScalar(shareOf(output.identifier))),
        );
        const nonce = suite.nonce(input, curve.order);
        assert.equal(nonce, scalar(output[`${kind}_nonce`]));
        assert.equal(toHex(curve.encode(curve.multiplyBase(nonce))), output[`${kind}_nonce_commitment`]);
      }
    const signers = outputs.map((output: Record<string, string>, i: number) => ({
      hiding: fromHex(output.hiding_nonce_commitment as string),
      binding: fromHex(output.binding_nonce_commitment as string),
      share: curve.encode(curve.multiplyBase(shareOf(parties[i] as number))),
    }));
    const presignature = (party: number): Presignature => {
      const output = outputs.find((o: { identifier: number }) => o.identifier === party);
      const secret = {
        self: party,
        hiding: scalar(output.hiding_nonce),
        binding: scalar(output.binding_nonce),
        share: shareOf(party),
      };
      return {
        id: "",
        signers: parties,
        epoch: 1,
        path: [],
        publicKey: groupKey,
        secret,
        public: { groupKey, tweak: 0n, negated: false, signers },
      };
    };
    const parts = new Map(parties.map((party) => [party, scheme.respond(presignature(party), message)]));
    for (const { identifier, sig_share } of vectors.round_two_outputs.outputs)
      assert.equal(toHex(asEncoded(parts.get(identifier) as Uint8Array)), sig_share);
    assert.equal(toHex(scheme.combine(presignature(1), message, parts)), vectors.final_output.sig);
  });

/** Of what concerns whoever verifies; signing by one key is none of ours. */
test("BIP 340 test vectors", () => {
  const csv = readFileSync(new URL("../../../../test/vectors/bip340.csv", import.meta.url), "utf8");
  let seen = 0;
  for (const line of csv.trim().split(/\r?\n/).slice(1)) {
    const [, , publicKey = "", , message = "", signature = "", result] = line.toLowerCase().split(",");
    assert.equal(
      schnorrBip340.verify(fromHex(publicKey), fromHex(message), fromHex(signature)),
      result === "true",
      line,
    );
    seen++;
  }
  assert.equal(seen, 19);
});

/** With the same nonces noble's FROST makes the same parts and the same signature. */
for (const [scheme, oracle] of [
  [eddsaEd25519, ed25519_FROST],
  [schnorrBip340, schnorr_FROST],
  [schnorrK1, secp256k1_FROST],
  [schnorrR1, p256_FROST],
] as const)
  test(`${scheme.id}: part for part what @noble/curves computes`, () => {
    const curve = curveOf(scheme.curve);
    for (let i = 0; i < 4; i++) {
      const shares = generated(scheme.id, 2, [1, 2, 3], `noble ${i}`);
      const signers = [1, 3];
      const made = presigned(scheme, shares, signers, { seed: `noble ${i}` });
      const message = utf8(`message ${i}`);
      const key = shares.get(1) as KeyShare;
      const bytes = (k: bigint) => (scheme.curve === "Ed25519" ? toBytes32(k).reverse() : toBytes32(k));
      const name = (party: number) => oracle.Identifier.fromNumber(party);
      const own = made.get(1)?.[0] as Presignature;
      const committed = own.public.signers as readonly { hiding: Uint8Array; binding: Uint8Array }[];
      const pub = {
        signers: { min: 2, max: 3 },
        commitments: [key.publicKey, key.publicKey],
        verifyingShares: Object.fromEntries(key.parties.map((p) => [name(p), key.verifyingShares[p] as Uint8Array])),
      };
      const commitments = signers.map((party, at) => {
        const { hiding, binding } = committed[at] as (typeof committed)[number];
        return { identifier: name(party), hiding, binding };
      });
      const parts: Record<string, Uint8Array> = {};
      for (const party of signers) {
        const presignature = made.get(party)?.[0] as Presignature;
        const { hiding, binding } = presignature.secret as { hiding: bigint; binding: bigint };
        const secret = {
          identifier: name(party),
          signingShare: bytes(toInteger(shares.get(party)?.secret as Uint8Array)),
        };
        const nonces = { hiding: bytes(hiding), binding: bytes(binding) };
        parts[name(party)] = oracle.signShare(secret, pub, nonces, commitments, message);
        const ours = toInteger(scheme.respond(presignature, message));
        assert.equal(toHex(bytes(mod(ours, curve.order))), toHex(parts[name(party)] as Uint8Array));
      }
      const [signature] = signed(scheme, made, 0, message) as [Uint8Array];
      assert.equal(toHex(oracle.aggregate(pub, commitments, message, parts)), toHex(signature));
    }
  });
