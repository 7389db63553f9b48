import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { flipped, type Lie, lying, replaced } from "../../../../test/support/cheating.ts";
import { dealKey, pairsOf, partiesOf } from "../../../../test/support/dealt.ts";
import { type Faults, seeded, simulate } from "../../../../test/support/simulate.ts";
import { concat, fromHex, utf8 } from "../../../base/bytes.ts";
import { curveOf } from "../../curves/registry.ts";
import type { KeyShare } from "../../key-share.ts";
import { Abort, type Protocol, type Sending } from "../../protocol.ts";
import { inverse, lagrange, mod, toBytes32, toInteger } from "../../scalars.ts";
import { convert } from "./convert.ts";
import { sm2 } from "./index.ts";

const curve = curveOf("SM2");
const directory = mkdtempSync(join(tmpdir(), "entente-sm2-"));
after(() => rmSync(directory, { recursive: true }));
const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] }).toString();

/** SubjectPublicKeyInfo of a compressed point: ecPublicKey, sm2. */
const SPKI = "3039301306072a8648ce3d020106082a811ccf5501822d032200";
const opensslVerifies = (publicKey: Uint8Array, text: string, signature: Uint8Array, distid: string): boolean => {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((half) => Buffer.from(half).toString("hex"));
  writeFileSync(join(directory, "key.der"), concat(fromHex(SPKI), publicKey));
  writeFileSync(join(directory, "text"), text);
  writeFileSync(join(directory, "signature.cnf"), `asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x${r}\ns=INTEGER:0x${s}\n`);
  openssl("asn1parse", "-genconf", "signature.cnf", "-noout", "-out", "signature.der");
  const options = ["-rawin", "-digest", "sm3", "-pkeyopt", `distid:${distid}`, "-keyform", "DER"];
  try {
    return /Verified Successfully/.test(
      openssl(
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.der",
        "-in",
        "text",
        "-sigfile",
        "signature.der",
        ...options,
      ),
    );
  } catch {
    return false;
  }
};

const sm3 = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(hash("sm3", concat(...parts), "buffer"));
/** GB/T 32918.2 section 5.5: e = SM3(Z || message), Z = SM3(bits of the id, id, a, b, G, P). */
const digestOf = (publicKey: Uint8Array, text: string, distid: string): Uint8Array => {
  const a = "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc";
  const b = "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93";
  const affine = (point: Uint8Array) => {
    const p = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
    const x = curve.x(curve.decode(point));
    let [y, base, e] = [1n, mod(x * x * x + BigInt(`0x${a}`) * x + BigInt(`0x${b}`), p), (p + 1n) / 4n];
    for (; e > 0n; e >>= 1n, base = (base * base) % p) if (e & 1n) y = (y * base) % p;
    return concat(toBytes32(x), toBytes32((y & 1n) === BigInt(point[0]! & 1) ? y : p - y));
  };
  const id = utf8(distid);
  const length = Uint8Array.of((8 * id.length) >> 8, (8 * id.length) & 255);
  const z = sm3(length, id, fromHex(a), fromHex(b), affine(curve.encode(curve.base)), affine(publicKey));
  return sm3(z, utf8(text));
};

const converted = new Map<string, ReadonlyMap<number, KeyShare>>();
const convertInput = (threshold: number, n: number) => {
  const { shares, secret } = dealKey("SM2", curve, threshold, partiesOf(n));
  const input = (party: number) => ({ share: shares.get(party)!, pairs: pairsOf(party, partiesOf(n)) });
  return { protocol: convert, parties: partiesOf(n), input, secret };
};
const sharesOf = (threshold: number, n: number): ReadonlyMap<number, KeyShare> => {
  const name = `${threshold} ${n}`;
  if (!converted.has(name)) converted.set(name, simulate(convertInput(threshold, n)).results);
  return converted.get(name)!;
};
const presign = (threshold: number, n: number, signers: readonly number[], faults: Faults = {}, seed = "seed") => {
  const shares = sharesOf(threshold, n);
  const input = (party: number) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairsOf(party, signers) });
  const { results } = simulate({ protocol: sm2.presign, parties: signers, input, faults, seed });
  const part = (party: number, digest: Uint8Array) => sm2.respond(results.get(party)![0]!, digest);
  const parts = (digest: Uint8Array) => new Map(signers.map((party) => [party, part(party, digest)]));
  return { results, part, parts, publicKey: shares.get(signers[0]!)!.publicKey, any: results.get(signers[0]!)?.[0] };
};

for (const [threshold, n, signers] of [
  [2, 2, [1, 2]],
  [2, 3, [1, 3]],
  [3, 5, [2, 3, 5]],
] as const)
  test(`${threshold} of ${n}: OpenSSL verifies with the distinguishing id`, () => {
    const { parts, any, publicKey } = presign(threshold, n, signers);
    const distid = n === 3 ? "another@example.com" : "1234567812345678";
    const digest = digestOf(publicKey, "分布式密钥", distid);
    const signature = sm2.combine(any!, digest, parts(digest));
    assert.ok(opensslVerifies(publicKey, "分布式密钥", signature, distid));
    assert.ok(!opensslVerifies(publicKey, "分布式密钥", signature, "somebody else"));
    assert.ok(sm2.verify(publicKey, digest, signature));
    assert.ok(!sm2.verify(publicKey, digestOf(publicKey, "other", distid), signature));
    const zeroR = concat(new Uint8Array(32), signature.subarray(32));
    for (const bad of [signature.subarray(1), new Uint8Array(64), new Uint8Array(64).fill(255), zeroR])
      assert.ok(!sm2.verify(publicKey, digest, bad));
  });

test("the example of GB/T 32918.5-2017, annex A.2", () => {
  const d = 0x3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8n;
  const k = 0x59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21n;
  const signature = fromHex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
  );
  const publicKey = curve.encode(curve.multiplyBase(d));
  const digest = digestOf(publicKey, "message digest", "1234567812345678");
  assert.deepEqual(digest, fromHex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"));
  assert.ok(sm2.verify(publicKey, digest, signature));
  // And s = x·(k + r) − r is the standard's s.
  const r = mod(toInteger(digest) + curve.x(curve.multiplyBase(k)), curve.order);
  const s = mod(inverse(1n + d, curve) * (k + r) - r, curve.order);
  assert.deepEqual(concat(toBytes32(r), toBytes32(s)), signature);
});

test("converted shares are of (1 + d)^-1, for every set of t, and of nothing for fewer", () => {
  const { secret } = convertInput(3, 5);
  const shares = sharesOf(3, 5);
  const at = (parties: readonly number[]) =>
    mod(
      parties.reduce((sum, party) => sum + lagrange(parties, party, curve) * toInteger(shares.get(party)!.secret), 0n),
      curve.order,
    );
  for (const parties of [
    [1, 2, 3],
    [1, 3, 5],
    [2, 4, 5],
    [1, 2, 3, 4, 5],
  ])
    assert.equal(mod(at(parties) * (1n + secret), curve.order), 1n);
  assert.notEqual(mod(at([1, 2]) * (1n + secret), curve.order), 1n);
  const base = curve.add(curve.base, curve.decode(shares.get(1)!.publicKey));
  for (const [party, share] of shares) {
    assert.deepEqual(share.verifyingShares, shares.get(1)!.verifyingShares);
    const point = curve.encode(curve.multiply(base, toInteger(share.secret)));
    assert.deepEqual(share.verifyingShares[party], point);
  }
});

test("a wrong part names its signer; a message changes the nonce", () => {
  const { parts, part, any, publicKey } = presign(3, 5, [1, 2, 4]);
  const digest = digestOf(publicKey, "x", "id");
  const names = (changed: ReadonlyMap<number, Uint8Array>, culprit: number) =>
    assert.throws(
      () => sm2.combine(any!, digest, changed),
      (error) => error instanceof Abort && error.check === "sm2.part" && error.culprits.join() === `${culprit}`,
    );
  const damaged = part(2, digest).map((byte, i) => (i === 5 ? byte ^ 64 : byte));
  names(new Map(parts(digest)).set(2, damaged), 2);
  names(new Map(parts(digest)).set(4, part(4, digestOf(publicKey, "y", "id"))), 4);
  names(new Map(parts(digest)).set(1, new Uint8Array(32).fill(255)), 1);
  assert.throws(() => sm2.combine(any!, digest, new Map([...parts(digest)].slice(1))), TypeError);
  assert.throws(() => part(1, new Uint8Array(31)), TypeError);
});

test("restarts, lost and repeated messages change nothing", () => {
  for (const message of [1, 3, 5, 7]) {
    const crash = (party: number, received: number) => party === 2 && received === message;
    const { parts, any, publicKey } = presign(2, 3, [2, 3], { drop: 0.2, double: 0.2, crash }, `${message}`);
    const digest = digestOf(publicKey, "x", "id");
    assert.ok(sm2.combine(any!, digest, parts(digest)));
  }
  const faults: Faults = { drop: 0.2, crash: (party, received) => party === 1 && received === 4 };
  assert.equal(simulate({ ...convertInput(2, 3), faults }).results.size, 3);
});

test("a key of which shares are of d is not presigned with by mistake: no part is right", () => {
  const { shares } = dealKey("SM2", curve, 2, [1, 2]);
  const input = (party: number) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairsOf(party, [1, 2]) });
  assert.equal(simulate({ protocol: sm2.presign, parties: [1, 2], input }).results.size, 0);
});

test("SM2 keys have no children, and all parties take part in the conversion", () => {
  const context = { session: new Uint8Array(32), self: 1, parties: [1, 2], random: seeded("x") };
  const share = sharesOf(2, 3).get(1)!;
  const pairs = pairsOf(1, [1, 2]);
  assert.throws(() => sm2.presign.begin(context, { share, count: 1, path: [1], pairs }), RangeError);
  assert.throws(() => convert.begin(context, { share, pairs }), TypeError);
});

const CHEATER = 1;
const POINT = 33;
/** Everybody who ends by a fault names the cheater. */
const named = <I, R>(
  run: { protocol: Protocol<I, R>; parties: readonly number[]; input(party: number): I },
  lies: Omit<Lie, "cheater">[],
) => {
  const protocol = lies.reduce((told, lie) => lying(told, { cheater: CHEATER, ...lie }), run.protocol);
  const { outcomes } = simulate({ ...run, protocol });
  const checks = new Set<string>();
  for (const [party, outcome] of outcomes) {
    if (party === CHEATER) continue;
    assert.ok(outcome?.kind === "aborted", `party ${party} has ${outcome?.kind}`);
    assert.deepEqual(outcome.abort.culprits, [CHEATER], outcome.abort.check);
    checks.add(outcome.abort.check);
  }
  return checks;
};
const flip = (round: number, at: number, to?: number, bit = 3) => ({
  round,
  tamper: (sending: Sending) => flipped(sending, 8 * at + bit, to),
});
/** A valid point that is another one. */
const other = (round: number, offset: number) => ({
  round,
  tamper: (sending: Sending) => {
    const point = curve.decode(sending.broadcast!.subarray(offset, offset + POINT));
    return replaced(sending, offset, curve.encode(curve.add(point, curve.base)));
  },
});

/** A share that the cheater knows, but another one than its own. */
const otherShare: Omit<Lie, "cheater"> = {
  round: 4,
  bend: (told, context, state, inbox) => {
    const { shares } = state as unknown as { shares: Record<number, bigint[][]> };
    const [[first, ...rest], ...others] = shares[2] as [[bigint, ...bigint[]], ...bigint[][]];
    const bent = { ...(state as object), shares: { ...shares, 2: [[first + 1n, ...rest], ...others] } };
    const other = sm2.presign.rounds[2]!.step(context, bent, inbox);
    if (!("send" in other)) throw new Error("no message");
    return { state: told.state, send: other.send };
  },
};

test("presigning: every class of bits names the cheater", () => {
  const shares = sharesOf(3, 3);
  const parties = [1, 2, 3];
  const input = (party: number) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairsOf(party, parties) });
  const run = { protocol: sm2.presign, parties, input };
  const published = 32 + 2 * POINT;
  const opened = 32 + 2 * POINT;
  const bits = [flip(1, 4), flip(1, 0, 2), flip(1, 3_000, 2), flip(1, 14_376, 2), flip(1, 14_396, 3)];
  bits.push(flip(3, 1), flip(3, 40), flip(3, 32 + POINT + 8), flip(3, opened + 31), flip(3, opened + published + 31));
  bits.push(flip(3, opened + 40), flip(3, opened + published + 32 + POINT + 9));
  bits.push(flip(2, 77, 2), flip(2, 752 * 96 + 20, 2), flip(2, 752 * 96 + 40, 3));
  bits.push(flip(4, 10), flip(4, POINT + 10), other(4, 0), other(4, POINT));
  bits.push(flip(4, 2 * POINT + 3), flip(4, 2 * POINT + 40));
  for (const lie of bits) named(run, [lie]);
  for (const at of [31, 63, 95, 127, 159, 191]) named(run, [otherShare, flip(5, at)]);
  assert.deepEqual(named(run, [other(4, POINT)]), new Set(["sm2.shares"]));
  assert.deepEqual(named(run, [otherShare]), new Set(["sm2.dispute"]));
});

test("conversion: every class of bits names the cheater, and nothing is opened before all adds up", () => {
  const run = convertInput(2, 3);
  const published = 32 + POINT;
  const opened = 32 + 2 * POINT;
  const bits = [flip(1, 4), flip(1, 3_000, 2), flip(3, 1), flip(3, 40), flip(3, 32 + POINT + 8)];
  bits.push(flip(3, opened + 31), flip(3, opened + 40), flip(3, opened + published + 31));
  bits.push(flip(2, 16, 2), flip(2, 100, 2), flip(2, 32 + 752 * 64 + 40, 3), flip(4, 12), other(4, 0), flip(5, 31));
  for (const lie of bits) named(run, [lie]);
  for (const at of [31, 63, 95]) named(run, [other(4, 0), flip(5, at)]);
  assert.deepEqual(named(run, [other(4, 0)]), new Set(["sm2-convert.dispute"]));
  assert.deepEqual(named(run, [flip(5, 31)]), new Set(["sm2-convert.product"]));
  assert.deepEqual(named(run, [flip(2, 31, 2)]), new Set(["sm2-convert.share"]));
});
