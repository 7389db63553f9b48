/** What two parties that cheat together attack: everything that a key goes through, and what its right ends are. */
import assert from "node:assert/strict";
import { toHex } from "../../src/base/bytes.ts";
import { encodePlain } from "../../src/mpc/codec.ts";
import { curveOf } from "../../src/mpc/curves/registry.ts";
import type { KeyShare, SchemeId } from "../../src/mpc/key-share.ts";
import { dkg } from "../../src/mpc/keys/dkg.ts";
import { type RefreshInput, refresh } from "../../src/mpc/keys/refresh.ts";
import { type ReshareInput, reshare } from "../../src/mpc/keys/reshare.ts";
import { CURVE_OF, digestOfPublic, isShare, publicOf, requirePublic } from "../../src/mpc/keys/sharing.ts";
import { Abort } from "../../src/mpc/protocol.ts";
import { mod, toBytes32, toInteger } from "../../src/mpc/scalars.ts";
import type { KeygenInput, Presignature, PresignInput, Scheme } from "../../src/mpc/scheme.ts";
import { type ConvertInput, convert } from "../../src/mpc/schemes/sm2/convert.ts";
import { flip } from "./attacks.ts";
import type { Collusion, End } from "./collusion.ts";
import { pairsOf, partiesOf } from "./dealt.ts";
import { seeded, simulate } from "./simulate.ts";
import { generated, privateKeyOf } from "./threshold-keys.ts";

type Shares = ReadonlyMap<number, KeyShare>;

/** A key as it is used: of SM2 after its conversion. */
export const madeKey = (scheme: SchemeId, threshold: number, n: number): Shares => {
  const parties = partiesOf(n);
  const shares = generated(scheme, threshold, parties);
  if (scheme !== "SM2") return shares;
  const input = (party: number) => ({ share: shares.get(party)!, pairs: pairsOf(party, parties) });
  return simulate({ protocol: convert, parties, input }).results;
};

/** All are of one polynomial below the threshold, which leads to the public key: of `before`, where there is one. */
const requireAlike = (results: Iterable<KeyShare | undefined>, before?: KeyShare, epochs = 1): string => {
  const shares = [...results].filter((share) => share !== undefined);
  const [first] = shares;
  if (!first) return "result";
  for (const share of shares) {
    // What key generation leaves of an SM2 key is a sharing of d, over the curve's own base.
    const made = share.scheme === "SM2" && !before ? { ...share, scheme: "ECDSA_R1" as const } : share;
    const curve = curveOf(share.curve);
    requirePublic(curve, made);
    assert.ok(isShare(curve, made, share.self, share.secret), `the share of ${share.self}`);
    assert.equal(toHex(digestOfPublic(share)), toHex(digestOfPublic(first)));
    if (!before) continue;
    assert.equal(toHex(share.publicKey), toHex(before.publicKey));
    assert.equal(toHex(share.chainCode), toHex(before.chainCode));
    assert.equal(share.epoch, before.epoch + epochs);
  }
  if (shares.length >= first.threshold && (first.scheme !== "SM2" || before)) privateKeyOf(shares);
  return "result";
};

const bentShare = (share: KeyShare, by: bigint): KeyShare => ({
  ...share,
  secret: toBytes32(mod(toInteger(share.secret) + by, curveOf(share.curve).order)),
});
const common = (scheme: SchemeId, what: string, parties: readonly number[]) => {
  return { name: `${what} ${scheme} ${parties}`, curve: curveOf(CURVE_OF[scheme]), parties };
};

export const making = (scheme: SchemeId, threshold: number, n: number): Collusion<KeygenInput, KeyShare> => {
  const attacked = common(scheme, "dkg", partiesOf(n));
  const { pointLength } = attacked.curve;
  return {
    ...attacked,
    protocol: dkg,
    scalars: { "round 2 one": [0], "round 2 all": [2 * pointLength] },
    points: { "round 2 all": [0, pointLength, 2 * pointLength + 32] },
    input: () => ({ scheme, threshold }),
    right: ({ results }) => requireAlike(results.values()),
  };
};

export const refreshing = (shares: Shares): Collusion<RefreshInput, KeyShare> => {
  const first = shares.get(1)!;
  return {
    ...common(first.scheme, "refresh", first.parties),
    protocol: refresh,
    scalars: { "round 2 one": [0] },
    points: { "round 2 all": [0] },
    input: (party) => ({ share: shares.get(party)! }),
    bend: ({ share }, by) => ({ share: bentShare(share, by) }),
    right: ({ results }) => requireAlike(results.values(), first),
  };
};

/** The first `dealers` parties deal; the first of them leaves, and two come. */
export const resharing = (
  shares: Shares,
  dealers: number,
  threshold: number,
): Collusion<ReshareInput, KeyShare | undefined> => {
  const key = publicOf(shares.get(1)!);
  const dealing = partiesOf(dealers);
  const receiving = [...dealing.slice(1), 21, 22];
  return {
    ...common(key.scheme, `reshare to ${threshold}`, [...dealing, 21, 22]),
    protocol: reshare,
    scalars: { "round 2 one": [0] },
    points: { "round 2 all": [0] },
    input(party) {
      const share = dealing.includes(party) ? shares.get(party) : undefined;
      return {
        ...{ key, threshold },
        ...(share && { share }),
        dealers: dealing.map((index) => ({ party: index, index })),
        receivers: receiving.map((party, i) => ({ party, index: i + 1 })),
      };
    },
    bend: ({ share, ...input }, by) => ({ ...input, ...(share && { share: bentShare(share, by) }) }),
    right: ({ results }) => requireAlike(results.values(), shares.get(1)),
  };
};

/** Where ψ for each other party is, `before` the first and so many points behind each. */
const offsetsIn = (parties: number, before: number, points: number): number[] =>
  Array.from({ length: parties - 1 }, (_, i) => before + i * (32 + 33 * points));

export const converting = (threshold: number, n: number): Collusion<ConvertInput, KeyShare> => {
  const parties = partiesOf(n);
  const shares = generated("SM2", threshold, parties);
  const psi = offsetsIn(n, 32 + 33 * threshold, 1);
  return {
    ...common("SM2", "convert", parties),
    protocol: convert,
    scalars: { "round 2 one": [0], "round 3 all": psi, "round 5 all": [0] },
    points: { "round 3 all": [32, ...psi.map((at) => at + 32)], "round 4 all": [0] },
    provoke: "round 3 all",
    input: (party) => ({ share: shares.get(party)!, pairs: pairsOf(party, parties) }),
    bend: (input, by) => ({ ...input, share: bentShare(input.share, by) }),
    right: ({ results }) => requireAlike(results.values(), shares.get(1), 0),
  };
};

interface Presigning {
  readonly path?: readonly number[];
  readonly count?: number;
}
export const presigning = (
  scheme: Scheme,
  shares: Shares,
  signers: readonly number[],
  { path = [], count = 1 }: Presigning = {},
): Collusion<PresignInput, readonly Presignature[]> => {
  const attacked = common(scheme.id, "presign", signers);
  const { pointLength } = attacked.curve;
  const of = shares.get(1)!;
  // Behind the salt and the nonce points: one of ECDSA, two of SM2.
  const psi = offsetsIn(signers.length, 32 + 33 * (scheme.id === "SM2" ? 2 : 1), 2);
  return {
    ...{ ...attacked, name: `${attacked.name} of ${of.threshold}/${of.parties.length}` },
    protocol: scheme.presign,
    ...(scheme.pairwise && {
      scalars: {
        "round 3 all": psi,
        // u, or the proof behind two points; then a factor and the proofs, or what was put in.
        "round 4 all": scheme.id === "SM2" ? [82] : [0],
        "round 5 all": scheme.id === "SM2" ? [0, 32, 64] : [0, 48, 80, 112],
      },
      provoke: "round 3 all",
    }),
    points: scheme.pairwise
      ? { "round 3 all": [32, ...psi.map((at) => at + 32)], "round 4 all": scheme.id === "SM2" ? [0, 33] : [32, 65] }
      : { "round 1 all": Array.from({ length: 2 * count }, (_, i) => 32 + i * pointLength) },
    input: (party) => ({
      ...{ share: shares.get(party)!, count, path },
      pairs: scheme.pairwise ? pairsOf(party, signers) : new Map(),
    }),
    bend: (input, by) => ({ ...input, share: bentShare(input.share, by) }),
    right: (end) => signed(scheme, end),
  };
};

/** Presignatures are alike; with the parts of the cheats, as they are or not, they make a signature or name them. */
const signed = (scheme: Scheme, { results, theirs, honest, cheats, lots }: End<readonly Presignature[]>): string => {
  const [first] = [...results.values()];
  for (const made of results.values())
    for (const [at, { secret: _, ...shown }] of made.entries()) {
      const { secret: __, ...other } = first![at]!;
      assert.equal(toHex(encodePlain({ ...shown })), toHex(encodePlain({ ...other })));
    }
  if (!first || results.size < honest.length) return "result";
  const at = lots.below(first.length);
  const message = seeded(`${cheats}`)(32);
  const parts = new Map([...results].map(([party, made]) => [party, scheme.respond(made[at]!, message)]));
  for (const [cheat, part] of cheatingParts(scheme, { results, theirs, honest, cheats, lots }, at, message))
    parts.set(cheat, part ?? parts.get(honest[0]!)!);
  const ends = honest.map((party) => {
    const presignature = results.get(party)![at]!;
    try {
      const signature = scheme.combine(presignature, message, parts);
      assert.ok(scheme.verify(presignature.publicKey, message, signature));
      return "signed";
    } catch (error) {
      if (!(error instanceof Abort)) throw error;
      assert.ok(error.culprits.length > 0, `${error.check} names nobody`);
      assert.ok(
        error.culprits.every((culprit) => cheats.includes(culprit)),
        error.message,
      );
      return error.message;
    }
  });
  assert.equal(new Set(ends).size, 1);
  return ends[0]!.replace(/:.*/, "");
};

/** Undefined: the part of an honest party, said again. */
const cheatingParts = (
  scheme: Scheme,
  { theirs, cheats, lots }: End<readonly Presignature[]>,
  at: number,
  message: Uint8Array,
): readonly (readonly [number, Uint8Array | undefined])[] => {
  const { order } = curveOf(scheme.curve);
  const random = seeded(`parts ${lots.below(1 << 30)}`);
  // FROST's scalars on Ed25519 are said as all others: big-endian.
  const own = cheats.map((cheat) => {
    const made = theirs.get(cheat)?.[at];
    return made ? scheme.respond(made, message) : toBytes32(mod(toInteger(random(32)), order));
  });
  const [one, two] = own as [Uint8Array, Uint8Array];
  const shifted = (part: Uint8Array, by: bigint) => toBytes32(mod(toInteger(part) + by, order));
  const ways: readonly (() => readonly (Uint8Array | undefined)[])[] = [
    () => [one, two],
    () => [shifted(one, 5n), shifted(two, -5n)],
    () => [two, one],
    () => [flip(one, lots.below(256)), two],
    () => [flip(one, lots.below(256)), flip(two, lots.below(256))],
    () => [undefined, two],
    () => [random(31), two],
    () => [one, toBytes32(order)],
  ];
  const parts = ways[lots.below(ways.length)]!();
  return cheats.map((cheat, i) => [cheat, parts[i]] as const);
};
