/** Members that keep no key, where key nodes sign for them: founded, judged, moved there, refused, restarted. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, before, describe, test } from "node:test";
import { generateKey, randomBytes } from "#crypto";
import { fromBase64, toHex, utf8 } from "../../src/base/bytes.ts";
import { DAY, iso, SECOND } from "../../src/base/clock.ts";
import { verifyAny, verifyBundle } from "../../src/evidence/verify.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";
import { structureDigest } from "../../src/rules/source.ts";
import type { Client } from "../../src/sdk/client.ts";
import type { Asker } from "../../src/spine/access.ts";
import { sourceContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { parseStatement, type Statement, signStatement } from "../../src/trust/statement.ts";
import { certificateToPem, parseCertificate } from "../../src/trust/x509/certificate.ts";
import { caToSign, createCa, issue, leafToSign, randomSerial } from "../../src/trust/x509/issue.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { keyNodeProcess } from "../support/key-node-process.ts";
import {
  type Account,
  addModel,
  addTask,
  ally,
  authorise,
  clientOf,
  ended,
  join,
  type Member,
  newReceiverKey,
  ROWS,
  signUp,
} from "../support/members.ts";

let platform: TestPlatform;
let treasury: Member;
before(async () => {
  platform = await openPlatform({ settings: { "key-nodes": "3" } });
  treasury = await join(platform, "资金部");
});
after(() => platform.stop());

type Managed = { readonly id: string; readonly account: Account; readonly client: Client };
type Shown = Awaited<ReturnType<Client["organisations"]["get"]>>;

const managedBy = (account: Account, id: string): Managed => ({
  ...{ account, id },
  get client() {
    return clientOf(platform, account);
  },
});
const manage = async (nickname: string, keyGroup?: string) => {
  const account = await signUp(platform, nickname);
  const answer = await account.client.organisations.manage(keyGroup === undefined ? {} : { keyGroup });
  return { ...answer, member: managedBy(account, answer.organisation.id) };
};
const refused = (code: string) => (error: { code?: string }) => {
  assert.equal(error.code, code);
  return true;
};
const detail = { name: "联盟", description: "" };
const foundAlliance = async ({ client }: Pick<Managed, "client">) =>
  (await client.alliances.create({ network: "evidence", enclave: platform.enclave.id, detail })).resource.id;

/** The statement that founded a stream, as the ledger has it. */
const foundingOf = async ({ client }: Pick<Managed, "client">, id: string) => {
  const { items } = await client.streams.get({ id, start: 0, limit: 1 });
  return parseStatement(items[0]?.statement ?? "");
};
const leafOf = async (member: Pick<Managed, "client">, id: string): Promise<string> =>
  (await foundingOf(member, id)).jws.header.x5c?.[0] ?? "";

/** By openssl: the leaf is the authority's, and both are of the key that the organisation says. */
const requireOpenssl = (authority: string, leaf: string): void => {
  const directory = mkdtempSync(path(tmpdir(), "entente-identities-"));
  const file = (name: string, der: string): string => {
    writeFileSync(path(directory, name), certificateToPem(parseCertificate(fromBase64(der))));
    return path(directory, name);
  };
  try {
    const ca = file("ca.pem", authority);
    execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", ca, file("leaf.pem", leaf)], { stdio: "pipe" });
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const ALL = [{ id: "all", text: "permit(principal, action, resource);" }];
const foundGroup = async (requesters: readonly string[], policies = ALL) => {
  const { items } = await treasury.client.keyNodes.list({});
  const { resource } = await treasury.client.keyGroups.create({
    nodes: items.map(({ stream }) => stream).sort(),
    ...{ administrators: [treasury.id], approvals: 1, approvers: [] },
    ...{ requesters: [...requesters].sort(), policies, detail: { name: "身份", description: "" } },
  });
  return resource.id;
};
/** The organisation that asks for signatures, as whoever is refused is told. */
const identityService = async (): Promise<string> => {
  const group = await foundGroup([]);
  const account = await signUp(platform, `问${toHex(randomBytes(3))}`);
  const error = await account.client.organisations.manage({ keyGroup: group }).then(
    () => assert.fail("it was founded"),
    (refusal: { code?: string; details?: { member?: string } }) => refusal,
  );
  assert.equal(error.code, "managed.group");
  return error.details?.member ?? "";
};

describe("in a group of others", () => {
  test("an administrator's policies say what is signed in whose name, each time, and the bundle shows what that was", async () => {
    const service = await identityService();
    const group = await foundGroup([service]);
    const { member, organisation, notice } = await manage("托管甲", group);
    assert.equal(organisation.managed, true);
    assert.deepEqual([organisation.managedKey?.group, organisation.managedKey?.held], [group, null]);
    assert.match(notice.en, /No machine holds this key.*Still the platform asks/);
    assert.match(notice["zh-CN"], /没有任何机器持有该密钥/);
    const alliance = await foundAlliance(member);

    const requests = await treasury.client.keyRequests.list({ group, state: "completed", pageSize: 100 });
    const kinds = await Promise.all(
      requests.items.map(async ({ id }) => {
        const bundle = verifyAny(await (await treasury.client.keyRequests.bundle({ id })).bytes());
        assert.ok("request" in bundle);
        return bundle.messages?.map(({ kind }) => kind).join();
      }),
    );
    // The authority's certificate, the founding, the leaf's, the alliance.
    assert.deepEqual(kinds.sort(), ["certificate", "certificate", "statement", "statement"]);

    const forbid = (condition: string) => [
      ...ALL,
      { id: "not", text: `forbid(principal, action, resource) ${condition};` },
    ];
    const change = (policies: typeof ALL) => treasury.client.keyGroups.propose(group, { change: { policies } });
    await change(forbid(`when { context has statement && context.statement.kind == "alliance.founded" }`));
    await assert.rejects(foundAlliance(member), refused("managed.refused"));
    await change(
      forbid(
        `when { context has statement && context.statement.by == "${member.id}" && context.statement.stream != "" }`,
      ),
    );
    assert.notEqual(await foundAlliance(member), alliance);
    await assert.rejects(member.client.alliances.invite(alliance, { member: treasury.id }), refused("managed.refused"));
  });

  test("a group that there is not, that does not have the platform ask, or whose policies make no key: nothing is founded", async () => {
    const service = await identityService();
    const account = await signUp(platform, "托管乙");
    const none = 'permit(principal, action == Action::"sign", resource);';
    const forbidding = await foundGroup([service], [{ id: "none", text: none }]);
    for (const [keyGroup, code] of [
      ["G2026010100000099999", "managed.group"],
      [await foundGroup([]), "managed.group"],
      [forbidding, "managed.not-made"],
    ] as const)
      await assert.rejects(account.client.organisations.manage({ keyGroup }), refused(code));
    await assert.rejects(account.client.organisations.manage({ keyGroup: "own" }), refused("request.invalid"));
    assert.equal((await account.client.accounts.me()).account?.member, null);
    const [waiting] = (await treasury.client.keys.list({ group: forbidding })).items;
    const { attempt } = await treasury.client.keys.get({ id: waiting?.id ?? "" });
    assert.equal(attempt?.reason?.code, "keynode.policy");
  });

  test("a key that the platform kept becomes the group's: same authority, and the platform's own copy is gone", async () => {
    const group = await foundGroup([await identityService()]);
    const { member, organisation, notice } = await manage("托管丙");
    assert.deepEqual([organisation.managed, organisation.managedKey], [true, null]);
    assert.match(notice.en, /The platform made this key and keeps it/);
    const before = await leafOf(member, await foundAlliance(member));
    await assert.rejects(member.client.organisations.moveKey({}), refused("managed.no-group"));
    await assert.rejects(treasury.client.organisations.moveKey({ keyGroup: group }), refused("managed.absent"));

    const moved = await member.client.organisations.moveKey({ keyGroup: group });
    const { managedKey } = moved.organisation;
    assert.equal(managedKey?.group, group);
    assert.match(moved.notice.en, new RegExp(`Until ${managedKey?.held} the platform held the key itself`));
    assert.deepEqual(moved.organisation.authorities, organisation.authorities);
    assert.equal((await treasury.client.keys.get({ id: managedKey?.key ?? "" })).origin, "imported");
    const leaf = await leafOf(member, await foundAlliance(member));
    assert.notEqual(leaf, before);
    requireOpenssl(organisation.authorities[0] ?? "", leaf);
    await assert.rejects(member.client.organisations.moveKey({ keyGroup: group }), refused("managed.moved"));
  });
});

describe("in the platform's own group", () => {
  let hospital: Managed;
  let shown: Shown;
  before(async () => {
    await platform.halt();
    await platform.start({ "identity-key-group": "own" });
    ({ member: hospital, organisation: shown } = await manage("托管医院"));
  });

  /** The enclave tells it what is in its table: that question, too, its key's nodes sign. */
  const addTable = async () => {
    const { enclave } = platform;
    const context = sourceContext(hospital.id, enclave.id, "csv");
    const envelope = await hospital.client.blobs.put(await sealBytes(utf8(ROWS), { to: enclave.recipient, context }));
    const asked = { id: enclave.id, envelope: envelope.digest, type: "csv" };
    const { columns } = await hospital.client.enclaves.describe(asked);
    assert.deepEqual(
      columns.map(({ name }) => name),
      ["number"],
    );
    const { resource } = await hospital.client.sources.register({
      ...{ type: "csv", enclave: enclave.id, envelope, structure: structureDigest(columns) },
      permission: { kind: "public" },
      detail: { name: "托管数据", description: "", metadata: "", columns },
    });
    return resource.id;
  };

  test("a member takes part in a task from end to end: its evidence holds, and so do its certificates", async () => {
    assert.match(shown.managedKey?.group ?? "", /^G/);
    const institute = await join(platform, "研究所");
    const alliance = await ally(platform, [institute, hospital]);
    const seen = await institute.client.organisations.get({ id: hospital.id });
    assert.deepEqual(seen.managedKey, shown.managedKey, "other members see where its key is");
    const { id: model } = await addModel(platform, institute);
    const sources = [await addTable()];
    const { id } = await addTask(institute, { alliance, receiver: hospital.id, model, sources });
    await authorise(hospital, id, newReceiverKey().publicPem);
    await authorise(hospital, id);
    await authorise(institute, id);
    const task = await ended(institute, id);
    assert.equal(task.state, "succeeded", JSON.stringify(task.failure));
    const { entries } = verifyBundle(await (await hospital.client.tasks.bundle({ id })).bytes());
    const leaves = new Set(
      entries.flatMap(({ signed: { jws, statement } }) => (statement.by === hospital.id ? (jws.header.x5c ?? []) : [])),
    );
    assert.equal(leaves.size, 1, "one leaf serves until it ends");
    for (const leaf of leaves) requireOpenssl(shown.authorities[0] ?? "", leaf);
  });

  /** The organisation that asks for signatures. Its account is this server's: what it may not have signed, nobody may. */
  const asker = async (): Promise<Asker> => {
    const { account } = JSON.parse(readFileSync(path(platform.data, "identity-service.json"), "utf8"));
    return { accountId: account, member: await identityService() };
  };
  const askedFor = async (message: KeyMessage) => {
    const service = platform.keyService?.service ?? assert.fail("no key service");
    const by = await asker();
    const { id } = await service.requestSignature(by, { key: shown.managedKey?.key ?? "", messages: [message] });
    const { status, failure } = await service.settledRequest(by, id, 30_000);
    return [status, failure];
  };

  test("its key signs nothing but its own member's statements and its own certificates, whoever asks", async () => {
    const forger = generateKey("P-256");
    const own = parseCertificate(fromBase64(shown.authorities[0] ?? ""));
    const start = Math.floor(platform.clock.now() / SECOND) * SECOND;
    const period = { notBefore: start, notAfter: start + DAY, serial: randomSerial() };
    const subject = { commonName: "forger" };
    const fake = createCa({ name: { commonName: "托管医院 CA" }, key: forger, ...period });
    const leaf = issue({ ca: fake, caKey: forger, publicKey: own.publicKey, subject, ...period });
    const at = iso(platform.clock.now());
    const statement: Statement = {
      ...{ kind: "alliance.joined", stream: "a".repeat(64), seen: "b".repeat(64), by: hospital.id, at, payload: {} },
    };
    const inputUnder = async (der: Uint8Array) => {
      const certificate = Buffer.from(der).toString("base64");
      const signer = { alg: "ES256" as const, certificate, sign: () => new Uint8Array(64) };
      const text = await signStatement(statement, signer);
      return { kind: "statement", input: text.slice(0, text.lastIndexOf(".")) } as const;
    };
    for (const [message, code] of [
      [{ kind: "digest", hex: "d".repeat(64) }, "keynode.policy"],
      [{ kind: "message", hex: toHex(utf8((await inputUnder(own.der)).input)) }, "keynode.policy"],
      [await inputUnder(fake.der), "policy.statement"],
      // Of its key, by another's authority: whoever has that says whose member it is.
      [await inputUnder(leaf.der), "policy.statement"],
      [{ kind: "statement", input: "e30.e30" }, "policy.statement"],
      [
        { kind: "certificate", hex: toHex(leafToSign({ ca: own, publicKey: forger.publicKey, subject, ...period })) },
        "policy.certificate",
      ],
      [
        { kind: "certificate", hex: toHex(caToSign({ name: subject, publicKey: forger.publicKey, ...period })) },
        "policy.certificate",
      ],
      [{ kind: "certificate", hex: "3000" }, "policy.certificate"],
    ] as const)
      assert.deepEqual(await askedFor(message), ["failed", code], JSON.stringify(message).slice(0, 80));
    assert.deepEqual(await askedFor(await inputUnder(own.der)), ["completed", undefined]);
  });

  test("no face of the key service acts for it: whoever reaches one sees none of these keys", async () => {
    const { service, house } = platform.keyService ?? assert.fail("no key service");
    await assert.rejects(service.key(house, shown.managedKey?.key ?? ""), refused("stream.unknown"));
  });

  test("after a restart it signs as before, under the same leaf", async () => {
    const before = await leafOf(hospital, await foundAlliance(hospital));
    await platform.halt();
    await platform.start({ "identity-key-group": "own" });
    assert.deepEqual((await hospital.client.organisations.get({ id: hospital.id })).managedKey, shown.managedKey);
    assert.equal(await leafOf(hospital, await foundAlliance(hospital)), before);
  });

  test("with fewer nodes than its key takes nothing is signed, by nobody else either; with them it goes on", async () => {
    const stopped = ["node-1", "node-2"].map((tag) => keyNodeProcess(platform, tag));
    for (const pid of stopped) process.kill(pid, "SIGSTOP");
    try {
      await assert.rejects(foundAlliance(hospital), refused("managed.unsigned"));
    } finally {
      for (const pid of stopped) process.kill(pid, "SIGCONT");
    }
    await foundAlliance(hospital);
  });

  test("a platform without its key nodes refuses what it could not have signed", async () => {
    await platform.halt();
    await platform.start({ "key-nodes": "0" });
    await assert.rejects(foundAlliance(hospital), refused("managed.unsigned"));
    assert.equal((await hospital.client.organisations.get({ id: hospital.id })).managed, true);
  });
});
