/** Two people who decide at once: one decision stands, the other is answered in words, and its page shows what is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { awaitKey, generateKey, requestSignatures } from "../../src/sdk/workflows/index.ts";
import { type Console, noBrowser, open, openConsole, PASSWORD, type Person } from "../support/browser.ts";
import { type Answer, cross, grows, holdNews } from "../support/crossing.ts";
import { backupOf, enter, enterWithKey, openBackup, siteOf, UNHURRIED } from "../support/entering.ts";
import type { Member, Site } from "../support/members.ts";
import { addModel, addTable, addTask, ally, authorise, join, newReceiverKey, signUp } from "../support/members.ts";

const button = ({ page, t }: Person, en: string, zh: string) =>
  page.getByRole("button", { name: t(en, zh), exact: true });

/** @param last button that decides @param asked button before it, where one is asked whether one means it */
const answer = (sends: RegExp, last: readonly [string, string], asked?: readonly [string, string]): Answer => ({
  sends,
  async prepare(person) {
    await button(person, ...(asked ?? last)).waitFor();
    if (asked) await button(person, ...asked).click();
  },
  press: (person) => button(person, ...last).click(),
});
const AUTHORISE = answer(/\/authorisations\/source$/, ["Authorise and sign", "授权并签名"]);
const REFUSE = answer(/\/refusals$/, ["Refuse and sign", "拒绝并签名"], ["Refuse…", "拒绝"]);
const JOIN = answer(/\/members$/, ["Join and sign", "同意并签名"]);
const DECLINE = answer(/\/refusals$/, ["Decline and sign", "拒绝并签名"], ["Decline…", "拒绝"]);
const APPROVE: Answer = {
  ...answer(/\/approvals$/, ["Approve and sign", "批准并签名"]),
  // Until the nodes have signed, whoever has approved may still think otherwise.
  settled: ({ page, t }) => page.getByText(t("Under the public key", "验证公钥")).waitFor(),
};
const OPPOSE = answer(/\/refusals$/, ["Refuse and sign", "拒绝并签名"], ["Refuse…", "拒绝…"]);

/** What had been asked of the second one is gone from the page, and why is said above it, in their language. */
const isTold = ({ t, language }: Person, said: string): void => {
  const begins = t("Not done: the page now shows how it stands. ", "操作未生效，页面现已显示最新状态。");
  assert.ok(said.startsWith(begins), said);
  assert.ok(said.length > begins.length + 10, "and why");
  assert.equal(/\p{Script=Han}/u.test(said), language === "zh-CN", said);
};

type Both = readonly [first: Person, second: Person];
/** Each of them is once the one who comes second. */
const turns = (one: Person, other: Person): readonly Both[] => [
  [one, other],
  [other, one],
];

/** Both look at the same page; what the first one does is no news to the second. */
const meet = async ([first, second]: Both, path: string): Promise<void> => {
  await holdNews(second);
  await Promise.all([open(first, path), open(second, path)]);
};

test("two people decide at once", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, { ...UNHURRIED, "key-nodes": "3" });
  const site = await siteOf(console.platform);
  const [hospital, institute] = await Promise.all([join(site, "Hospital"), join(site, "Institute")]);
  const [one, other] = await colleagues(console, hospital);
  const alliance = await ally(site, [institute, hospital]);
  const [model, source] = await Promise.all([addModel(site, institute), addTable(site, hospital)]);

  await t.test("about a task", async () => {
    const wanted = { alliance, receiver: institute.id, model: model.id, sources: [source.id] };
    for (const [first, second] of [
      [REFUSE, AUTHORISE],
      [AUTHORISE, REFUSE],
      [AUTHORISE, AUTHORISE],
    ] as const)
      for (const both of turns(one, other)) {
        const { id } = await addTask(institute, wanted);
        await authorise(institute, id, newReceiverKey().publicPem);
        await meet(both, `/tasks/${id}/authorise`);
        await grows(console.platform, 1, async () => isTold(both[1], await cross(both, first, second)));
        const { page, t } = both[1];
        await page.getByText(t("Nothing is needed from you now", "当前无需您授权")).waitFor();
        assert.equal(await button(both[1], "Authorise and sign", "授权并签名").count(), 0);
        const done = first === REFUSE ? t("refused", "已拒绝") : t("authorised", "已确认授权");
        await page.getByText(done).last().waitFor();
        const { state } = await institute.client.tasks.get({ id });
        assert.equal(state, first === REFUSE ? "authorisation-failed" : "model-authorising");
      }
  });

  await t.test("about an invitation", async () => {
    for (const [first, second] of [
      [JOIN, DECLINE],
      [DECLINE, JOIN],
    ] as const)
      for (const both of turns(one, other)) {
        const home = await ally(site, [institute]);
        await institute.client.alliances.invite(home, { member: hospital.id });
        const { items } = await hospital.client.events.list({ tab: "pending" });
        await meet(both, `/events/${items.find(({ kind }) => kind === "invitation")?.id}`);
        await grows(console.platform, 1, async () => isTold(both[1], await cross(both, first, second)));
        const { page, t } = both[1];
        const joined = first === JOIN;
        await page.locator(".ant-tag", { hasText: joined ? t("Succeeded", "成功") : t("Failed", "失败") }).waitFor();
        assert.equal(await button(both[1], "Join and sign", "同意并签名").count(), 0);
        const { members } = await institute.client.alliances.get({ id: home });
        assert.equal(members.length, joined ? 2 : 1);
      }
  });

  await t.test("about a request to sign", async () => {
    const key = await keyFor(institute, hospital);
    for (const [first, second] of [
      [APPROVE, OPPOSE],
      [OPPOSE, APPROVE],
    ] as const)
      for (const both of turns(one, other)) {
        const messages = [{ kind: "message", hex: toHex(utf8("pay Li")) } as const];
        const { id } = (await requestSignatures(institute.client, { key, messages })).resource;
        await meet(both, `/key-requests/${id}`);
        isTold(both[1], await cross(both, first, second));
        const { page, t } = both[1];
        const approves = first === APPROVE;
        if (approves) await page.getByText(t("Under the public key", "验证公钥")).waitFor();
        else
          await page
            .getByText(t("The request ended before anything was signed.", "请求已终止，没有产生签名。"))
            .waitFor();
        assert.equal(await button(both[1], "Approve and sign", "批准并签名").count(), 0);
        const { state, approvedBy } = await institute.client.keyRequests.get({ id });
        assert.deepEqual([state, approvedBy.length], approves ? ["completed", 1] : ["refused", 0]);
      }
  });

  await t.test("about an organisation that operators review", async () => {
    const operators = [await console.operator(), await console.operator({ language: "zh-CN" })] as const;
    for (const approves of [true, false])
      for (const both of turns(...operators)) {
        const nickname = `${both[0].language}-${approves}`;
        const id = await applicant(site, nickname);
        await meet(both, "/reviews");
        for (const { page, t } of both) {
          const row = page.getByRole("row").filter({ hasText: nickname });
          await row.getByRole("button", { name: t("Review", "审核") }).click();
        }
        const [first, second] = approves ? [TAKE, REJECT] : [REJECT, TAKE];
        const said = await cross(both, first, second);
        // In the dialog, which stays: what was typed there is still to be read.
        const { page, t } = both[1];
        const wait = t("wait for a decision", "没有待审核的实名认证资料");
        assert.ok(said.includes(wait), said);
        await page.getByRole("dialog").getByText(wait).waitFor();
        await page.getByRole("row").filter({ hasText: nickname }).waitFor({ state: "detached" });
        const { items } = await site.office.accounts.list({ search: nickname });
        const found = items.find((account) => account.id === id);
        assert.equal(found?.verification.state, approves ? "approved" : "rejected");
      }
  });
});

const TAKE = answer(/\/verification$/, ["Approve", "通过"]);
const REJECT: Answer = {
  ...answer(/\/verification$/, ["Reject", "驳回"]),
  prepare: ({ page, t }) => page.getByLabel(t("Reason, needed to reject", "驳回原因")).fill("another legal name"),
};

/** Two users of one organisation with its key in their browsers, one of them reading Chinese. */
const colleagues = async (console: Console, member: Member): Promise<Both> => {
  const second = { login: "second", password: PASSWORD };
  await member.account.client.users.create({ ...second, role: "administrator" });
  const one = await enterWithKey(console, member);
  const other = await enter(console, second, { language: "zh-CN" });
  await open(other, "/identity");
  await openBackup(other, backupOf(member, ""));
  await other.page.getByText("账本上的身份").waitFor();
  return [one, other];
};

/** A key that signs what one asks for and the other approves. @returns its stream */
const keyFor = async ({ id, client }: Member, approver: Member): Promise<string> => {
  const { items } = await client.keyNodes.list({});
  const { resource: group } = await client.keyGroups.create({
    ...{ nodes: items.map(({ stream }) => stream).sort(), administrators: [id], approvals: 1 },
    ...{ requesters: [id], approvers: [approver.id], detail: { name: "vault", description: "" } },
    policies: [
      { id: "make", text: 'permit(principal, action == Action::"createKey", resource);' },
      { id: "one", text: 'permit(principal, action == Action::"sign", resource) when { context.approvals >= 1 };' },
    ],
  });
  const nodes = items.map(({ tag }) => tag).sort();
  const wanted = { group: group.id, scheme: "EDDSA_ED25519", threshold: 2, nodes } as const;
  const { resource } = await generateKey(client, wanted, { enclaves: "any" });
  return (await awaitKey(client, resource.id)).stream;
};

/** Waits for a review. @returns id of the account */
const applicant = async (site: Site, nickname: string): Promise<string> => {
  const { id, client } = await signUp(site, nickname, { verified: false });
  const particulars = { registrationNumber: "12990000MB0000001J", contact: "Li Ming", phone: "+86 21 5555 0100" };
  await client.accounts.submitVerification({ ...particulars, legalName: nickname, country: "CN" });
  return id;
};
