import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { generateKey, randomBytes } from "#crypto";
import { concat, equal, fromUtf8, toHex, utf8 } from "../../base/bytes.ts";
import { canonical, parseCanonical } from "../../base/canonical.ts";
import type { PrivateKey } from "../crypto/crypto.ts";
import { keyFromPem, publicKeyToPem } from "../keys.ts";
import { CHUNK_LENGTH, chunkNonce } from "./body.ts";
import { headerOf, open, openBytes, seal, sealBytes } from "./envelope.ts";
import { enclaveKey, type Recipient, receiverKey } from "./recipient.ts";

const CONTEXT = { stream: "ab".repeat(32), resource: "source", purpose: "compute" };
const rsaPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs8" });
const rsaKey: PrivateKey = keyFromPem(rsaPem.toString(), { accept: ["RSA"] });

const enclave = generateKey("X25519");
const receivers = [rsaKey, generateKey("P-256"), generateKey("X25519"), generateKey("SM2")];
const parties: readonly { key: PrivateKey; to: Recipient }[] = [
  { key: enclave, to: enclaveKey(enclave.publicKey.spki) },
  ...receivers.map((key) => ({ key, to: receiverKey(publicKeyToPem(key.publicKey)) })),
];
const [hpke] = parties;
assert(hpke);
const options = { to: hpke.to, context: CONTEXT };
const opening = { key: hpke.key, context: CONTEXT };

const changed = (bytes: Uint8Array, bit: number) =>
  bytes.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));

/** An envelope taken apart: what is before the first chunk, and the frames. */
const parts = (envelope: Uint8Array) => {
  const view = new DataView(envelope.buffer, envelope.byteOffset);
  let at = 10 + view.getUint32(6);
  const head = envelope.subarray(0, at);
  const frames: Uint8Array[] = [];
  while (at < envelope.length) {
    const end = at + 4 + (view.getUint32(at) & 0x7fff_ffff);
    frames.push(envelope.subarray(at, end));
    at = end;
  }
  return { head, frames };
};

/** The envelope with another header, as someone without the key could make it. */
const reheaded = (envelope: Uint8Array, change: (header: Record<string, unknown>) => unknown) => {
  const { head, frames } = parts(envelope);
  const header = utf8(canonical(change(parseCanonical(fromUtf8(head.subarray(10))) as Record<string, unknown>)));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length);
  return concat(head.subarray(0, 6), length, header, ...frames);
};

for (const { key, to } of parties) {
  for (const enc of ["A256GCM", "SM4GCM"] as const) {
    test(`${to.wrap} with ${enc} gives back what was sealed`, async () => {
      for (const length of [0, 1, 1000, CHUNK_LENGTH - 1, CHUNK_LENGTH, CHUNK_LENGTH + 1]) {
        if (length > 1000 && to.wrap !== "HPKE-X25519") continue;
        const content = randomBytes(length);
        const envelope = await sealBytes(content, { to, context: CONTEXT, enc });
        assert(equal(await openBytes(envelope, { key, context: CONTEXT }), content), `${length} bytes`);
        const header = await headerOf([envelope]);
        assert.deepEqual([header.wrap, header.enc, header.context], [to.wrap, enc, CONTEXT]);
        assert.equal(header.recipient, createHash("sha256").update(key.publicKey.spki).digest("hex"));
      }
    });
  }

  test(`every change of one bit of an envelope by ${to.wrap} is refused`, async () => {
    const envelope = await sealBytes(utf8("secret"), { to, context: CONTEXT });
    // SM2 takes milliseconds an attempt: a sample.
    const step = to.wrap === "SM2" ? 7 : 1;
    for (let bit = 0; bit < envelope.length * 8; bit += step) {
      await assert.rejects(
        openBytes(changed(envelope, bit), { key, context: CONTEXT }),
        { name: "Refusal", code: /^envelope\./ },
        `bit ${bit}`,
      );
    }
  });

  test(`an envelope by ${to.wrap} opens for its own key and context only`, async () => {
    const envelope = await sealBytes(utf8("secret"), { to, context: CONTEXT });
    const refused = (change: object, code: string) =>
      assert.rejects(openBytes(envelope, { key, context: CONTEXT, ...change }), { code });
    await refused({ key: generateKey("X25519") }, "envelope.recipient");
    await refused({ key: generateKey("P-256") }, "envelope.recipient");
    await refused({ context: { ...CONTEXT, purpose: "another" } }, "envelope.context");
    await refused({ context: { ...CONTEXT, more: "" } }, "envelope.context");
    await refused({ context: {} }, "envelope.context");
    // Rewriting what the header says makes it no one else's.
    const other = generateKey("X25519");
    const context = { ...CONTEXT, purpose: "another" };
    const recontexted = reheaded(envelope, (header) => ({ ...header, context }));
    await assert.rejects(openBytes(recontexted, { key, context }), { code: "envelope.damaged" });
    const recipient = enclaveKey(other.publicKey.spki).thumbprint;
    const readdressed = reheaded(envelope, (header) => ({ ...header, recipient }));
    await assert.rejects(openBytes(readdressed, { key: other, context: CONTEXT }), {
      code: /^envelope\.(damaged|key)$/,
    });
  });
}

test("chunks cannot be cut off, moved, repeated, left out, joined on or swapped between envelopes", async () => {
  const content = randomBytes(3 * CHUNK_LENGTH + 10);
  const envelope = await sealBytes(content, options);
  const { head, frames } = parts(await sealBytes(content, options));
  const [a, b, c, last] = frames;
  assert(a && b && c && last && frames.length === 4);
  const refused = (code: string, ...pieces: Uint8Array[]) =>
    assert.rejects(openBytes(concat(...pieces), opening), { code }, code);
  assert(equal(await openBytes(concat(head, a, b, c, last), opening), content));

  await refused("envelope.truncated", head);
  await refused("envelope.truncated", head, a);
  await refused("envelope.truncated", head, a, b, c);
  await refused("envelope.truncated", head, a, b, c, last.subarray(0, 3));
  await refused("envelope.truncated", head, a, b, c, last.subarray(0, -1));
  await refused("envelope.truncated", head.subarray(0, 5));
  await refused("envelope.truncated", head.subarray(0, -1));
  await refused("envelope.truncated");
  await refused("envelope.trailing", head, a, b, c, last, Uint8Array.of(0));
  await refused("envelope.trailing", head, a, b, c, last, last);
  await refused("envelope.trailing", head, a, b, c, last, envelope);
  await refused("envelope.damaged", head, b, a, c, last);
  await refused("envelope.damaged", head, a, b, b, last);
  await refused("envelope.damaged", head, a, c, last);
  await refused("envelope.damaged", head, a, b, last);
  await refused("envelope.damaged", head, last);

  // The final flag moved: the frame says so, the nonce does not.
  const made = c.slice();
  made[0] = (made[0] ?? 0) | 0x80;
  await refused("envelope.damaged", head, a, b, made);

  const other = parts(envelope);
  assert(other.frames[1] && other.frames[3]);
  await refused("envelope.damaged", head, a, other.frames[1], c, last);
  await refused("envelope.damaged", head, a, b, c, other.frames[3]);
  await refused("envelope.damaged", other.head, a, b, c, last);
});

test("lengths that no sealing gives are refused before anything is read for them", async () => {
  const { head, frames } = parts(await sealBytes(randomBytes(CHUNK_LENGTH + 1), options));
  const [first] = frames;
  assert(first);
  const word = (n: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, n);
    return bytes;
  };
  for (const length of [
    0,
    16,
    100,
    CHUNK_LENGTH,
    CHUNK_LENGTH + 17,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_000f,
    0xffff_ffff,
  ]) {
    await assert.rejects(openBytes(concat(head, word(length)), opening), { code: "envelope.malformed" }, `${length}`);
  }
  // An empty last chunk after others: the same content in a second form.
  await assert.rejects(openBytes(concat(head, first, word(0x8000_0010)), opening), { code: "envelope.malformed" });
  const magic = head.subarray(0, 6);
  await assert.rejects(openBytes(concat(magic, word(16_385)), opening), { code: "envelope.malformed" });
  await assert.rejects(openBytes(utf8("-----BEGIN PGP MESSAGE-----"), opening), { code: "envelope.malformed" });
});

test("a counter that has run out is refused", () => {
  const prefix = new Uint8Array(7);
  assert.equal(toHex(chunkNonce(prefix, 0xffff_ffff, true)), "00000000000000ffffffff01");
  assert.throws(() => chunkNonce(prefix, 0x1_0000_0000, false), { code: "envelope.too-large" });
});

test("headers have one form", async () => {
  const envelope = await sealBytes(utf8("secret"), options);
  const changes: Record<string, (header: Record<string, unknown>) => unknown> = {
    "another version": (header) => ({ ...header, v: 2 }),
    "an unknown wrap": (header) => ({ ...header, wrap: "RSA1_5" }),
    "an unknown cipher": (header) => ({ ...header, enc: "A256CBC" }),
    "an unknown member": (header) => ({ ...header, more: 1 }),
    "no recipient": ({ recipient: _, ...header }) => header,
    "no ephemeral key": ({ epk: _, ...header }) => header,
    "both kinds of key": (header) => ({ ...header, wrapped: "AAAA" }),
    "a wrap without its kind of key": (header) => ({ ...header, wrap: "RSA-OAEP-256" }),
    "a short nonce": (header) => ({ ...header, nonce: "AAAAAAAA" }),
    "padded base64url": (header) => ({ ...header, nonce: `${header.nonce}=` }),
    "a context of another type": (header) => ({ ...header, context: { a: 1 } }),
    "a list": () => [],
  };
  for (const [what, change] of Object.entries(changes)) {
    await assert.rejects(openBytes(reheaded(envelope, change), opening), { code: "envelope.malformed" }, what);
  }
  // Equal content, another text.
  const { head, frames } = parts(envelope);
  const spaced = concat(
    head.subarray(0, 9),
    Uint8Array.of((head[9] ?? 0) + 1),
    utf8(" "),
    head.subarray(10),
    ...frames,
  );
  await assert.rejects(openBytes(spaced, opening), { name: "Refusal" });
  const long = { long: "x".repeat(4_000) };
  const opened = await openBytes(await sealBytes(utf8("a"), { ...options, context: long }), {
    ...opening,
    context: long,
  });
  assert.deepEqual(opened, utf8("a"));
  await assert.rejects(sealBytes(utf8(""), { ...options, context: { long: "x".repeat(5_000) } }), {
    code: "envelope.malformed",
  });
});

test("low-order and foreign points are refused as ephemeral keys", async () => {
  for (const { key, to } of parties) {
    if (!to.wrap.endsWith("25519") && to.wrap !== "ECDH-ES-P256") continue;
    const envelope = await sealBytes(utf8("secret"), { to, context: CONTEXT });
    const size = to.wrap === "ECDH-ES-P256" ? 65 : 32;
    for (const epk of [
      new Uint8Array(size),
      new Uint8Array(size).fill(4),
      new Uint8Array(size - 1),
      new Uint8Array(0),
    ]) {
      const forged = reheaded(envelope, (header) => ({ ...header, epk: Buffer.from(epk).toString("base64url") }));
      await assert.rejects(openBytes(forged, { key, context: CONTEXT }), { code: /^envelope\.(key|damaged)$/ });
    }
  }
});

test("50 MB pass through, holding no more than a few chunks, in pieces of any size", async () => {
  const PIECES = 800;
  const piece = randomBytes(65_537);
  const [before, after] = [createHash("sha256"), createHash("sha256")];
  let taken = 0;
  let given = 0;
  let held = 0;
  async function* source() {
    for (let i = 0; i < PIECES; i++) {
      piece[0] = i & 255;
      before.update(piece);
      taken += piece.length;
      held = Math.max(held, taken - given);
      yield piece.slice();
    }
  }
  for await (const chunk of open(seal(source(), options), opening)) {
    after.update(chunk);
    given += chunk.length;
  }
  assert.equal(given, PIECES * piece.length);
  assert.equal(after.digest("hex"), before.digest("hex"));
  assert(held < 4 * CHUNK_LENGTH, `${held} bytes held`);
});

test("pieces of one byte are as good as any", async () => {
  const content = randomBytes(300);
  const envelope = await sealBytes(content, options);
  const singles = Array.from(envelope, (octet) => Uint8Array.of(octet));
  const opened: Uint8Array[] = [];
  for await (const chunk of open([new Uint8Array(0), ...singles, new Uint8Array(0)], opening)) opened.push(chunk);
  assert.deepEqual(concat(...opened), content);
});

test("a source is let go when opening stops early", async () => {
  let released = false;
  const envelope = await sealBytes(randomBytes(CHUNK_LENGTH + 1), options);
  async function* source() {
    try {
      yield envelope.subarray(0, 2_000);
      yield envelope.subarray(2_000);
    } finally {
      released = true;
    }
  }
  await assert.rejects(async () => {
    for await (const _ of open(source(), { ...opening, context: {} })) assert.fail("nothing may come out");
  });
  assert(released);
});
