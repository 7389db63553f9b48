import assert from "node:assert/strict";
import { test } from "node:test";
import { GWEI_PLACES, unitsOf, writtenOf } from "./amounts.ts";
import { unsignedPayment } from "./payment.ts";
import { readMessage } from "./read-message.ts";

const KEY = { scheme: "ECDSA_K1", publicKey: "03".padEnd(66, "1") } as const;
const TO = `0x${"5a".repeat(20)}`;

test("amounts are read and written exactly, or not at all", () => {
  for (const [written, units] of [
    ["0.75", 75n * 10n ** 16n],
    ["0.000000000000000001", 1n],
    ["12", 12n * 10n ** 18n],
    ["0", 0n],
  ] as const) {
    assert.equal(unitsOf(written), units);
    assert.equal(writtenOf(units), written);
  }
  assert.equal(unitsOf("1.5", GWEI_PLACES), 1_500_000_000n);
  for (const wrong of ["", "1,5", "-1", "1e3", ".5", "0.0000000000000000001", "0x10"])
    assert.equal(unitsOf(wrong), undefined);
});

test("a payment is read back as what was written", () => {
  const hex = unsignedPayment({
    ...{ chainId: 31337, nonce: 0n, to: TO, value: 75n * 10n ** 16n, gas: 21_000n },
    ...{ maxFee: 30n * 10n ** 9n, tip: 10n ** 9n },
  });
  const read = readMessage(KEY, { kind: "transaction", hex }, 1);
  assert(read.kind === "transaction");
  const { to, ...rest } = read.transaction;
  assert.equal(to?.toLowerCase(), TO);
  assert.equal(rest.value, 75n * 10n ** 16n);
  assert.equal(rest.fee, 21_000n * 30n * 10n ** 9n);
  assert.deepEqual([rest.chainId, rest.nonce, rest.type, rest.data], [31337, 0n, "eip1559", ""]);
});

test("a message is shown as its text where it is one", () => {
  const read = readMessage(KEY, { kind: "message", hex: "e585ace5918a" }, 1);
  assert(read.kind === "message");
  assert.deepEqual([read.text, read.bytes], ["公告", 6]);
  const bytes = readMessage(KEY, { kind: "message", hex: "ff00" }, 1);
  assert(bytes.kind === "message" && bytes.text === undefined);
});
