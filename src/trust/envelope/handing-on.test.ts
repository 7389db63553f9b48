/** Section 8 of docs/protocols/envelope.md: who was handed a content key opens one envelope with it, for one use. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { generateKey, randomBytes } from "#crypto";
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import type { PrivateKey } from "../crypto/crypto.ts";
import { keyFromPem, publicKeyToPem } from "../keys.ts";
import { CHUNK_LENGTH } from "./body.ts";
import { contentKeyOf, headerOf, openBytes, sealBytes } from "./envelope.ts";
import { enclaveKey, type Recipient, receiverKey } from "./recipient.ts";

const context = { use: "test", owner: "ab".repeat(32) };
const rsaPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs8" });
const rsa: PrivateKey = keyFromPem(rsaPem.toString(), { accept: ["RSA"] });
const enclave = generateKey("X25519");
const receivers = [rsa, generateKey("P-256"), generateKey("X25519"), generateKey("SM2")];
const parties: readonly { key: PrivateKey; to: Recipient }[] = [
  { key: enclave, to: enclaveKey(enclave.publicKey.spki) },
  ...receivers.map((key) => ({ key, to: receiverKey(publicKeyToPem(key.publicKey)) })),
];

const keyOf = async (envelope: Uint8Array, key: PrivateKey) =>
  contentKeyOf(await headerOf([envelope]), { key, context });

for (const { key, to } of parties) {
  test(`a content key by ${to.wrap} opens its envelope for who isn't the recipient`, async () => {
    const content = randomBytes(CHUNK_LENGTH + 5);
    const envelope = await sealBytes(content, { to, context });
    const contentKey = await keyOf(envelope, key);
    assert.equal(contentKey.length, to.enc === "SM4GCM" ? 16 : 32);
    assert.deepEqual(await openBytes(envelope, { contentKey, context }), content);
  });
}

const { key, to } = parties[0] as (typeof parties)[number];

test("a content key opens for the use that was sealed for only, and no other envelope", async () => {
  const envelope = await sealBytes(utf8("secret"), { to, context });
  const contentKey = await keyOf(envelope, key);
  await assert.rejects(openBytes(envelope, { contentKey, context: { use: "another" } }), { code: "envelope.context" });
  const other = await sealBytes(utf8("secret"), { to, context });
  await assert.rejects(openBytes(other, { contentKey, context }), { code: "envelope.damaged" });
  for (const length of [0, 16, 31, 33]) {
    const short = { contentKey: new Uint8Array(length), context };
    await assert.rejects(openBytes(envelope, short), { code: "envelope.key" }, `${length} bytes`);
  }
});

test("a bit of the envelope that changed is noticed with a content key too", async () => {
  const envelope = await sealBytes(utf8("secret"), { to, context });
  const contentKey = await keyOf(envelope, key);
  for (let bit = 0; bit < envelope.length * 8; bit++) {
    const changed = envelope.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
    await assert.rejects(openBytes(changed, { contentKey, context }), { name: "Refusal" }, `bit ${bit}`);
  }
});

test("only the recipient extracts the content key, for the context it expects", async () => {
  const envelope = await sealBytes(utf8("secret"), { to, context });
  const header = await headerOf([envelope]);
  const refused = (change: object, code: string) =>
    assert.rejects(contentKeyOf(header, { key, context, ...change }), { code });
  await refused({ key: generateKey("X25519") }, "envelope.recipient");
  await refused({ context: { ...context, owner: "" } }, "envelope.context");
  // A header that names another context or another key of its own: a key comes out, and opens nothing.
  const forged = { ...header, context: { use: "another" } };
  const useless = await contentKeyOf(forged, { key, context: forged.context });
  await assert.rejects(openBytes(envelope, { contentKey: useless, context }), { code: "envelope.damaged" });
  assert.equal(fromUtf8(await openBytes(envelope, { contentKey: await keyOf(envelope, key), context })), "secret");
});
