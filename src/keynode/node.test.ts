/** Key nodes from founding to signature, of every scheme; openssl has the last word. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openKeyNodes } from "../../test/support/keynodes.ts";
import { opensslKnows, requireOpenssl } from "../../test/support/openssl.ts";
import { act } from "../../test/support/stage.ts";
import { fromHex } from "../base/bytes.ts";
import { keyRequest } from "../rules/key-request.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { streamOf } from "../rules/world.ts";
import { schemeOf } from "./schemes.ts";

const DIGEST = "5f".repeat(32);

describe("a key is made, signs with two of three, and the ledger says so", () => {
  for (const scheme of ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"] satisfies KeyScheme[])
    test(scheme, async (t) => {
      const fleet = await openKeyNodes(t);
      const key = await fleet.foundKey(scheme, 2);
      await fleet.make(key);
      const { status, publicKey } = fleet.keyOf(key);
      assert.equal(status, "enabled");
      for (const signers of [
        [1, 3],
        [2, 3],
        [1, 3],
      ]) {
        const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
        const { statement, detail } = await fleet.sign(request, signers);
        await fleet.stage.submit(statement);
        const [signature = ""] = (detail as { signatures: string[] }).signatures;
        assert.ok(schemeOf(scheme).verify(fromHex(publicKey), fromHex(DIGEST), fromHex(signature)));
        if (opensslKnows(scheme)) requireOpenssl(scheme, publicKey, DIGEST, signature);
      }
    });
});

test("what was signed while a withdrawal was on its way is said over it, and nothing is signed after it", async (t) => {
  const fleet = await openKeyNodes(t);
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
  const { statement, detail } = await fleet.sign(request);
  await act(fleet.stage, fleet.requester, "key-request.withdrawn", request);
  await assert.rejects(fleet.stage.submit(statement), { code: "stream.moved" });
  const leader = fleet.nodes[0];
  const again = await leader?.call("sign", { request, signers: [1, 2], details: fleet.details }, request);
  assert.deepEqual(again?.detail, detail);
  await fleet.stage.submit(again?.statement ?? "");
  assert.equal(streamOf(fleet.stage.world, keyRequest, request)?.state.status, "completed");
  const late = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
  await act(fleet.stage, fleet.requester, "key-request.withdrawn", late);
  await assert.rejects(fleet.sign(late), { code: "keynode.request" });
});
