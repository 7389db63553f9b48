/** Oracles: ethers and viem make every transaction, and both recover the signer from what leaves `withSignature`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import * as ethers from "ethers";
import { RLP } from "micro-eth-signer/core/rlp.js";
import * as viem from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { concat, fromHex, toHex, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { checksummed, decodeTransaction, isAddress, personalDigest, withSignature } from "./ethereum.ts";

const SECRET = fromHex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318");
const wallet = new ethers.Wallet(`0x${toHex(SECRET)}`);
const account = privateKeyToAccount(`0x${toHex(SECRET)}`);

/** The same numbers at every run. */
const randomOf = (seed: string) => {
  let count = 0;
  const bytes = (length: number): Uint8Array => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash("sha256").update(`${seed} ${count++}`).digest(),
    );
    return Uint8Array.from(Buffer.concat(blocks)).subarray(0, length);
  };
  const below = (limit: number): number => (bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) >>> 0) % limit;
  const big = (most: number): bigint => BigInt(`0x0${toHex(bytes(below(most + 1)))}`);
  const hex = (length: number): `0x${string}` => `0x${toHex(bytes(length))}`;
  return { bytes, below, big, hex };
};

/** An unsigned transaction of each type in turn, as viem serialises it. */
const sample = async (i: number): Promise<viem.TransactionSerializable> => {
  const { below, big, hex } = randomOf(`sample ${i}`);
  const fees = { maxFeePerGas: big(6) + 5n, maxPriorityFeePerGas: BigInt(below(5)) };
  const base = {
    chainId: 1 + below(100_000),
    nonce: below(1_000_000),
    gas: big(7),
    value: below(3) === 0 ? 0n : big(32),
    data: below(3) === 0 ? ("0x" as const) : hex(below(300)),
    to: hex(20),
  };
  const accessList = Array.from({ length: below(3) }, () => ({
    address: hex(20),
    storageKeys: Array.from({ length: below(3) }, () => hex(32)),
  }));
  const creates = below(4) === 0 ? { to: undefined } : {};
  switch (i % 5) {
    case 0:
      return { ...base, ...creates, type: "legacy", gasPrice: big(8) };
    case 1:
      return { ...base, ...creates, type: "eip2930", gasPrice: big(8), accessList };
    case 2:
      return { ...base, ...creates, type: "eip1559", ...fees, accessList };
    case 3: {
      const blobVersionedHashes = Array.from({ length: 1 + below(5) }, () => `0x01${hex(31).slice(2)}` as const);
      return { ...base, type: "eip4844", ...fees, accessList, maxFeePerBlobGas: big(6), blobVersionedHashes };
    }
    default: {
      const authorizationList = [
        await account.signAuthorization({ address: hex(20), chainId: below(9), nonce: below(100) }),
        await account.signAuthorization({ address: hex(20), chainId: base.chainId, nonce: 0 }),
      ];
      return { ...base, type: "eip7702", ...fees, accessList, authorizationList };
    }
  }
};

const serialised = async (i: number): Promise<Uint8Array> => viem.toBytes(viem.serializeTransaction(await sample(i)));

/** ethers reads only unsigned ones that have all fields; so does this. */
const byEthers = (bytes: Uint8Array) => ethers.Transaction.from(`0x${toHex(bytes)}`);

const refusedAs = (code: string, reason?: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === code && (reason?.test(String(error.details.reason)) ?? true);

test("every type: fields and digest as ethers and viem have them, for 300 transactions", async () => {
  for (let i = 0; i < 300; i++) {
    const given = await sample(i);
    const bytes = await serialised(i);
    const ours = decodeTransaction(bytes);
    const theirs = byEthers(bytes);
    assert.equal(`0x${toHex(ours.digest)}`, theirs.unsignedHash, `digest of ${i}`);
    assert.equal(`0x${toHex(ours.digest)}`, viem.keccak256(bytes));
    assert.equal(ours.type, given.type);
    assert.equal(ours.chainId, Number(theirs.chainId));
    assert.equal(ours.nonce, BigInt(theirs.nonce));
    assert.equal(ours.to, theirs.to?.toLowerCase());
    assert.equal(ours.value, theirs.value);
    assert.equal(`0x${toHex(ours.data)}`, theirs.data);
    assert.equal(ours.gas, theirs.gasLimit);
    assert.equal(ours.gasPrice, theirs.maxFeePerGas ?? theirs.gasPrice);
    assert.equal(ours.blobs, theirs.blobVersionedHashes?.length ?? 0);
    assert.deepEqual(ours.delegates, theirs.authorizationList?.map(({ address }) => address.toLowerCase()) ?? []);
    const blobFee = 131_072n * BigInt(ours.blobs) * (theirs.maxFeePerBlobGas ?? 0n);
    assert.equal(ours.fee, ours.gas * ours.gasPrice + blobFee);
  }
});

test("every type, signed over our digest: ethers and viem recover the signer, and agree on the bytes", async () => {
  for (let i = 0; i < 25; i++) {
    const bytes = await serialised(i);
    const { digest } = decodeTransaction(bytes);
    const signature = secp256k1.sign(digest, SECRET, { prehash: false, format: "recovered" });
    const signed = withSignature(bytes, signature.subarray(1), signature[0] === 1 ? 1 : 0);
    const hex = viem.toHex(signed);
    assert.equal(ethers.Transaction.from(hex).from, wallet.address, `ethers on ${i}`);
    const serializedTransaction = hex as viem.TransactionSerialized;
    assert.equal(await viem.recoverTransactionAddress({ serializedTransaction }), account.address, `viem on ${i}`);
    assert.equal(await account.signTransaction(await sample(i)), hex, `viem signs ${i} alike`);
    assert.throws(() => decodeTransaction(signed), refusedAs("policy.transaction", /signed already/));
  }
});

test("whatever else is done to the bytes, it is refused or is another transaction that ethers reads alike", async () => {
  const { below, bytes: noise } = randomOf("mutations");
  let kept = 0;
  for (let i = 0; i < 4_000; i++) {
    const bytes = (await serialised(i % 40)).slice();
    const at = below(bytes.length);
    if (i % 4 === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (i % 4 === 1) bytes.set(noise(Math.min(4, bytes.length - at)), at);
    const mutated = i % 4 === 2 ? bytes.subarray(0, at) : i % 4 === 3 ? concat(bytes, noise(1 + below(3))) : bytes;
    let ours: ReturnType<typeof decodeTransaction>;
    try {
      ours = decodeTransaction(mutated);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      continue;
    }
    kept++;
    assert.ok(i % 4 < 2, "a part, or more than one transaction, is none");
    const theirs = byEthers(mutated);
    assert.deepEqual(
      [ours.to, ours.value, `0x${toHex(ours.data)}`, BigInt(ours.chainId), `0x${toHex(ours.digest)}`],
      [theirs.to?.toLowerCase(), theirs.value, theirs.data, theirs.chainId, theirs.unsignedHash],
    );
  }
  assert.ok(kept > 500, `${kept} are still transactions`);
});

const legacy = (...fields: unknown[]): Uint8Array => RLP.encode(fields as Parameters<typeof RLP.encode>[0]);
const TO = new Uint8Array(20).fill(7);
const eip1559 = (change: Record<number, unknown>): Uint8Array => {
  const fields: unknown[] = [1n, 0n, 1n, 2n, 21_000n, TO, 1n, new Uint8Array(), []];
  for (const [i, value] of Object.entries(change)) fields[Number(i)] = value;
  return concat(Uint8Array.of(2), legacy(...fields));
};

const MALFORMED: readonly [string, () => Uint8Array, RegExp][] = [
  ["nothing", () => new Uint8Array(), /first byte/],
  ["a type that is not known", () => Uint8Array.of(5, 0xc0), /first byte is 0x05/],
  ["legacy with type 0", () => concat(Uint8Array.of(0), legacy(0n, 1n, 1n, TO, 1n, "", 1n, 0n, 0n)), /first byte/],
  ["no chain", () => legacy(0n, 1n, 1n, TO, 1n, new Uint8Array()), /replayed/],
  ["chain 0", () => legacy(0n, 1n, 1n, TO, 1n, new Uint8Array(), 0n, 0n, 0n), /chainId/],
  ["a chain above 2^53", () => eip1559({ 0: 2n ** 53n }), /chainId/],
  ["signed legacy", () => legacy(0n, 1n, 1n, TO, 1n, new Uint8Array(), 37n, 5n, 6n), /signed already/],
  ["signed", () => concat(Uint8Array.of(2), legacy(1n, 0n, 1n, 2n, 3n, TO, 1n, "", [], 0n, 1n, 1n)), /signed already/],
  ["a field too few", () => concat(Uint8Array.of(2), legacy(1n, 0n, 1n, 2n, 3n, TO, 1n, "")), /8 fields/],
  ["no list", () => concat(Uint8Array.of(2), legacy().subarray(1), Uint8Array.of(0x81, 0x99)), /not a list/],
  ["trailing bytes", () => concat(eip1559({}), Uint8Array.of(0)), /unread/],
  ["a leading zero", () => eip1559({ 6: Uint8Array.of(0, 1) }), /leading zero/],
  ["zero as a byte", () => eip1559({ 6: Uint8Array.of(0) }), /leading zero/],
  ["a value above 2^256", () => eip1559({ 6: new Uint8Array(33).fill(1) }), /more than 32/],
  ["gas above 2^64", () => eip1559({ 4: 2n ** 64n }), /more than 8/],
  ["the last nonce", () => eip1559({ 1: 2n ** 64n - 1n }), /nonce/],
  ["an address of 19 bytes", () => eip1559({ 5: TO.subarray(1) }), /19 bytes/],
  ["an address of 21 bytes", () => eip1559({ 5: concat(TO, TO).subarray(0, 21) }), /21 bytes/],
  ["a list as address", () => eip1559({ 5: [TO] }), /not a string/],
  ["a list as data", () => eip1559({ 7: [] }), /not a string/],
  ["a priority fee above the fee", () => eip1559({ 2: 3n }), /priority/],
  ["an access list of bytes", () => eip1559({ 8: TO }), /not a list/],
  ["an access list without keys", () => eip1559({ 8: [[TO]] }), /pair/],
  ["a key of 31 bytes", () => eip1559({ 8: [[TO, [new Uint8Array(31)]]] }), /31 bytes/],
  ["more than 128 KiB", () => eip1559({ 7: new Uint8Array(131_072) }), /longer/],
  ["a list nested 2,000 deep", () => new Uint8Array(2_000).fill(0xc1), /./],
];

for (const [name, make, reason] of MALFORMED)
  test(`refused: ${name}`, () => {
    assert.throws(() => decodeTransaction(make()), refusedAs("policy.transaction", reason));
  });

test("refused: blobs and delegations without what their standards ask for", () => {
  const blob = (...hashes: Uint8Array[]) =>
    concat(Uint8Array.of(3), legacy(1n, 0n, 1n, 2n, 3n, TO, 1n, new Uint8Array(), [], 1n, hashes));
  assert.equal(decodeTransaction(blob(new Uint8Array(32).fill(1))).blobs, 1);
  assert.throws(() => decodeTransaction(blob()), refusedAs("policy.transaction", /no blob/));
  assert.throws(() => decodeTransaction(blob(new Uint8Array(32))), refusedAs("policy.transaction", /version/));
  const set = (to: Uint8Array, ...list: unknown[]) =>
    concat(Uint8Array.of(4), legacy(1n, 0n, 1n, 2n, 3n, to, 1n, new Uint8Array(), [], list));
  const fine = [1n, TO, 0n, 1n, 5n, 6n];
  assert.deepEqual(decodeTransaction(set(TO, fine)).delegates, [`0x${"07".repeat(20)}`]);
  assert.throws(() => decodeTransaction(set(TO)), refusedAs("policy.transaction", /empty/));
  assert.throws(() => decodeTransaction(set(TO, [1n, TO, 0n, 2n, 5n, 6n])), refusedAs("policy.transaction", /parity/));
  assert.throws(() => decodeTransaction(set(TO, [1n, TO, 0n])), refusedAs("policy.transaction", /six/));
  assert.throws(() => decodeTransaction(set(new Uint8Array(), fine)), refusedAs("policy.transaction", /0 bytes/));
});

test("personal messages hash as ethers and viem hash them", () => {
  const { bytes, below } = randomOf("messages");
  for (const message of [
    new Uint8Array(),
    utf8("hello"),
    utf8("签名 ✍"),
    ...Array.from({ length: 40 }, () => bytes(below(300))),
  ]) {
    assert.equal(`0x${toHex(personalDigest(message))}`, ethers.hashMessage(message));
    assert.equal(`0x${toHex(personalDigest(message))}`, viem.hashMessage({ raw: message }));
  }
});

test("addresses: checksums as ethers writes them, mixed case only with the right one", () => {
  const { hex } = randomOf("addresses");
  for (let i = 0; i < 50; i++) {
    const address = hex(20);
    assert.equal(checksummed(address), ethers.getAddress(address));
    assert.ok(isAddress(address) && isAddress(checksummed(address)));
  }
  const known = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
  for (const wrong of [`${known}0`, known.slice(0, -1), known.replace("0x", "0X"), known.replace("aA", "Aa"), "", "0x"])
    assert.equal(isAddress(wrong), false, wrong);
});
