import assert from "node:assert/strict";
import { createHash, createHmac, createPublicKey, randomBytes, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import * as aws from "@aws-sdk/client-kms";
import { ACCESS_KEYS, HOUSE, openFaces, openssl, type TestFaces } from "../../../../test/support/faces.ts";
import { fromUtf8 } from "../../../base/bytes.ts";

let faces: TestFaces;
let now = Date.now;
const clients: aws.KMSClient[] = [];
const clientOf = (id: string, secret: string, more: aws.KMSClientConfig = {}): aws.KMSClient => {
  const client = new aws.KMSClient({
    ...{ region: "eu-central-1", endpoint: `${faces.url}/kms`, maxAttempts: 1 },
    credentials: { accessKeyId: id, secretAccessKey: secret },
    ...more,
  });
  clients.push(client);
  return client;
};
let house: aws.KMSClient;
before(async () => {
  faces = await openFaces({ wait: 50, clock: { now: () => now() } });
  house = clientOf("AKhouse", ACCESS_KEYS.AKhouse);
});
afterEach(() => {
  now = Date.now;
  faces.keys.mode = "at once";
});
after(async () => {
  for (const client of clients) client.destroy();
  await faces.close();
});

const created = async (KeySpec: aws.KeySpec = "ECC_SECG_P256K1", more: Partial<aws.CreateKeyCommandInput> = {}) => {
  const { KeyMetadata } = await house.send(new aws.CreateKeyCommand({ KeySpec, KeyUsage: "SIGN_VERIFY", ...more }));
  assert.ok(KeyMetadata?.KeyId);
  return KeyMetadata as aws.KeyMetadata & { KeyId: string };
};
/** @param name of the exception that the client makes of the answer */
const refused = (name: string, sent: Promise<unknown>, message?: RegExp) =>
  assert.rejects(sent, (error: Error) => {
    assert.equal(error.name, name, error.message);
    assert.match(error.message, message ?? /\w/);
    return true;
  });

test("a key is made, described, listed", async () => {
  const meta = await created("ECC_SECG_P256K1", { Description: "treasury", Tags: [{ TagKey: "team", TagValue: "a" }] });
  assert.equal(meta.KeyState, "Enabled");
  assert.equal(meta.Arn, `arn:aws:kms:eu-central-1:000000000000:key/${meta.KeyId}`);
  assert.deepEqual(meta.SigningAlgorithms, ["ECDSA_SHA_256"]);
  assert.ok(Math.abs(Number(meta.CreationDate) - Date.now()) < 60_000);
  for (const KeyId of [meta.KeyId, meta.Arn]) {
    const { KeyMetadata } = await house.send(new aws.DescribeKeyCommand({ KeyId }));
    assert.deepEqual(KeyMetadata, meta);
  }
  await created();
  await created();
  const found: string[] = [];
  for await (const { Keys = [] } of aws.paginateListKeys({ client: house, pageSize: 2 }, {}))
    found.push(...Keys.map(({ KeyId = "" }) => KeyId));
  assert.ok(found.length >= 3 && found.includes(meta.KeyId));
  assert.equal(new Set(found).size, found.length);
  const { Tags } = await house.send(new aws.ListResourceTagsCommand({ KeyId: meta.KeyId }));
  assert.deepEqual(Tags, [{ TagKey: "team", TagValue: "a" }]);
});

test("what is signed verifies elsewhere and by Verify: RAW and DIGEST, every spec", async () => {
  const directory = mkdtempSync(join(tmpdir(), "entente-kms-"));
  const at = (name: string) => join(directory, name);
  const message = randomBytes(200);
  const sha256 = createHash("sha256").update(message).digest();
  for (const [spec, SigningAlgorithm] of [
    ["ECC_SECG_P256K1", "ECDSA_SHA_256"],
    ["ECC_NIST_P256", "ECDSA_SHA_256"],
    ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512"],
    ["SM2", "SM2DSA"],
  ] as const) {
    const { KeyId } = await created(spec);
    const { PublicKey, KeySpec } = await house.send(new aws.GetPublicKeyCommand({ KeyId }));
    assert.equal(KeySpec, spec);
    const spki = Buffer.from(PublicKey ?? []);
    for (const MessageType of ["RAW", "DIGEST"] as const) {
      if (MessageType === "DIGEST" && spec === "ECC_NIST_EDWARDS25519") continue;
      const Message = MessageType === "RAW" ? message : sha256;
      const command = { KeyId, SigningAlgorithm, MessageType, Message };
      const { Signature = new Uint8Array() } = await house.send(new aws.SignCommand(command));
      const { SignatureValid } = await house.send(new aws.VerifyCommand({ ...command, Signature }));
      assert.equal(SignatureValid, true);
      const others = { ...command, Message: MessageType === "RAW" ? randomBytes(9) : randomBytes(32), Signature };
      await refused("KMSInvalidSignatureException", house.send(new aws.VerifyCommand(others)));
      const cut = { ...command, Signature: Signature.slice(1) };
      await refused("KMSInvalidSignatureException", house.send(new aws.VerifyCommand(cut)));
      if (spec === "SM2") {
        writeFileSync(at("key.der"), spki);
        writeFileSync(at("signature"), Signature);
        writeFileSync(at("message"), Message);
        const key = ["-pubin", "-inkey", at("key.der"), "-keyform", "DER", "-sigfile", at("signature")];
        const how = MessageType === "RAW" ? ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"] : [];
        const said = openssl("pkeyutl", "-verify", ...key, "-in", at("message"), ...how);
        assert.match(said, /Verified Successfully/);
      } else {
        const key = createPublicKey({ key: spki, format: "der", type: "spki" });
        const hash = spec === "ECC_NIST_EDWARDS25519" ? null : "sha256";
        assert.ok(verify(hash, message, key, Signature), `${spec} ${MessageType}`);
      }
    }
  }
  rmSync(directory, { recursive: true });
});

test("aliases: made, used, moved, taken away", async () => {
  const [one, two] = [await created(), await created()];
  const create = (AliasName: string, TargetKeyId: string) =>
    house.send(new aws.CreateAliasCommand({ AliasName, TargetKeyId }));
  const update = (AliasName: string, TargetKeyId: string) =>
    house.send(new aws.UpdateAliasCommand({ AliasName, TargetKeyId }));
  const target = async (KeyId: string) =>
    (await house.send(new aws.DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId ?? "";
  await create("alias/pay/main", one.KeyId);
  assert.equal(await target("alias/pay/main"), one.KeyId);
  assert.equal(await target("arn:aws:kms:eu-central-1:000000000000:alias/pay/main"), one.KeyId);
  await refused("NotFoundException", target("pay/main"));
  await refused("NotFoundException", target(`alias/${one.KeyId}`));
  await refused("AlreadyExistsException", create("alias/pay/main", two.KeyId));
  await refused("LimitExceededException", create("alias/second", one.KeyId), /alias\/pay\/main/);
  await refused("InvalidAliasNameException", create("pay", two.KeyId));
  await refused("InvalidAliasNameException", create("alias/aws/x", two.KeyId));
  await refused("NotFoundException", create("alias/x", "K0"));
  await update("alias/pay/main", two.KeyId);
  assert.equal(await target("alias/pay/main"), two.KeyId);
  const { Aliases = [] } = await house.send(new aws.ListAliasesCommand({ KeyId: two.KeyId }));
  assert.deepEqual(
    Aliases.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId]),
    [["alias/pay/main", two.KeyId]],
  );
  const all = await house.send(new aws.ListAliasesCommand({}));
  assert.deepEqual(all.Aliases?.length, 1);
  await house.send(new aws.DeleteAliasCommand({ AliasName: "alias/pay/main" }));
  await refused("NotFoundException", target("alias/pay/main"));
  await refused("NotFoundException", house.send(new aws.DeleteAliasCommand({ AliasName: "alias/pay/main" })));
});

test("tags and description", async () => {
  const { KeyId } = await created();
  const Tags = [
    { TagKey: "team", TagValue: "金库" },
    { TagKey: "cost", TagValue: "" },
  ];
  await house.send(new aws.TagResourceCommand({ KeyId, Tags }));
  await house.send(new aws.UntagResourceCommand({ KeyId, TagKeys: ["cost", "none"] }));
  await house.send(new aws.UpdateKeyDescriptionCommand({ KeyId, Description: "other" }));
  const found = await house.send(new aws.ListResourceTagsCommand({ KeyId }));
  assert.deepEqual(found.Tags, [Tags[0]]);
  const { KeyMetadata } = await house.send(new aws.DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.Description, "other");
});

test("a key disabled, and one whose deletion is scheduled, sign nothing", async () => {
  const { KeyId } = await created();
  const sign = () =>
    house.send(
      new aws.SignCommand({ KeyId, SigningAlgorithm: "ECDSA_SHA_256", Message: randomBytes(3), MessageType: "RAW" }),
    );
  const state = async () => (await house.send(new aws.DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;
  for (let twice = 0; twice < 2; twice++) await house.send(new aws.DisableKeyCommand({ KeyId }));
  assert.equal(await state(), "Disabled");
  await refused("DisabledException", sign());
  await house.send(new aws.EnableKeyCommand({ KeyId }));
  await sign();
  await refused(
    "ValidationException",
    house.send(new aws.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 3 })),
  );
  const scheduled = await house.send(new aws.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  assert.ok(Math.abs(Number(scheduled.DeletionDate) - Date.now() - 7 * 86_400_000) < 60_000);
  assert.equal(await state(), "PendingDeletion");
  await refused("KMSInvalidStateException", sign());
  await house.send(new aws.CancelKeyDeletionCommand({ KeyId }));
  assert.equal(await state(), "Disabled");
});

test("a signature that people have to approve: the same call, sent again, gets that one", async () => {
  const { KeyId } = await created();
  faces.keys.mode = "hold";
  const before = faces.keys.asked.length;
  const command = { KeyId, SigningAlgorithm: "ECDSA_SHA_256", Message: Buffer.from("pay") } as const;
  const sign = () => house.send(new aws.SignCommand(command));
  await refused("KMSInvalidStateException", sign(), /R\d+ waits for approvals/);
  await refused("KMSInvalidStateException", sign());
  assert.equal(faces.keys.asked.length, before + 1);
  faces.keys.finish(faces.keys.asked.at(-1)?.id ?? "");
  assert.ok((await sign()).Signature);
  await refused("KMSInvalidStateException", sign());
  assert.equal(faces.keys.asked.length, before + 2);
  faces.keys.finish(faces.keys.asked.at(-1)?.id ?? "", "failed", "keynode.policy");
  await refused("AccessDeniedException", sign(), /keynode\.policy/);
});

test("what is not possible is said by the names that clients know", async () => {
  const { KeyId } = await created("ECC_NIST_P256");
  const sign = (more: Partial<aws.SignCommandInput>) =>
    house.send(new aws.SignCommand({ KeyId, SigningAlgorithm: "ECDSA_SHA_256", Message: Buffer.from("m"), ...more }));
  await refused("NotFoundException", sign({ KeyId: "K0" }));
  await refused("InvalidKeyUsageException", sign({ SigningAlgorithm: "ECDSA_SHA_384" }));
  await refused("InvalidKeyUsageException", sign({ SigningAlgorithm: "SM2DSA" }));
  await refused("ValidationException", sign({ MessageType: "DIGEST", Message: randomBytes(31) }));
  await refused("ValidationException", sign({ Message: randomBytes(4097) }));
  await refused("ValidationException", sign({ Message: Buffer.alloc(0) }));
  await refused("DryRunOperationException", sign({ DryRun: true }));
  const ed = await created("ECC_NIST_EDWARDS25519");
  const digest = { KeyId: ed.KeyId, MessageType: "DIGEST", Message: randomBytes(64) } as const;
  await refused("UnsupportedOperationException", sign({ ...digest, SigningAlgorithm: "ED25519_PH_SHA_512" }));
  await refused("ValidationException", sign({ ...digest, SigningAlgorithm: "ED25519_SHA_512" }));
  const make = (input: aws.CreateKeyCommandInput) => house.send(new aws.CreateKeyCommand(input));
  await refused("UnsupportedOperationException", make({}));
  await refused("UnsupportedOperationException", make({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" }));
  await refused("UnsupportedOperationException", make({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" }));
  await refused(
    "UnsupportedOperationException",
    make({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY", Policy: "{}" }),
  );
  await refused("UnknownOperationException", house.send(new aws.EncryptCommand({ KeyId, Plaintext: randomBytes(1) })));
  await refused("InvalidMarkerException", house.send(new aws.ListKeysCommand({ Marker: "x" })));
  const parameters = { threshold: 2, participants: ["node-1", "node-2"] };
  const schnorr = await faces.keys.createKey(HOUSE, { scheme: "SCHNORR_BIP340", ...parameters });
  await refused("NotFoundException", house.send(new aws.DescribeKeyCommand({ KeyId: schnorr.id })));
  faces.keys.mode = "fail";
  await refused("KMSInternalException", make({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
});

test("others' keys are as if there were none; who may only read changes nothing", async () => {
  const { KeyId } = await created();
  const other = clientOf("AKother", ACCESS_KEYS.AKother);
  await refused("NotFoundException", other.send(new aws.DescribeKeyCommand({ KeyId })));
  assert.deepEqual((await other.send(new aws.ListKeysCommand({}))).Keys, []);
  const auditor = clientOf("AKauditor", ACCESS_KEYS.AKauditor);
  await auditor.send(new aws.DescribeKeyCommand({ KeyId }));
  const command = { KeyId, SigningAlgorithm: "ECDSA_SHA_256", Message: Buffer.from("m") } as const;
  await refused("AccessDeniedException", auditor.send(new aws.SignCommand(command)));
  await refused("AccessDeniedException", auditor.send(new aws.DisableKeyCommand({ KeyId })));
});

test("who is asking: unknown key, wrong secret, wrong clock, another region, another path", async () => {
  const list = (client: aws.KMSClient) => client.send(new aws.ListKeysCommand({}));
  await refused("UnrecognizedClientException", list(clientOf("AKnone", "SKhouse")));
  await refused("InvalidSignatureException", list(clientOf("AKhouse", "SKother")));
  await list(clientOf("AKhouse", ACCESS_KEYS.AKhouse, { region: "cn-hangzhou", endpoint: faces.url }));
  for (const minutes of [-6, 6]) {
    now = () => Date.now() + minutes * 60_000;
    await refused("InvalidSignatureException", list(clientOf("AKhouse", ACCESS_KEYS.AKhouse)), /5 minutes/);
  }
});

/** What the client would send, as it is signed. */
const captured = async (): Promise<{ url: string; headers: Record<string, string>; body: string }> => {
  const client = clientOf("AKhouse", ACCESS_KEYS.AKhouse);
  const seen: { hostname: string; path: string; headers: Record<string, string>; body: Uint8Array }[] = [];
  client.middlewareStack.add(
    () => async (args) => {
      seen.push(args.request as never);
      return { output: { $metadata: {} }, response: {} } as never;
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await client.send(new aws.ListKeysCommand({}));
  const [request] = seen;
  assert.ok(request);
  return { url: `${faces.url}${request.path}`, headers: { ...request.headers }, body: fromUtf8(request.body) };
};

test("a signature covers everything; a retry with the same one is honest", async () => {
  const { url, headers, body } = await captured();
  const send = async (changes: Record<string, string | undefined> = {}, to = url, content = body) => {
    const all = Object.entries({ ...headers, ...changes }).filter(([, value]) => value !== undefined);
    const response = await fetch(to, {
      method: "POST",
      headers: Object.fromEntries(all.filter(([name]) => name !== "host" && name !== "content-length")) as never,
      body: content,
    });
    const answer = (await response.json()) as { __type?: string };
    return answer.__type ?? response.status;
  };
  assert.equal(await send(), 200);
  assert.equal(await send(), 200);
  assert.equal(await send({}, url, `${body} `), "InvalidSignatureException");
  assert.equal(await send({}, `${faces.url}/`), "InvalidSignatureException");
  assert.equal(await send({}, `${url}?x=1`), "InvalidSignatureException");
  assert.equal(await send({ "x-amz-target": "TrentService.DisableKey" }), "InvalidSignatureException");
  assert.equal(await send({ authorization: undefined }), "MissingAuthenticationTokenException");
  assert.equal(await send({ authorization: "Bearer x" }), "IncompleteSignatureException");
  const authorization = headers.authorization ?? "";
  const weaker = authorization.replace(/;x-amz-target/, "");
  assert.notEqual(weaker, authorization);
  assert.equal(await send({ authorization: weaker }), "IncompleteSignatureException");
  assert.equal(await send({ authorization: authorization.replace("/kms/", "/s3/") }), "IncompleteSignatureException");
  assert.equal(await send({ "x-amz-date": "20200101T000000Z" }), "IncompleteSignatureException");
  assert.equal(await send({ "content-type": "application/json" }), "ValidationException");
});

/** As boto3 signs: not the name that it gives to the call. */
const signedPlainly = (target: string, body: string, at: number): Record<string, string> => {
  const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();
  const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const headers = { host: new URL(faces.url).host, "x-amz-date": time, "x-amz-target": `TrentService.${target}` };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/kms", "", lines.join(""), names, sha256(body)].join("\n");
  const scope = `${day}/eu-central-1/kms/aws4_request`;
  const key = [day, "eu-central-1", "kms", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${ACCESS_KEYS.AKhouse}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString("hex");
  const credential = `AWS4-HMAC-SHA256 Credential=AKhouse/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const { host: _, ...sent } = headers;
  return { ...sent, authorization: credential, "content-type": "application/x-amz-json-1.1" };
};

test("what changes something is done once for one signature, whoever sends it again", async () => {
  const sentAt = Date.now();
  now = () => sentAt;
  const body = JSON.stringify({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const headers = signedPlainly("CreateKey", body, sentAt);
  const send = async (call: string) => {
    const named = { ...headers, "amz-sdk-invocation-id": call };
    const answer = await (await fetch(`${faces.url}/kms`, { method: "POST", headers: named, body })).json();
    const { __type, KeyMetadata } = answer as { __type?: string; KeyMetadata?: { KeyId: string } };
    return KeyMetadata?.KeyId ?? __type;
  };
  faces.keys.mode = "fail";
  assert.equal(await send("one"), "KMSInternalException");
  faces.keys.mode = "at once";
  const [first, joined] = await Promise.all([send("one"), send("one")]);
  assert.equal(joined, first);
  const second = await send("two");
  assert.notEqual(second, first, "two calls of one second");
  now = () => sentAt + 3_000;
  assert.deepEqual([await send("one"), await send("two")], [first, second]);
  assert.equal(await send("three"), "InvalidSignatureException");
});

test("tags are chosen by whoever may change them", async () => {
  const teller = clientOf("AKteller", ACCESS_KEYS.AKteller);
  const input = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" } as const;
  const Tags = [{ TagKey: "tier", TagValue: "treasury" }];
  await refused("AccessDeniedException", teller.send(new aws.CreateKeyCommand({ ...input, Tags })));
  await teller.send(new aws.CreateKeyCommand(input));
});
