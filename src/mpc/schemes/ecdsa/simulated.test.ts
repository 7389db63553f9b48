/**
 * The argument of docs/protocols/dkls23.md section 4.7, computed: what honest signers say follows from the public key,
 * the nonce's point, the signature, what the cheaters have, and coins, even where the cheaters use another factor against
 * each of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lying, replaced } from "../../../../test/support/cheating.ts";
import { dealKey, pairsOf, partiesOf } from "../../../../test/support/dealt.ts";
import { simulate } from "../../../../test/support/simulate.ts";
import { concat, toHex } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import { hashToScalar } from "../../hash.ts";
import { derive } from "../../keys/derive.ts";
import { decodeMessage } from "../../message.ts";
import type { Protocol, Sending } from "../../protocol.ts";
import { inverse, lagrange, mod, toBytes32, toInteger } from "../../scalars.ts";
import type { Presignature, PresignInput } from "../../scheme.ts";
import { ecdsaK1 } from "./index.ts";

type Presign = Protocol<PresignInput, readonly Presignature[]>;
/** A party's state before the fourth message. */
interface Known {
  readonly nonces: readonly bigint[];
  readonly masks: readonly bigint[];
  /** By other party, instance and input: c. */
  readonly shares: Record<number, bigint[][]>;
  /** χ, and d. */
  readonly opposite: { readonly factors: Record<number, bigint[]>; readonly shares: Record<number, bigint[][]> };
}

const curve = curveOf("secp256k1");
const { order } = curve;
const of = (value: bigint) => mod(value, order);
const total = (values: readonly bigint[]) => of(values.reduce((sum, value) => sum + value, 0n));
const times = (point: unknown, scalar: bigint) => curve.multiplyPublic(point, of(scalar));
const points = (...all: readonly unknown[]) => all.reduce(curve.add, curve.zero);

const SIGNERS = [1, 2, 3];
const HONEST = [1, 2];
/** One signs, the other one only has its share: with two cheaters of a 3-of-5 key. */
const [CHEATER, OTHER] = [3, 5];
const PATH = [7];
const POINT = 33;
const DIGEST = new Uint8Array(32).fill(7);

const { shares, secret } = dealKey("ECDSA_K1", curve, 3, partiesOf(5));
const { tweak, publicKey } = derive(curve, shares.get(1)!, PATH);
const pk = curve.decode(publicKey);
const input = (party: number) => ({
  share: shares.get(party)!,
  count: 1,
  path: PATH,
  pairs: pairsOf(party, SIGNERS),
});

/** Adds another number to its ψ for each of the honest ones. */
const unequal = lying(ecdsaK1.presign, {
  cheater: CHEATER,
  round: 3,
  tamper: (sending: Sending) =>
    HONEST.reduce((told, party) => {
      const at = 32 + POINT + (party - 1) * (32 + 2 * POINT);
      const offset = toInteger(told.broadcast!.subarray(at, at + 32));
      return replaced(told, at, toBytes32(of(offset + 11n * BigInt(party))));
    }, sending),
});

/** @returns what each said in its fourth message, what each knew before it, and what it came to */
const observed = (protocol: Presign) => {
  const known = new Map<number, Known>();
  const rounds = protocol.rounds.map(({ expects, step }, i) => ({
    expects,
    step: ((context, state, inbox) => {
      if (i === 2) known.set(context.self, state);
      return step(context, state, inbox);
    }) as typeof step,
  }));
  const { sent, results, outcomes } = simulate({ protocol: { ...protocol, rounds }, parties: SIGNERS, input });
  const said = (party: number, round: number) =>
    sent
      .map(({ bytes }) => decodeMessage(bytes))
      .find((m) => m.from === party && m.kind === "round" && m.round === round)!.body;
  const fourth = (party: number) => {
    const body = said(party, 4);
    const point = (at: number) => curve.decode(body.subarray(at, at + POINT));
    return { u: toInteger(body.subarray(0, 32)), mask: point(32), key: point(32 + POINT) };
  };
  return { known, results, outcomes, said, fourth };
};

/** The cheater speaks last, and says what makes both sums right. */
const closing = (): Presign => {
  const { fourth } = observed(unequal);
  const u = total(SIGNERS.map((party) => fourth(party).u));
  const rest = (sum: unknown, name: "mask" | "key") =>
    curve.encode(HONEST.reduce((left, party) => curve.add(left, curve.negate(fourth(party)[name])), sum));
  const closed = concat(rest(times(curve.base, u), "mask"), rest(times(pk, u), "key"));
  return lying(unequal, { cheater: CHEATER, round: 4, tamper: (sending) => replaced(sending, 32, closed) });
};

/** f at a party as it follows from the key and the two cheaters' shares: factor of the key, and the rest. */
const shareOf = (party: number) => {
  const at = [0, CHEATER, OTHER];
  const share = (of: number) => toInteger(shares.get(of)!.secret);
  const weight = lagrange(SIGNERS, party, curve);
  const [a, ...rest] = at.map((one) => of(weight * lagrange(at, one, curve, party)));
  const b = share(CHEATER) * rest[0]! + share(OTHER) * rest[1]! - a! * tweak;
  return { a: a!, b: of(b + (party === SIGNERS[0] ? tweak : 0n)) };
};

test("what honest signers say follows from the key, the nonce's point and the signature", () => {
  const { known, results, fourth } = observed(closing());
  assert.equal(results.size, SIGNERS.length, "the sums are right, so it is not found out before signing");
  const presignature = results.get(1)![0]!;
  const { nonce, u } = presignature.public as unknown as { nonce: Uint8Array; u: bigint };
  const R = curve.decode(nonce);
  const cheater = known.get(CHEATER)!;
  const [cheatersNonce, cheatersShare] = [
    cheater.nonces[0]!,
    of(toInteger(shares.get(CHEATER)!.secret) * lagrange(SIGNERS, CHEATER, curve)),
  ];

  // From the signer's oracle: s with s·R = h·G + r·pk.
  const nonces = SIGNERS.map((party) => known.get(party)!.nonces[0]!);
  const rho = hashToScalar(curve, "ecdsa/1 nonce", "ECDSA_K1", publicKey, SIGNERS, presignature.epoch, nonce, DIGEST);
  const [h, r] = [toInteger(DIGEST), of(curve.x(times(R, rho)))];
  const s = of((h + r * (secret + tweak)) * inverse(total(nonces), curve));

  // Coins: κ, with the sum 0.
  const honestNonce = total(HONEST.map((party) => known.get(party)!.nonces[0]!));
  const coin = (party: number) => of(shareOf(party).a * honestNonce - known.get(party)!.nonces[0]!);
  assert.equal(total(HONEST.map((party) => shareOf(party).a)), 1n);
  assert.equal(total(HONEST.map(coin)), 0n);

  const RofHonest = curve.add(R, curve.negate(curve.multiplyBase(cheatersNonce)));
  const R_ = (party: number) =>
    party === CHEATER
      ? curve.multiplyBase(cheatersNonce)
      : points(times(RofHonest, shareOf(party).a), times(curve.base, -coin(party)));
  /** sk_j·R − r_j·pk. */
  const Z = (party: number) => {
    if (party === CHEATER) return points(times(R, cheatersShare), times(pk, -cheatersNonce));
    const { a, b } = shareOf(party);
    return points(times(pk, a * cheatersNonce + coin(party)), times(R, b));
  };
  /** s·r_j − r·sk_j. */
  const e = (party: number) => {
    if (party === CHEATER) return of(s * cheatersNonce - r * cheatersShare);
    const { a, b } = shareOf(party);
    return of(h * a - r * b - s * (a * cheatersNonce + coin(party)));
  };
  /** ψ of `from` for `to`, as published. */
  const offset = (from: number, to: number) => {
    const lie = from === CHEATER ? 11n * BigInt(to) : 0n;
    return of(known.get(from)!.masks[0]! - known.get(from)!.opposite.factors[to]![0]! + lie);
  };

  for (const i of HONEST) {
    const peers = SIGNERS.filter((party) => party !== i);
    const [honest] = HONEST.filter((party) => party !== i);
    const c = (from: number, to: number, l: number) => known.get(from)!.shares[to]![0]![l]!;
    const k = (l: number) =>
      of(c(i, honest!, l) - c(honest!, i, l) - cheater.opposite.shares[i]![0]![l]! - c(CHEATER, i, l));
    const m = total([...peers.map((j) => offset(j, i)), cheater.opposite.factors[i]![0]!]);
    const said = fourth(i);
    const own = of(said.u - k(0));

    const mask = [times(curve.base, own), times(R_(i), -m), ...peers.map((j) => times(R_(j), offset(i, j)))];
    assert.ok(curve.equal(points(...mask), said.mask), `Φ of ${i}`);
    const key = [times(pk, own), times(Z(i), m), ...peers.map((j) => times(Z(j), -offset(i, j))), times(R, k(1))];
    assert.ok(curve.equal(points(...key), said.key), `V of ${i}`);
    const part = total([s * own, -m * e(i), ...peers.map((j) => offset(i, j) * e(j)), r * k(1)]);
    const given = toInteger(ecdsaK1.respond(results.get(i)![0]!, DIGEST));
    assert.equal(of(given * rho * u), part, `part of ${i}`);
  }
});

test("a dispute opens factors, and of the key's shares nothing but what was known", () => {
  const { outcomes, said, known } = observed(unequal);
  for (const party of HONEST) {
    const outcome = outcomes.get(party);
    assert.ok(outcome?.kind === "aborted");
    assert.deepEqual(outcome.abort.culprits, [CHEATER]);
    const { masks, opposite } = known.get(party)!;
    const opened = toHex(said(party, 5));
    assert.ok(opened.includes(toHex(toBytes32(masks[0]!))));
    for (const vectors of Object.values(opposite.shares))
      for (const d of vectors.flat())
        assert.ok(!opened.includes(toHex(toBytes32(d))), "what it got as Bob stays hidden");
  }
});

test("who makes its own share neutral and lies about it is named all the same", () => {
  const { presign } = ecdsaK1;
  const neutral: Presign = {
    ...presign,
    rounds: presign.rounds.map(({ expects, step }, i) => ({
      expects,
      step: ((context, state, inbox) => {
        if (context.self !== CHEATER || (i !== 1 && i !== 2)) return step(context, state, inbox);
        const again = (mask: bigint, from: typeof state) => {
          const turn = step(context, { ...from, masks: [mask] }, inbox);
          if ("result" in turn) throw new Error("no message");
          return turn as { state: Record<string, unknown>; send: Sending };
        };
        // ψ with a factor that makes v = 0; then u and φ·R as they are, and another point for v·R.
        if (i === 1) return again(wanted, state);
        const turn = again(of(wanted + 1n), state);
        const u = of(toInteger(turn.send.broadcast!.subarray(0, 32)) - state.nonces[0]);
        const R = curve.decode((turn.state.nonceSums as Uint8Array[])[0]!);
        const broadcast = concat(toBytes32(u), curve.encode(times(R, wanted)), curve.encode(curve.base));
        return { state: { ...turn.state, masks: [wanted], results: [[u, 1n]] }, send: { broadcast } } as never;
      }) as typeof step,
    })),
  };
  // v = sk_i·(φ_i + …) + …: from what the others publish, whom the cheater waits for.
  const { known, results } = observed(presign);
  const v = (results.get(CHEATER)![0]!.secret as { key: bigint }).key;
  const share = of(toInteger(shares.get(CHEATER)!.secret) * lagrange(SIGNERS, CHEATER, curve));
  const wanted = of(known.get(CHEATER)!.masks[0]! - v * inverse(share, curve));
  const { outcomes } = observed(neutral);
  for (const party of HONEST) {
    const outcome = outcomes.get(party);
    assert.ok(outcome?.kind === "aborted");
    assert.equal(outcome.abort.check, "ecdsa.dispute");
    assert.deepEqual(outcome.abort.culprits, [CHEATER]);
  }
});
