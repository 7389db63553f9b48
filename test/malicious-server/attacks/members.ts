/** Somebody else in a member's name. */
import { generateKey } from "#crypto";
import { toBase64 } from "../../../src/base/bytes.ts";
import { DAY } from "../../../src/base/clock.ts";
import { findMember } from "../../../src/sdk/workflows/find-member.ts";
import { publishRevocations } from "../../../src/sdk/workflows/identity.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { createCrl } from "../../../src/trust/x509/crl.ts";
import { alliance, authoriseSource, digestOfTask } from "../../support/consortium.ts";
import { createOrganisation, crlOf, issueLeaf, SALT, START } from "../../support/principals.ts";
import { rewritten } from "../../support/rewritten.ts";
import { act, found, signed } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { answering, type ClientStand, openClient } from "../stands/client.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const onClients: AttackOn<ClientStand>[] = [
  {
    id: "A12",
    name: "Shows somebody else as the organisation of a name",
    by: "client",
    codes: ["member.statement", "member.untrusted", "statement.detail", "statement.signature"],
    stage: ({ me, stranger: twin }) => {
      const find = (over: object, nickname = me.name, fingerprint?: string) => {
        const shown = { statement: me.founding, detail: { salt: SALT, nickname: me.name }, ...over };
        const client = answering({ organisations: { find: async () => shown } });
        return findMember(client, { nickname, appId: me.appId }, fingerprint);
      };
      const renamed = { detail: { salt: SALT, nickname: "第二医院" } };
      return {
        lies: [
          ["member.statement", () => find({ statement: twin.founding })],
          ["member.statement", () => find({}, "第二医院")],
          ["statement.detail", () => find(renamed, "第二医院")],
          ["statement.signature", () => find({ statement: me.founding.replace(/.{4}$/, "AAAA") })],
          ["member.untrusted", () => find({}, me.name, twin.ca.fingerprint)],
        ],
        truth: () => find({}, me.name, me.ca.fingerprint),
      };
    },
  },
  {
    id: "A13",
    name: "Makes up a member's revocation list, to have it taken as the start of the next",
    by: "client",
    codes: ["crl.issuer", "crl.signature"],
    stage: ({ me, stranger, signed: sent }) => {
      const authority = { certificate: me.ca, key: me.caKey };
      const publish = (crl: string) => {
        const organisations = {
          get: async () => ({ crl }),
          publishCrl: async (...all: unknown[]) => void sent.push(all),
        };
        return publishRevocations(answering({ organisations }), me.id, authority, [{ serial: "0b" }], START + DAY);
      };
      const late = { serial: "0b", date: Date.UTC(2090, 0, 1) };
      const list = { number: 7, thisUpdate: START, nextUpdate: START + DAY, revoked: [late] };
      const own = createCrl({ ca: me.ca, caKey: me.caKey, ...list }).der;
      return {
        lies: [
          ["crl.issuer", () => publish(toBase64(createCrl({ ca: stranger.ca, caKey: stranger.caKey, ...list }).der))],
          ["crl.signature", () => publish(toBase64(own.map((byte, i) => (i === own.length - 1 ? byte ^ 1 : byte))))],
        ],
        truth: () => publish(toBase64(own)),
      };
    },
  },
];

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A14",
    name: "Signs in a member's name with another member's certificate, or one of its own making",
    by: "rules",
    codes: ["certificate.issuer", "statement.signature", "statement.principal"],
    stage: async ({ stage, hospitals: [hospital], institute, taskUpTo }) => {
      const task = await taskUpTo("receiver");
      const payload = { task: digestOfTask(stage, task) };
      const authorise = (twist: object) =>
        stage.submit(signed(stage, hospital, "task.source-authorised", task, payload, twist));
      // A CA of the very same name.
      const twin = createOrganisation(hospital.name, { at: stage.clock.now() });
      return {
        lies: [
          ["certificate.issuer", () => authorise({ key: institute.key, leaf: institute.leaf })],
          ["certificate.issuer", () => authorise({ key: twin.key, leaf: twin.leaf })],
          ["statement.signature", () => authorise({ key: generateKey("P-256"), leaf: hospital.leaf })],
          ["statement.principal", () => authorise({ by: digestOf("nobody") })],
        ],
        truth: () => authoriseSource(stage, hospital, task),
      };
    },
  },
  {
    id: "A15",
    name: "Uses a stolen certificate after its revocation",
    by: "rules",
    codes: ["certificate.revoked", "statement.clock"],
    stage: async ({ stage, hospitals: [hospital, other], enclave }) => {
      const thief = issueLeaf(hospital, { at: stage.clock.now() });
      const before = new Date(stage.clock.now()).toISOString();
      stage.clock.advance(DAY);
      const crl = crlOf(hospital, { at: stage.clock.now(), revoked: [thief.leaf] });
      await act(stage, hospital, "organisation.crl-published", hospital.id, { crl });
      const payload = { network: "evidence", enclave: enclave.id, detail: digestOf({ salt: SALT }) };
      const founding = (twist: object) => () =>
        stage.submit(signed(stage, hospital, "alliance.founded", "", payload, { ...thief, ...twist }));
      return {
        lies: [
          ["certificate.revoked", founding({})],
          ["statement.clock", founding({ at: before })],
        ],
        truth: () => alliance(stage, enclave, [hospital, other]),
      };
    },
  },
  {
    id: "A16",
    name: "Founds an organisation a second time with a stolen certificate",
    by: "rules",
    codes: ["statement.malformed", "id.taken", "stream.founded"],
    stage: ({ stage, hospitals: [hospital] }) => {
      const thief = issueLeaf(hospital);
      const payload = { ...(parseStatement(hospital.founding).statement.payload as object), appId: "9999999999" };
      const again = signed(stage, hospital, "organisation.founded", "", payload, { by: "", ...thief });
      const twin = createOrganisation("另一家", { at: stage.clock.now(), appId: hospital.appId });
      return {
        lies: [
          ["statement.malformed", () => stage.submit(again)],
          ["id.taken", () => found(stage, twin)],
          ["stream.founded", () => found(stage, hospital)],
        ],
        truth: () => found(stage, createOrganisation("另一家", { at: stage.clock.now() })),
      };
    },
  },
  {
    id: "A17",
    name: "Rewrites a signature into another valid one, to have an act count twice",
    by: "rules",
    codes: ["statement.signature", "stream.moved"],
    stage: async ({ stage, hospitals: [hospital], enclave, taskUpTo }) => {
      const payload = { network: "evidence", enclave: enclave.id, detail: digestOf({ salt: SALT }) };
      const founding = signed(stage, hospital, "alliance.founded", "", payload);
      await stage.submit(founding);
      const task = await taskUpTo("receiver");
      const consent = signed(stage, hospital, "task.source-authorised", task, { task: digestOfTask(stage, task) });
      await stage.submit(consent);
      return {
        lies: [
          ["statement.signature", () => stage.submit(rewritten(founding))],
          ["stream.moved", () => stage.submit(rewritten(consent))],
        ],
      };
    },
  },
];

export const members = [...attacksOn(openClient, onClients), ...attacksOn(openRules, onRules)];
