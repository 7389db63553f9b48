import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../test/vectors/rfc9421-hmac-sha256.json" with { type: "json" };
import { fromBase64, utf8 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import {
  checkCoverage,
  contentDigest,
  digestOfField,
  type Message,
  parseSignature,
  signatureBase,
  signRequest,
  verifySignature,
} from "./http-signature.ts";

const message = (over: Partial<Message> = {}, headers: Record<string, string> = {}): Message => ({
  method: "POST",
  scheme: "https",
  authority: "example.com",
  path: "/foo",
  query: "?param=Value&Pet=dog",
  header: (name) => headers[name],
  ...over,
});

const refusal = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

test("RFC 9421 B.2.5: base and signature with hmac-sha256", () => {
  const { headers, input, signature, secret, base } = vectors;
  const parsed = parseSignature(input, signature);
  const request = message({}, headers);
  assert.equal(signatureBase(request, parsed.components, parsed.params), base);
  assert.ok(verifySignature(request, parsed, fromBase64(secret)));
  assert.ok(!verifySignature(message({ authority: "example.org" }, headers), parsed, fromBase64(secret)));
});

test("RFC 9421 2.2: derived components", () => {
  const values = signatureBase(message(), ["@method", "@target-uri", "@authority", "@scheme", "@path", "@query"], "()");
  assert.equal(
    values,
    [
      '"@method": POST',
      '"@target-uri": https://example.com/foo?param=Value&Pet=dog',
      '"@authority": example.com',
      '"@scheme": https',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@signature-params": ()',
    ].join("\n"),
  );
  assert.match(signatureBase(message({ query: "" }), ["@query"], "()"), /^"@query": \?\n/);
  assert.throws(() => signatureBase(message(), ["@status"], "()"), refusal("signature.components"));
});

test("RFC 9530 B.1: Content-Digest", () => {
  const field = contentDigest(utf8('{"hello": "world"}\n'));
  assert.equal(field, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
  assert.equal(digestOfField(`md5=:AA==:, ${field}`), "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=");
  assert.equal(digestOfField("sha-256=:AA==:"), undefined);
});

const KEY = { id: "AK1", secret: "SKsecret" };
const NOW = 1_700_000_000_000;
const signed = (headers: Record<string, string> = {}, nonce: string | undefined = "n") => {
  const all = signRequest(
    { method: "POST", url: "https://example.com/foo?param=Value&Pet=dog", headers },
    KEY,
    NOW,
    nonce,
  );
  return parseSignature(all["signature-input"], all.signature);
};

test("what one side signs the other verifies; anything changed is refused", () => {
  const headers = { "content-digest": contentDigest(utf8("{}")), "idempotency-key": "k1" };
  const signature = signed(headers, "n1");
  const secret = utf8(KEY.secret);
  const request = message({}, headers);
  checkCoverage(request, signature, true, NOW);
  assert.ok(verifySignature(request, signature, secret));
  assert.equal(signature.nonce, "n1");
  for (const over of [{ method: "PUT" }, { path: "/bar" }, { query: "?param=Value&Pet=cat" }, { query: "" }])
    assert.ok(!verifySignature(message(over, headers), signature, secret), JSON.stringify(over));
  assert.ok(!verifySignature(message({}, { ...headers, "idempotency-key": "k2" }), signature, secret));
  assert.ok(!verifySignature(request, signature, utf8("SKother")));
});

test("what is there must be covered", () => {
  const bare = signed();
  checkCoverage(message(), bare, false, NOW);
  assert.throws(() => checkCoverage(message(), bare, true, NOW), refusal("signature.components"));
  const keyed = message({}, { "idempotency-key": "k" });
  assert.throws(() => checkCoverage(keyed, bare, false, NOW), refusal("signature.components"));
});

test("what changes something needs a nonce, what reads does not", () => {
  const { nonce: _, ...rest } = signed();
  const without = { ...rest, nonce: undefined };
  assert.throws(() => checkCoverage(message(), without, false, NOW), refusal("signature.malformed"));
  checkCoverage(message({ method: "GET" }), without, false, NOW);
});

test("five minutes either way, and its own expiry", () => {
  const at = (now: number) => checkCoverage(message(), signed(), false, now);
  at(NOW + 300_000);
  at(NOW - 300_000);
  assert.throws(() => at(NOW + 301_000), refusal("signature.clock"));
  assert.throws(() => at(NOW - 301_000), refusal("signature.clock"));
  const expired = { ...signed(), expires: NOW / 1000 - 1 };
  assert.throws(() => checkCoverage(message(), expired, false, NOW), refusal("signature.clock"));
});

test("malformed fields", () => {
  const mac = `sig=:${"A".repeat(43)}=:`;
  const good = 'sig=("@method");created=1;keyid="k"';
  assert.equal(parseSignature(good, mac).keyId, "k");
  for (const [input, signature] of [
    ["", mac],
    [good, ""],
    [good, `other=:${"A".repeat(43)}=:`],
    [good, "sig=:AAAA:"],
    [good, `sig=:${"A".repeat(42)}B=:`],
    [`${good}, b=("@path");created=1;keyid="k"`, mac],
    ['sig=("@method" "@method");created=1;keyid="k"', mac],
    ['sig=("@method");created=1;created=1;keyid="k"', mac],
    ['sig=("@method");keyid="k"', mac],
    ['sig=("@method");created=1', mac],
    ['sig=("@method");created=1;keyid="k";alg="ed25519"', mac],
    ['sig=("@method";req);created=1;keyid="k"', mac],
    ['sig=();created=1;keyid="k"', mac],
    [`sig=("@method");created=1;keyid="${"k".repeat(3000)}"`, mac],
  ] as const)
    assert.throws(() => parseSignature(input, signature), refusal("signature.malformed"), input);
});
