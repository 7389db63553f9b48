/**
 * Two that cheat together: one multiplies with another factor than its own, and the other, who speaks last, says what
 * makes the sums right all the same. It knows no logarithm of that, and is named for it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lying, replaced } from "../../../test/support/cheating.ts";
import type { Collusion } from "../../../test/support/collusion.ts";
import { converting, madeKey, presigning } from "../../../test/support/collusion-cases.ts";
import { simulate } from "../../../test/support/simulate.ts";
import { concat } from "../../base/bytes.ts";
import { decodeMessage } from "../message.ts";
import { Abort, type Protocol } from "../protocol.ts";
import { mod, toBytes32, toInteger } from "../scalars.ts";
import { ecdsaK1 } from "./ecdsa/index.ts";
import { sm2 } from "./sm2/index.ts";

const [LIAR, CLOSER, VICTIM] = [1, 2, 3];
const POINT = 33;
const DELTA = 5n;

type Said = (from: number, round: number) => Uint8Array;

/** @param offset of ψ for the victim, in the third round @param close what the closer says instead in the fourth */
const closed = <I, R>(attack: Collusion<I, R>, offset: number, close: (said: Said) => Uint8Array): Protocol<I, R> => {
  const otherFactor = lying(attack.protocol, {
    cheater: LIAR,
    round: 3,
    tamper(sending) {
      const psi = toInteger(sending.broadcast!.subarray(offset, offset + 32));
      return replaced(sending, offset, toBytes32(mod(psi + DELTA, attack.curve.order)));
    },
  });
  const heard = simulate({ ...attack, protocol: otherFactor }).sent.map(({ bytes }) => decodeMessage(bytes));
  const said: Said = (from, round) =>
    heard.find((m) => m.from === from && m.kind === "round" && m.round === round && m.to === 0)!.body;
  const bytes = close(said);
  return lying(otherFactor, { cheater: CLOSER, round: 4, tamper: (sending) => replaced(sending, 0, bytes) });
};

/** Of points in the broadcasts of a round. */
const sumOf = ({ curve }: Collusion<never, unknown>, said: Said, round: number, offset: number, parties: number[]) =>
  parties
    .map((party) => curve.decode(said(party, round).subarray(offset, offset + POINT)))
    .reduce(curve.add, curve.zero);

/** What is missing to `whole` when all but the closer have spoken. */
const missing = (attack: Collusion<never, unknown>, said: Said, offset: number, whole: unknown): Uint8Array => {
  const { curve, parties } = attack;
  const others = parties.filter((party) => party !== CLOSER);
  return curve.encode(curve.add(whole, curve.negate(sumOf(attack, said, 4, offset, others))));
};

const all = <I, R>(attack: Collusion<I, R>) => attack as unknown as Collusion<never, unknown>;

test("ECDSA: the signature does not verify, and the closer's part is named", () => {
  const shares = madeKey("ECDSA_K1", 3, 3);
  const attack = presigning(ecdsaK1, shares, [LIAR, CLOSER, VICTIM]);
  const { curve, parties } = attack;
  const publicKey = curve.decode(shares.get(LIAR)!.publicKey);
  const protocol = closed(attack, 32 + POINT + 32 + 2 * POINT, (said) => {
    const u = mod(
      parties.reduce((sum, party) => sum + toInteger(said(party, 4).subarray(0, 32)), 0n),
      curve.order,
    );
    const masks = missing(all(attack), said, 32, curve.multiplyBase(u));
    const keys = missing(all(attack), said, 32 + POINT, curve.multiply(publicKey, u));
    return concat(said(CLOSER, 4).subarray(0, 32), masks, keys);
  });
  const { results } = simulate({ ...attack, protocol });
  assert.equal(results.size, parties.length);
  const digest = new Uint8Array(32).fill(9);
  const parts = new Map(parties.map((party) => [party, ecdsaK1.respond(results.get(party)![0]!, digest)]));
  assert.throws(
    () => ecdsaK1.combine(results.get(VICTIM)![0]!, digest, parts),
    (error) => error instanceof Abort && error.check === "ecdsa.part" && error.culprits.join() === `${CLOSER}`,
  );
});

const named = <I, R>(attack: Collusion<I, R>, protocol: Protocol<I, R>, check: string): void => {
  const outcome = simulate({ ...attack, protocol }).outcomes.get(VICTIM);
  assert.ok(outcome?.kind === "aborted");
  assert.deepEqual([outcome.abort.check, outcome.abort.culprits], [check, [CLOSER]]);
};

test("SM2: no presignature comes of it", () => {
  const attack = presigning(sm2, madeKey("SM2", 3, 3), [LIAR, CLOSER, VICTIM]);
  const protocol = closed(attack, 32 + 2 * POINT + 32 + 2 * POINT, (said) =>
    concat(
      ...[0, POINT].map((at) =>
        missing(all(attack), said, at, sumOf(all(attack), said, 3, 32 + at, [...attack.parties])),
      ),
    ),
  );
  named(attack, protocol, "sm2.shares");
});

test("SM2: no key comes of a conversion", () => {
  const attack = converting(3, 3);
  const protocol = closed(attack, 32 + 3 * POINT + (32 + POINT), (said) =>
    missing(all(attack), said, 0, sumOf(all(attack), said, 3, 32, [...attack.parties])),
  );
  named(attack, protocol, "sm2-convert.product");
});
