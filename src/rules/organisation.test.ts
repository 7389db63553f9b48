import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateKey } from "#crypto";
import { consortium, model } from "../../test/support/consortium.ts";
import {
  createEnclave,
  createOrganisation,
  crlOf,
  issueLeaf,
  type Organisation,
  renewCa,
  START,
} from "../../test/support/principals.ts";
import { act, found, refused, type Stage, stateOf, worldStage } from "../../test/support/stage.ts";
import { fromBase64, toBase64 } from "../base/bytes.ts";
import { DAY, MINUTE } from "../base/clock.ts";
import { parseStatement } from "../trust/statement.ts";
import { createCa, randomSerial } from "../trust/x509/issue.ts";
import { organisation } from "./organisation.ts";

const setUp = async (options = {}): Promise<{ stage: Stage; member: Organisation }> => {
  const stage = worldStage();
  const member = createOrganisation("医院", options);
  await found(stage, member);
  return { stage, member };
};

const publish = (stage: Stage, by: Organisation, crl: string, twist = {}) =>
  act(stage, by, "organisation.crl-published", by.id, { crl }, twist);
const renew = (stage: Stage, by: Organisation, authority: Uint8Array, twist = {}) =>
  act(stage, by, "organisation.authority-renewed", by.id, { authority: toBase64(authority) }, twist);

describe("an organisation is founded", () => {
  test("with its CA, once an APPID", async () => {
    const { stage, member } = await setUp();
    const state = stateOf(stage, organisation, member.id);
    assert.equal(state.appId, member.appId);
    assert.equal(state.founded, START);
    const second = createOrganisation("另一家医院", { appId: member.appId });
    await refused(stage, () => found(stage, second), "id.taken", { id: member.appId });
  });

  test("with certificates that are one, the CA's own and current", async () => {
    const { stage } = await setUp();
    const member = createOrganisation("医院");
    const payload = parseStatement(member.founding).statement.payload as Record<string, string>;
    const attempt =
      (twist: object, as: object = {}) =>
      () =>
        act(stage, { ...member, id: "" }, "organisation.founded", "", { ...payload, ...twist }, as);
    await refused(stage, attempt({ authority: toBase64(member.leaf.der) }), "certificate.not-a-ca");
    await refused(stage, attempt({ authority: toBase64(new Uint8Array(64)) }), "certificate.malformed");
    for (const authority of ["", "AB", "AAAAA", "AA==AA==", "====", " ", "A".repeat(16_388)])
      await refused(stage, attempt({ authority }), "statement.payload");
    for (const appId of ["", "123456789", "12345678901", "12345６7890", "1e10000000"])
      await refused(stage, attempt({ appId }), "statement.payload");
    const forged = member.ca.der.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    await refused(stage, attempt({ authority: toBase64(forged) }), "certificate.signature");
  });
});

describe("revocation", () => {
  test("a revoked leaf signs no more, another of the same CA does", async () => {
    const { stage, member } = await setUp();
    const enclave = createEnclave();
    await found(stage, enclave);
    const second = issueLeaf(member);
    await publish(stage, member, crlOf(member, { revoked: [second.leaf] }));
    const attempt = () => publish(stage, member, crlOf(member, { number: 2 }), second);
    await refused(stage, attempt, "certificate.revoked", { serial: second.leaf.serial, reason: "keyCompromise" });
    await publish(stage, member, crlOf(member, { number: 2, revoked: [second.leaf] }));
    assert.equal((await model(stage, member, enclave)).length, 64);
  });

  test("what a leaf signed before it was revoked stays", async () => {
    const stage = worldStage();
    const { institute, parts } = await consortium(stage);
    const next = issueLeaf(institute);
    await publish(stage, institute, crlOf(institute, { revoked: [institute.leaf] }), next);
    assert.ok(stage.world.streams.has(parts.model));
    const withdraw = (twist = {}) => act(stage, institute, "model.withdrawn", parts.model, {}, twist);
    await refused(stage, () => withdraw(), "certificate.revoked");
    await withdraw(next);
  });

  test("a list of the future is not one yet", async () => {
    const { stage, member } = await setUp();
    const list = { revoked: [member.leaf] };
    stage.clock.advance(-MINUTE / 2);
    await refused(stage, () => publish(stage, member, crlOf(member, list)), "crl.not-yet-valid");
    stage.clock.advance(MINUTE / 2);
    await publish(stage, member, crlOf(member, list));
    await refused(stage, () => publish(stage, member, crlOf(member, { number: 2 })), "certificate.revoked");
  });

  test("lists count up: not the same, not an older, not one without number", async () => {
    const { stage, member } = await setUp();
    await publish(stage, member, crlOf(member, { number: 3 }));
    for (const number of [1, 3])
      await refused(stage, () => publish(stage, member, crlOf(member, { number })), "crl.number", {
        number,
        before: 3,
      });
    await publish(stage, member, crlOf(member, { number: 4 }));
    const { stage: other, member: fresh } = await setUp();
    await refused(other, () => publish(other, fresh, crlOf(fresh, { number: 0 })), "crl.number");
  });

  test("another's list, a forged one, an overdue one, none", async () => {
    const { stage, member } = await setUp();
    const other = createOrganisation("别家");
    await refused(stage, () => publish(stage, member, crlOf(other)), "crl.issuer");
    const namesake = createOrganisation(member.name);
    await refused(stage, () => publish(stage, member, crlOf(namesake)), "crl.issuer");
    const forged = fromBase64(crlOf(member));
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    await refused(stage, () => publish(stage, member, toBase64(forged)), "crl.signature");
    await refused(stage, () => publish(stage, member, crlOf(member, { at: START - 31 * DAY })), "crl.expired");
    await refused(stage, () => publish(stage, member, toBase64(member.ca.der)), "crl.malformed");
    await refused(stage, () => publish(stage, member, "AB"), "statement.payload");
  });

  test("a list that is overdue by now still revokes", async () => {
    const { stage, member } = await setUp();
    const second = issueLeaf(member);
    await publish(stage, member, crlOf(member, { revoked: [second.leaf] }));
    stage.clock.advance(60 * DAY);
    const attempt = () => publish(stage, member, crlOf(member, { number: 2, at: stage.clock.now() }), second);
    await refused(stage, attempt, "certificate.revoked");
  });

  test("only its own organisation publishes it", async () => {
    const { stage, member } = await setUp();
    const other = createOrganisation("别家");
    await found(stage, other);
    const attempt = () => act(stage, other, "organisation.crl-published", member.id, { crl: crlOf(other) });
    await refused(stage, attempt, "owner.required", { id: member.id });
    const theirs = () => act(stage, other, "organisation.crl-published", member.id, { crl: crlOf(member) });
    await refused(stage, theirs, "owner.required", { id: member.id });
  });
});

describe("the CA's certificate is renewed", () => {
  test("and what it issued before stays issued", async () => {
    const { stage, member } = await setUp({ caFor: 100 * DAY, leafFor: 100 * DAY });
    const longer = issueLeaf({ ...member, ca: renewCa(member, START, 400 * DAY) }, { lasts: 300 * DAY });
    const renewed = renewCa(member, START, 400 * DAY);
    await renew(stage, member, renewed.der);
    assert.equal(stateOf(stage, organisation, member.id).authority, toBase64(renewed.der));
    await publish(stage, member, crlOf(member));
    stage.clock.advance(200 * DAY);
    await publish(stage, member, crlOf(member, { number: 2, at: stage.clock.now() }), longer);
  });

  test("not by another CA: another key, another name", async () => {
    const { stage, member } = await setUp();
    const impostor = createOrganisation(member.name, { caFor: 4_000 * DAY });
    await refused(stage, () => renew(stage, member, impostor.ca.der), "authority.other");
    const name = { commonName: "Another CA", organization: member.name };
    const period = { notBefore: START - MINUTE, notAfter: START + 4_000 * DAY, serial: randomSerial() };
    const renamed = createCa({ name, key: member.caKey, ...period });
    await refused(stage, () => renew(stage, member, renamed.der), "authority.other");
    await refused(stage, () => renew(stage, member, member.leaf.der), "authority.other");
    await refused(stage, () => renew(stage, member, new Uint8Array(9)), "certificate.malformed");
  });

  test("not by the holder of a leaf, who cannot sign it", async () => {
    const { stage, member } = await setUp();
    const renewed = renewCa(member, START, 4_000 * DAY).der.slice();
    renewed[renewed.length - 1] = (renewed.at(-1) ?? 0) ^ 1;
    await refused(stage, () => renew(stage, member, renewed), "certificate.signature");
  });

  test("only to a later end, so that no old certificate comes back", async () => {
    const { stage, member } = await setUp({ caFor: 100 * DAY, leafFor: 100 * DAY });
    await refused(stage, () => renew(stage, member, member.ca.der), "authority.not-later");
    await renew(stage, member, renewCa(member, START, 400 * DAY).der);
    await refused(stage, () => renew(stage, member, member.ca.der), "authority.not-later");
    await refused(
      stage,
      () => renew(stage, member, renewCa(member, START + DAY, 800 * DAY).der),
      "certificate.not-yet-valid",
    );
  });

  test("not by another organisation", async () => {
    const { stage, member } = await setUp();
    const other = createOrganisation("别家");
    await found(stage, other);
    const authority = toBase64(renewCa(other, START, 4_000 * DAY).der);
    const attempt = () => act(stage, other, "organisation.authority-renewed", member.id, { authority });
    await refused(stage, attempt, "owner.required");
  });

  test("the CA of a leaf has to be current itself", async () => {
    const { stage, member } = await setUp({ caFor: 10 * DAY, leafFor: 10 * DAY });
    stage.clock.advance(11 * DAY);
    await refused(stage, () => publish(stage, member, crlOf(member)), "certificate.expired");
  });
});

describe("an enclave is attested", () => {
  const attest = (payload: Record<string, unknown>) => async () => found(worldStage(), createEnclave({ payload }));
  const stage = worldStage();

  test("by evidence for its own keys and program", async () => {
    const enclave = createEnclave();
    const other = parseStatement(createEnclave().founding).statement.payload as Record<string, unknown>;
    const mine = worldStage();
    await found(mine, enclave);
    const { attestation } = other;
    await refused(stage, attest({ attestation }), "attestation.refused");
    await refused(stage, attest({ measurement: "0".repeat(96) }), "attestation.refused");
    await refused(stage, attest({ encryptionKey: other.encryptionKey }), "attestation.refused");
    await refused(stage, attest({ ledger: "entente/other+00000000+AA" }), "attestation.refused");
    await refused(stage, attest({ isolation: "quickjs" }), "attestation.refused");
    await refused(stage, attest({ isolation: "none" }), "statement.payload");
    for (const provider of ["tdx", "toString", "__proto__", ""])
      await refused(stage, attest({ attestation: { provider, evidence: "" } }), "attestation.refused");
  });

  test("with keys of the right kind", async () => {
    const [signing, agreement] = [generateKey("P-256"), generateKey("X25519")].map((key) =>
      toBase64(key.publicKey.spki),
    );
    await refused(stage, attest({ encryptionKey: signing }), "key.kind");
    await refused(stage, attest({ signingKey: agreement }), "key.kind");
    await refused(stage, attest({ signingKey: toBase64(new Uint8Array(20)) }), "key.malformed");
    await refused(stage, attest({ encryptionKey: "AB" }), "statement.payload");
    await refused(stage, attest({ measurement: "A".repeat(96) }), "statement.payload");
  });
});
