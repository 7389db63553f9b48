/** What the key of an identity signs, and what policies are told of it: a statement, a question, a certificate. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { generateKey, randomBytes } from "#crypto";
import {
  ca,
  certificate,
  inputOf,
  key,
  leaf,
  leafOf,
  period,
  signerOf,
  signing,
  spoken,
  statement,
} from "../../test/support/identity.ts";
import { createOrganisation, START } from "../../test/support/principals.ts";
import { toBase64, toBase64url, toHex, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { DAY } from "../base/clock.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import { signStructureRequest } from "../rules/structure-request.ts";
import { caToSign, createCa, leafToSign } from "../trust/x509/issue.ts";
import { createPolicies } from "./cedar.ts";
import { judgeSigning } from "./judge.ts";
import { NOTHING_SPENT } from "./spending.ts";
import { whatIs } from "./what.ts";

const refused = (message: KeyMessage, code: string, reason: RegExp) =>
  assert.throws(
    () => whatIs(signing, message, 1),
    (error: { code?: string; message: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, reason);
      return true;
    },
  );

test("of a statement policies see kind, stream, member and payload; what is signed is what ES256 signs", async () => {
  const message = await spoken();
  const { sign, facts } = whatIs(signing, message, 1);
  assert.equal(toHex(sign), createHash("sha256").update(message.input).digest("hex"));
  const { kind, stream, by } = statement;
  const payload = `0x${createHash("sha256").update(canonical(statement.payload)).digest("hex")}`;
  assert.deepEqual(facts, {
    purpose: "statement",
    digest: `0x${toHex(sign)}`,
    statement: { kind, stream, by, payload },
  });
});

test("of a question to an enclave they see what it is for, the enclave and the member", async () => {
  const about = { by: "c".repeat(64), enclave: "e".repeat(64), envelope: "f".repeat(64), type: "csv" };
  const { facts } = whatIs(signing, inputOf(await signStructureRequest(signerOf(leaf.der), about, START)), 1);
  const { payload: _, ...seen } = facts.statement as Record<string, unknown>;
  assert.deepEqual(seen, { kind: "entente/structure/1", stream: about.enclave, by: about.by });
});

test("of a certificate whether it is an authority's, its name and for how long; it is of this key", () => {
  const subject = { commonName: "医院" };
  for (const [toSign, authority] of [
    [caToSign({ name: subject, publicKey: key.publicKey, ...period }), true],
    [leafToSign({ ca, publicKey: key.publicKey, subject, ...period }), false],
  ] as const) {
    const { sign, facts } = whatIs(signing, certificate(toSign), 1);
    assert.equal(toHex(sign), createHash("sha256").update(toSign).digest("hex"));
    assert.deepEqual(facts.certificate, { authority, name: "医院", days: 10 });
  }
});

test("nothing is signed under a certificate of another key, or by another", async () => {
  const other = generateKey("P-256");
  const otherCa = createCa({ name: { commonName: "医院 CA" }, key: other, ...period });
  const stranger = createOrganisation("别家", { kind: "secp256k1" });
  for (const [der, reason] of [
    [leafOf(other.publicKey).der, /of another key/],
    [stranger.leaf.der, /of another key/],
    [leafOf(key.publicKey, other, otherCa).der, /not signed by this key/],
    [randomBytes(40), /./],
  ] as const)
    refused(await spoken({}, signerOf(der)), "policy.statement", reason);
});

test("what is no statement in its one spelling is not signed", async () => {
  const { input } = await spoken();
  const [header = "", payload = ""] = input.split(".");
  const encoded = (value: unknown) => toBase64url(utf8(JSON.stringify(value)));
  const x5c = [toBase64(leaf.der)];
  for (const bad of [
    `${header}.${encoded({ ...statement, more: 1 })}`,
    `${header}.${payload}A`,
    `${header}.${encoded([])}`,
    `${encoded({ alg: "ES256", typ: "JWT", x5c })}.${payload}`,
    `${encoded({ alg: "ES256", x5c })}.${payload}`,
    `${encoded({ alg: "none", typ: "entente+jws", x5c })}.${payload}`,
    `${encoded({ alg: "EdDSA", typ: "entente+jws", x5c })}.${payload}`,
    `${encoded({ alg: "ES256", typ: "entente+jws", x5c: [...x5c, ...x5c] })}.${payload}`,
    `${encoded({ alg: "ES256", typ: "entente+jws" })}.${payload}`,
    `${encoded({ alg: "ES256", typ: "entente-structure+jws", x5c })}.${payload}`,
    "e30.e30",
    "x.y",
  ])
    refused({ kind: "statement", input: bad }, "policy.statement", /./);
});

test("it certifies no other key, and no authority under another's name", () => {
  const other = generateKey("P-256");
  const subject = { commonName: "医院" };
  const leafOfOther = leafToSign({ ca, publicKey: other.publicKey, subject, ...period });
  refused(certificate(leafOfOther), "policy.certificate", /of another key/);
  refused(
    certificate(caToSign({ name: subject, publicKey: other.publicKey, ...period })),
    "policy.certificate",
    /of another/,
  );
  const own = caToSign({ name: subject, publicKey: key.publicKey, ...period });
  for (const bad of [own.slice(0, -1), Uint8Array.of(0x30, 0), ca.der, randomBytes(64)])
    refused(certificate(bad), "policy.certificate", /./);
});

test("only keys on P-256 are an identity's", async () => {
  const { publicKey } = signing;
  for (const scheme of ["ECDSA_K1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"] as const)
    for (const message of [await spoken(), { kind: "certificate", hex: "3000" } as const])
      assert.throws(() => whatIs({ scheme, publicKey }, message, 1), { code: "policy.message" });
});

test("policies say which kinds are signed in whose name", async () => {
  const policies = createPolicies([
    {
      id: "joins",
      text: `permit(principal, action == Action::"sign", resource) when {
        context has statement && context.statement.kind == "alliance.joined" &&
        context.statement.by == "${statement.by}" && resource.hasTag("identity")
      };`,
    },
    {
      id: "short",
      text: 'permit(principal, action == Action::"sign", resource) when { context has certificate && context.certificate.days <= 90 };',
    },
  ]);
  const allowed = (message: KeyMessage) =>
    judgeSigning(
      policies,
      {
        ...{ request: "r", member: "m", roles: ["requester"], group: "G1", approvers: [], time: START },
        ...{ key: { ...signing, id: "K1", tags: { identity: "1300000001" } }, path: [], messages: [message] },
      },
      NOTHING_SPENT,
    ).allowed;
  const long = { ...period, notAfter: START + 900 * DAY };
  const authority = (dates: typeof period) =>
    caToSign({ name: { commonName: "CA" }, publicKey: key.publicKey, ...dates });
  assert.equal(allowed(await spoken()), true);
  assert.equal(allowed(await spoken({ kind: "alliance.left" })), false);
  assert.equal(allowed(await spoken({ by: "d".repeat(64) })), false);
  assert.equal(allowed(certificate(authority(period))), true);
  assert.equal(allowed(certificate(authority(long))), false);
  assert.equal(allowed({ kind: "digest", hex: "d".repeat(64) }), false);
});
