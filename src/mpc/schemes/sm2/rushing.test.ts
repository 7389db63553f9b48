/** A cheater that speaks last: what it says makes the sums right, whatever it did before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lying, replaced } from "../../../../test/support/cheating.ts";
import { dealKey, pairsOf } from "../../../../test/support/dealt.ts";
import { simulate } from "../../../../test/support/simulate.ts";
import { concat } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import { decodeMessage } from "../../message.ts";
import { hashBytes } from "../../ot/hash.ts";
import type { Context, Plain, Sending } from "../../protocol.ts";
import { inverse, mod, toBytes32, toInteger } from "../../scalars.ts";
import { convert } from "./convert.ts";
import { sm2 } from "./index.ts";

const curve = curveOf("SM2");
const PARTIES = [1, 2];
const [CHEATER, HONEST] = [1, 2];
const POINT = 33;
const DELTA = 5n;

test("another factor than the one that is known ends the run, even where the sums are made right", () => {
  const { shares, secret } = dealKey("SM2", curve, 2, PARTIES);
  const pairs = (party: number) => pairsOf(party, PARTIES);
  const converted = simulate({
    protocol: convert,
    parties: PARTIES,
    input: (party) => ({ share: shares.get(party)!, pairs: pairs(party) }),
  }).results;
  const input = (party: number) => ({ share: converted.get(party)!, count: 1, path: [], pairs: pairs(party) });

  // ψ for the other one, plus δ: as if its share of x were another.
  let nonces: readonly bigint[] = [];
  const otherFactor = lying(sm2.presign, {
    cheater: CHEATER,
    round: 3,
    tamper: (sending: Sending, _: Context, state: Plain) => {
      nonces = (state as unknown as { nonces: bigint[][] }).nonces[0]!;
      const at = 32 + 2 * POINT;
      const offset = toInteger(sending.broadcast!.subarray(at, at + 32));
      return replaced(sending, at, toBytes32(mod(offset + DELTA, curve.order)));
    },
  });
  // What the other one says in the fourth round; the cheater waits for it, and for the nonces of the third.
  const heard = simulate({ protocol: otherFactor, parties: PARTIES, input }).sent.map((sent) => ({
    ...sent,
    message: decodeMessage(sent.bytes),
  }));
  const said = (from: number, round: number) =>
    heard.find(({ message: m }) => m.from === from && m.kind === "round" && m.round === round && m.to === 0)!.message
      .body;
  const at = (body: Uint8Array, offset: number) => curve.decode(body.subarray(offset, offset + POINT));
  const K = [0, 1].map((l) => curve.add(at(said(CHEATER, 3), 32 + POINT * l), at(said(HONEST, 3), 32 + POINT * l)));
  const closing = K.map((k, l) => curve.encode(curve.add(k, curve.negate(at(said(HONEST, 4), POINT * l)))));
  const closed = lying(otherFactor, {
    cheater: CHEATER,
    round: 4,
    tamper: (sending) => replaced(sending, 0, concat(...closing)),
  });
  const { outcomes, results } = simulate({ protocol: closed, parties: PARTIES, input });
  const outcome = outcomes.get(HONEST);
  if (outcome?.kind === "result") {
    // What the honest party's part is worth: 1/(x + δ)·G, for a δ of the cheater's choice.
    const [mine, theirs] = [results.get(CHEATER)![0]!, results.get(HONEST)![0]!];
    const digest = new Uint8Array(32).fill(9);
    const use = hashBytes("sm2/1 use", mine.publicKey, Uint8Array.from(PARTIES), toBytes32(BigInt(mine.epoch)));
    const encoded = K.map(curve.encode);
    const rho = mod(toInteger(hashBytes("sm2/1 binding", use, ...encoded, digest)), curve.order);
    const nonce = curve.add(K[0], curve.multiplyPublic(K[1], rho));
    const r = mod(toInteger(digest) + curve.x(nonce), curve.order);
    const part = (of: typeof mine) => toInteger(sm2.respond(of, digest));
    const own = nonces[0]! + rho * nonces[1]!;
    const z = mod(part(mine) + part(theirs) + DELTA * (own + r), curve.order);
    const learnt = curve.multiplyPublic(curve.add(nonce, curve.multiplyPublic(curve.base, r)), inverse(z, curve));
    const x = inverse(1n + secret, curve);
    const is = curve.equal(learnt, curve.multiplyBase(inverse(mod(x + DELTA, curve.order), curve)));
    assert.fail(`presigned; the cheater now knows 1/(x + ${DELTA})·G: ${is}`);
  }
  assert.ok(outcome?.kind === "aborted");
  assert.deepEqual(outcome.abort.culprits, [CHEATER]);
});

test("who closes the sum of a conversion over another factor knows no share that fits, and is named", () => {
  const { shares } = dealKey("SM2", curve, 2, PARTIES);
  const input = (party: number) => ({ share: shares.get(party)!, pairs: pairsOf(party, PARTIES) });
  const at = 32 + 2 * POINT;
  const otherFactor = lying(convert, {
    cheater: CHEATER,
    round: 3,
    tamper: (sending) => {
      const offset = toInteger(sending.broadcast!.subarray(at, at + 32));
      return replaced(sending, at, toBytes32(mod(offset + DELTA, curve.order)));
    },
  });
  const heard = simulate({ protocol: otherFactor, parties: PARTIES, input }).sent.map(({ bytes }) =>
    decodeMessage(bytes),
  );
  const point = (from: number, round: number, offset: number) =>
    curve.decode(
      heard
        .find((m) => m.from === from && m.kind === "round" && m.round === round && m.to === 0)!
        .body.subarray(offset, offset + POINT),
    );
  const a = curve.add(point(CHEATER, 3, 32), point(HONEST, 3, 32));
  const closing = curve.encode(curve.add(a, curve.negate(point(HONEST, 4, 0))));
  const closed = lying(otherFactor, {
    cheater: CHEATER,
    round: 4,
    tamper: (sending) => replaced(sending, 0, closing),
  });
  const outcome = simulate({ protocol: closed, parties: PARTIES, input }).outcomes.get(HONEST);
  assert.ok(outcome?.kind === "aborted");
  assert.equal(outcome.abort.check, "sm2-convert.product");
  assert.deepEqual(outcome.abort.culprits, [CHEATER]);
});
