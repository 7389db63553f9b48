import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { generateKey } from "#crypto";
import {
  type Consortium,
  consortium,
  model,
  modelPayload,
  sourceDetail,
  sourcePayload,
} from "../../test/support/consortium.ts";
import { plain } from "../../test/support/plain.ts";
import { createEnclave, createOrganisation, issueLeaf, START } from "../../test/support/principals.ts";
import { rewritten } from "../../test/support/rewritten.ts";
import { act, found, refused, type Stage, signed, stateOf, worldStage } from "../../test/support/stage.ts";
import { fromBase64url, toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { DAY, iso, MINUTE } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { digestOf } from "../trust/digest.ts";
import { parseStatement, signStatementWith } from "../trust/statement.ts";
import { model as modelBook, type published } from "./model.ts";
import { registered } from "./source.ts";
import { advance, CLOCK_SKEW, openDetail, rulebooks, STREAM_MAX } from "./world.ts";

const withdraw = (stage: Stage, by: Parameters<typeof act>[1], stream: string, twist = {}) =>
  act(stage, by, "model.withdrawn", stream, {}, twist);

describe("who signed", () => {
  let stage: Stage;
  let all: Consortium;
  let stream: string;
  before(async () => {
    stage = worldStage();
    all = await consortium(stage);
    stream = all.parts.model;
  });

  test("a key of its own CA's making acts for the organisation, whatever its kind", async () => {
    const mine = worldStage();
    for (const kind of ["P-256", "Ed25519", "secp256k1", "SM2"] as const) {
      const member = createOrganisation("医院", { kind });
      const enclave = createEnclave();
      await found(mine, member, enclave);
      const id = await model(mine, member, enclave);
      await withdraw(mine, member, id, issueLeaf(member, { kind }));
      assert.ok(stateOf(mine, modelBook, id).withdrawn);
    }
  });

  test("another member's key", async () => {
    const { institute, stranger } = all;
    await refused(stage, () => withdraw(stage, institute, stream, { key: stranger.key }), "statement.signature");
    const theirs = { key: stranger.key, leaf: stranger.leaf };
    await refused(stage, () => withdraw(stage, institute, stream, theirs), "certificate.issuer");
  });

  test("a CA that calls itself the same", async () => {
    const impostor = createOrganisation(all.institute.name, { appId: all.institute.appId });
    const theirs = { key: impostor.key, leaf: impostor.leaf };
    await refused(stage, () => withdraw(stage, all.institute, stream, theirs), "certificate.issuer");
    await refused(stage, () => found(stage, impostor), "id.taken", { id: impostor.appId });
  });

  test("the CA's own certificate, a chain of two, or none", async () => {
    const { institute } = all;
    const asCa = { key: institute.caKey, leaf: institute.ca };
    await refused(stage, () => withdraw(stage, institute, stream, asCa), "certificate.not-a-leaf");
    await refused(stage, () => withdraw(stage, institute, stream, { leaf: null }), "statement.malformed");
    const statement = parseStatement(signed(stage, institute, "model.withdrawn", stream, {})).statement;
    const header = canonical({
      alg: "ES256",
      typ: "entente+jws",
      x5c: [institute.leaf, institute.ca].map(({ der }) => Buffer.from(der).toString("base64")),
    });
    const chain = `${toBase64url(utf8(header))}.${toBase64url(utf8(canonical(statement)))}.${toBase64url(new Uint8Array(64))}`;
    await refused(stage, () => stage.submit(chain), "statement.malformed");
  });

  test("a leaf before and after its time", async () => {
    const late = issueLeaf(all.institute, { at: START + DAY });
    await refused(stage, () => withdraw(stage, all.institute, stream, late), "certificate.not-yet-valid");
    const brief = issueLeaf(all.institute, { lasts: MINUTE });
    const after = worldStage(stage.world);
    after.clock.advance(MINUTE + 1_000);
    await refused(after, () => withdraw(after, all.institute, stream, brief), "certificate.expired");
  });

  test("a principal that is not there, or is of the other sort", async () => {
    const { institute, enclave } = all;
    const nobody = createOrganisation("无名");
    const withdrawal = "model.withdrawn";
    await refused(stage, () => act(stage, nobody, withdrawal, stream), "statement.principal", { by: nobody.id });
    await refused(stage, () => act(stage, enclave, withdrawal, stream), "statement.principal", { by: enclave.id });
    await refused(stage, () => withdraw(stage, institute, stream, { by: "" }), "statement.principal");
    // A stream that is no principal's cannot be made to sign.
    await refused(stage, () => withdraw(stage, institute, stream, { by: stream }), "statement.principal");
  });

  test("founding acts are signed by what they found, nobody else", async () => {
    const member = createOrganisation("新医院");
    const payload = parseStatement(member.founding).statement.payload;
    const asOther = () => act(stage, all.institute, "organisation.founded", "", payload);
    await refused(stage, asOther, "statement.principal");
    const copied = () => act(stage, { ...all.stranger, id: "" }, "organisation.founded", "", payload);
    await refused(stage, copied, "statement.malformed");
    const byLeaf = () => act(stage, { ...member, id: "" }, "organisation.founded", "", payload);
    await refused(stage, byLeaf, "statement.malformed");
    await refused(stage, () => act(stage, all.enclave, "enclave.attested", "", payload), "statement.payload");
    const other = createEnclave();
    const attested = parseStatement(other.founding).statement.payload;
    const byAnother = () =>
      act(stage, { ...other, id: "" }, "enclave.attested", "", attested, { key: generateKey("P-256") });
    await refused(stage, byAnother, "statement.signature");
    const unowned = { ...all.institute, id: "" };
    await refused(
      stage,
      () => act(stage, unowned, "model.published", "", modelPayload(all.enclave)),
      "statement.principal",
    );
  });

  test("a signature of another algorithm, a bit changed, the header of another", async () => {
    const jws = signed(stage, all.institute, "model.withdrawn", stream, {});
    const [header = "", payload, signature = ""] = jws.split(".");
    const bytes = fromBase64url(signature);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    await refused(stage, () => stage.submit(`${header}.${payload}.${toBase64url(bytes)}`), "statement.signature");
    const renamed = toBase64url(utf8(Buffer.from(header, "base64url").toString().replace("ES256", "EdDSA")));
    await refused(stage, () => stage.submit(`${renamed}.${payload}.${signature}`), "statement.signature");
  });
});

describe("where it stands", () => {
  let stage: Stage;
  let all: Consortium;
  before(async () => {
    stage = worldStage();
    all = await consortium(stage);
  });

  test("replayed, on a head that has moved, on another stream", async () => {
    const permitted = (twist = {}) =>
      signed(stage, all.institute, "model.permitted", all.parts.model, { permission: { kind: "private" } }, twist);
    const jws = permitted();
    await stage.submit(jws);
    const { head } = stage.world.streams.get(all.parts.model) ?? {};
    await refused(stage, () => stage.submit(jws), "stream.moved", { head });
    await refused(stage, () => stage.submit(permitted({ seen: "0".repeat(64) })), "stream.moved", { head });
    const second = await model(stage, all.institute, all.enclave);
    await refused(stage, () => stage.submit(permitted({ stream: second })), "stream.moved");
    await refused(stage, () => stage.submit(permitted({ stream: "0".repeat(64) })), "stream.unknown");
    await refused(stage, () => stage.submit(permitted({ stream: all.parts.alliance })), "stream.unknown");
    await refused(stage, () => stage.submit(permitted({ stream: "" })), "stream.unknown");
  });

  test("the same stream is not founded twice, not even signed anew or under the signature's other spelling", async () => {
    const founding = { network: "evidence", enclave: all.enclave.id, detail: digestOf("texts") };
    const jws = signed(stage, all.institute, "alliance.founded", "", founding);
    await stage.submit(jws);
    await refused(stage, () => stage.submit(jws), "stream.founded");
    const anew = signStatementWith(parseStatement(jws).statement, all.institute.key, all.institute.leaf.der);
    assert.notEqual(anew, jws);
    await refused(stage, () => stage.submit(anew), "stream.founded");
    await refused(stage, () => stage.submit(rewritten(jws)), "statement.signature");
    await refused(stage, () => stage.submit(all.enclave.founding), "stream.founded");
    await refused(stage, () => stage.submit(rewritten(all.enclave.founding)), "statement.signature");
    await refused(stage, () => stage.submit(rewritten(all.institute.founding)), "statement.signature");
  });

  test("a founding act in the middle of a stream", async () => {
    const payload = modelPayload(all.enclave);
    const inside = () => act(stage, all.institute, "model.published", all.parts.model, payload);
    await refused(stage, inside, "stream.founded");
    const seen = { seen: all.parts.model };
    await refused(stage, () => act(stage, all.institute, "model.published", "", payload, seen), "stream.founded");
  });

  test("an id is given once, by whomever", async () => {
    const { id } = stateOf(stage, modelBook, all.parts.model);
    await refused(stage, () => model(stage, all.stranger, all.enclave, { id }), "id.taken", { id });
  });

  test("a stream takes no more than can be replayed", async () => {
    const { model: id } = all.parts;
    const stream = stage.world.streams.get(id);
    assert.ok(stream);
    const next = parseStatement(signed(stage, all.institute, "model.withdrawn", id, {}));
    const left = next.jws.text.length;
    const filled = (size: number) => ({ ...stage.world, streams: stage.world.streams.set(id, { ...stream, size }) });
    const put = (size: number) => advance(filled(size), next, stage.clock.now());
    assert.equal(put(STREAM_MAX - left).stream.size, STREAM_MAX);
    assert.throws(() => put(STREAM_MAX - left + 1), { code: "stream.full" });
  });

  test("a signer's clock may be ten minutes off either way, and no more", async () => {
    const at = (ms: number) => ({ at: iso(stage.clock.now() + ms) });
    const attempt = (ms: number) => () => withdraw(stage, all.institute, all.parts.model, at(ms));
    await refused(stage, attempt(CLOCK_SKEW + 1), "statement.clock");
    await refused(stage, attempt(-CLOCK_SKEW - 1), "statement.clock");
    for (const ms of [CLOCK_SKEW, -CLOCK_SKEW]) {
      const other = worldStage(stage.world, stage.clock);
      await withdraw(other, all.institute, all.parts.model, at(ms));
    }
  });
});

describe("what it says", () => {
  let stage: Stage;
  let all: Consortium;
  before(async () => {
    stage = worldStage();
    all = await consortium(stage);
  });

  test("a kind nobody knows", async () => {
    for (const kind of ["model.burnt", "toString", "__proto__", ""])
      await refused(stage, () => act(stage, all.institute, kind, all.parts.model), "statement.kind", { kind });
  });

  test("more, less or other than its form", async () => {
    const { model } = all.parts;
    const extra = { permission: { kind: "public" }, more: 1 };
    await refused(stage, () => act(stage, all.institute, "model.permitted", model, extra), "statement.payload");
    const odd: unknown[] = [{}, [], { permission: "public" }];
    for (const payload of odd)
      await refused(stage, () => act(stage, all.institute, "model.permitted", model, payload), "statement.payload");
    await refused(stage, () => withdraw(stage, all.institute, model, { payload: { a: 1 } }), "statement.payload");
    const hidden: unknown = JSON.parse('{"__proto__":{"a":1}}');
    await refused(stage, () => withdraw(stage, all.institute, model, { payload: hidden }), "statement.malformed");
  });

  test("every payload of every kind refuses members it does not know", () => {
    const kinds = rulebooks.flatMap((book) => book.kinds);
    for (const kind of kinds) {
      const parsed = kind.payload.safeParse({ unheard: "of" });
      const codes = parsed.error?.issues.map(({ code }: { code: string }) => code) ?? [];
      assert.ok(codes.includes("unrecognized_keys"), kind.name);
    }
  });

  test("not a statement at all", async () => {
    const { key, leaf } = all.institute;
    const sign = (statement: object) => signStatementWith(statement as never, key, leaf.der);
    const good = { at: iso(START), by: all.institute.id, kind: "model.withdrawn", payload: {}, seen: "", stream: "" };
    const deep = `${toBase64url(utf8(`{"alg":"ES256","typ":"entente+jws"}`))}.${toBase64url(utf8("[".repeat(100_000) + "]".repeat(100_000)))}.${toBase64url(new Uint8Array(64))}`;
    const bad: Record<string, string> = {
      empty: "",
      words: "nothing to see",
      dots: "a.b.c.d",
      "a member too many": sign({ ...good, more: 1 }),
      "a member too few": sign({ ...good, seen: undefined }),
      "no object": sign([] as object),
      "a payload that is no object": sign({ ...good, payload: null }),
      "a stream that is no digest": sign({ ...good, stream: "A".repeat(64) }),
      "a time without milliseconds": sign({ ...good, at: "2026-01-05T08:00:00Z" }),
      "a day that does not exist": sign({ ...good, at: "2026-02-30T08:00:00.000Z" }),
      "the 24th hour": sign({ ...good, at: "2026-01-05T24:00:00.000Z" }),
      "a kind without end": sign({ ...good, kind: "k".repeat(65) }),
      "brackets without end": deep,
    };
    for (const [name, jws] of Object.entries(bad))
      await assert.doesNotReject(() => refused(stage, () => stage.submit(jws), "statement.malformed"), name);
  });

  test("not canonical: spaces, a key twice, another order, an escape too many", async () => {
    const jws = signed(stage, all.institute, "model.withdrawn", all.parts.model, {});
    const [header = "", payload = "", signature] = jws.split(".");
    const text = Buffer.from(payload, "base64url").toString();
    const spelled = [
      text.replace("{", "{ "),
      text.replace('"payload":{}', '"payload":{},"payload":{}'),
      text.replace('"payload":{},', "").replace("{", '{"payload":{},'),
      text.replace("model", "\\u006dodel"),
    ];
    for (const other of spelled) {
      assert.notEqual(other, text);
      const respelled = `${header}.${toBase64url(utf8(other))}.${signature}`;
      await refused(stage, () => stage.submit(respelled), "statement.malformed");
    }
    // Characters that base64url has no use for, and bits behind its end.
    for (const other of [`${jws}=`, `${jws} `, ` ${jws}`, jws.replace(".", "\n.")])
      await refused(stage, () => stage.submit(other), "statement.malformed");
  });
});

describe("texts kept beside", () => {
  const enclave = createEnclave();
  const open = (kind: typeof published | typeof registered, payload: object, detail: unknown) =>
    openDetail(kind as Parameters<typeof openDetail>[0], payload, detail);
  const code = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

  test("the one that was signed opens; another does not", () => {
    const payload = sourcePayload(enclave);
    assert.deepEqual(open(registered, payload, sourceDetail()), { ...sourceDetail(), metadata: "" });
    const renamed = { ...sourceDetail(), name: "别的" };
    assert.throws(() => open(registered, payload, renamed), code("statement.detail"));
    assert.throws(() => open(registered, payload, { ...sourceDetail(), more: 1 }), code("statement.payload"));
    assert.throws(() => open(registered, payload, undefined), code("statement.payload"));
  });

  test("columns that are not those of the structure", () => {
    const detail = { ...sourceDetail(), columns: [{ name: "other", type: "text", description: "" }] };
    assert.throws(
      () => open(registered, sourcePayload(enclave, { detail: digestOf(detail) }), detail),
      code("statement.detail"),
    );
  });

  test("a text where none belongs", () => {
    const withdrawn = rulebooks.flatMap((book) => book.kinds).find(({ name }) => name === "model.withdrawn");
    assert.ok(withdrawn);
    assert.equal(openDetail(withdrawn, {}, undefined), undefined);
    assert.throws(() => openDetail(withdrawn, {}, {}), code("statement.detail"));
  });
});

test("what is replayed as trusted gives the same world, signatures unseen", async () => {
  const clock = worldStage().clock;
  const submitted: { jws: string; time: number }[] = [];
  const inner = worldStage(undefined, clock);
  const stage: Stage = {
    clock,
    get world() {
      return inner.world;
    },
    async submit(jws) {
      await inner.submit(jws);
      submitted.push({ jws, time: clock.now() });
      clock.advance(1);
    },
  };
  await consortium(stage);
  const again = submitted.reduce(
    (world, { jws, time }) => advance(world, parseStatement(jws), time, true).world,
    worldStage().world,
  );
  assert.deepEqual(plain(again), plain(stage.world));
});
