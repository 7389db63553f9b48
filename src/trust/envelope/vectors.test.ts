import assert from "node:assert/strict";
import { test } from "node:test";
import hpke from "../../../test/vectors/hpke-x25519-aes256gcm.json" with { type: "json" };
import sm4gcm from "../../../test/vectors/sm4-gcm.json" with { type: "json" };
import { concat, fromHex, toHex } from "../../base/bytes.ts";
import { CIPHERS } from "./ciphers.ts";
import { hpkeSuite } from "./hpke.ts";

const hex = (buffer: ArrayBuffer) => toHex(new Uint8Array(buffer));

test("HPKE gives the published values on both sides", async () => {
  const suite = hpkeSuite();
  const derived = await suite.kem.deriveKeyPair(fromHex(hpke.ikmR));
  assert.equal(hex(await suite.kem.serializePrivateKey(derived.privateKey)), hpke.skRm);
  assert.equal(hex(await suite.kem.serializePublicKey(derived.publicKey)), hpke.pkRm);

  const info = fromHex(hpke.info);
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromHex(hpke.pkRm));
  const sender = await suite.createSenderContext({ recipientPublicKey, info, ekm: fromHex(hpke.ikmE) });
  assert.equal(hex(sender.enc), hpke.enc);
  const recipientKey = await suite.kem.deserializePrivateKey(fromHex(hpke.skRm));
  const recipient = await suite.createRecipientContext({ recipientKey, enc: fromHex(hpke.enc), info });
  for (const { context, value } of hpke.exports) {
    assert.equal(hex(await sender.export(fromHex(context), 32)), value);
    assert.equal(hex(await recipient.export(fromHex(context), 32)), value);
  }
  const { aad, pt, ct } = hpke.encryption;
  assert.equal(hex(await sender.seal(fromHex(pt), fromHex(aad))), ct);
  assert.equal(hex(await recipient.open(fromHex(ct), fromHex(aad))), pt);
});

test("SM4-GCM gives the published values", async () => {
  const cipher = await CIPHERS.SM4GCM.create(fromHex(sm4gcm.key));
  const [nonce, aad, data] = [sm4gcm.nonce, sm4gcm.aad, sm4gcm.plaintext].map(fromHex);
  assert(nonce && aad && data);
  const sealed = concat(fromHex(sm4gcm.ciphertext), fromHex(sm4gcm.tag));
  assert.equal(toHex(await cipher.seal(nonce, aad, data)), toHex(sealed));
  assert.deepEqual(await cipher.open(nonce, aad, sealed), data);
});

for (const [name, { create, keyLength }] of Object.entries(CIPHERS)) {
  test(`${name} opens nothing that was changed`, async () => {
    const cipher = await create(new Uint8Array(keyLength).fill(7));
    const [nonce, aad] = [new Uint8Array(12), new Uint8Array(32)];
    for (const length of [0, 1, 15, 16, 17, 33]) {
      const data = new Uint8Array(length).fill(5);
      const sealed = await cipher.seal(nonce, aad, data);
      assert.equal(sealed.length, length + 16);
      assert.deepEqual(await cipher.open(nonce, aad, sealed), data);
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed.map((octet, i) => (i === at ? octet ^ 1 : octet));
        assert.equal(await cipher.open(nonce, aad, changed), undefined);
      }
      assert.equal(await cipher.open(nonce, aad, sealed.subarray(1)), undefined);
      assert.equal(await cipher.open(nonce.with(11, 1), aad, sealed), undefined);
      assert.equal(await cipher.open(nonce, aad.with(31, 1), sealed), undefined);
    }
    assert.equal(await cipher.open(nonce, aad, new Uint8Array(15)), undefined);
  });
}
