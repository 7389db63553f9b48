/** Digests that somebody chooses who knows the nonces of presignatures: one signer is enough for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dealKey, pairsOf } from "../../../../test/support/dealt.ts";
import { simulate } from "../../../../test/support/simulate.ts";
import { concat } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import { inverse, mod, toBytes32, toInteger } from "../../scalars.ts";
import { ecdsaK1 } from "./index.ts";

const curve = curveOf("secp256k1");
const PARTIES = [1, 2];

test("a digest that is made for a waiting nonce gives no signature of another digest (Groth, Shoup 2021)", () => {
  const { shares } = dealKey("ECDSA_K1", curve, 2, PARTIES);
  const input = (party: number) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairsOf(party, PARTIES) });
  const { results } = simulate({ protocol: ecdsaK1.presign, parties: PARTIES, input });
  const presignature = results.get(1)![0]!;
  const x = (point: unknown) => mod(curve.x(point), curve.order);
  const times = (...factors: readonly bigint[]) => factors.reduce((a, b) => mod(a * b, curve.order));

  const wanted = new Uint8Array(32).fill(0xaa);
  const nonce = curve.decode(presignature.public.nonce as Uint8Array);
  const factor = 2n;
  const other = x(curve.multiplyPublic(nonce, factor));
  const asked = toBytes32(times(toInteger(wanted), x(nonce), inverse(other, curve)));
  const parts = new Map(PARTIES.map((party) => [party, ecdsaK1.respond(results.get(party)![0]!, asked)]));
  const signature = ecdsaK1.combine(presignature, asked, parts);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map(toInteger) as [bigint, bigint];
  const made = times(s, other, inverse(times(r, factor), curve));
  assert.ok(!ecdsaK1.verify(presignature.publicKey, wanted, concat(toBytes32(other), toBytes32(made))));
});
