/**
 * A treasury whose key nobody holds: three nodes make it, policies say what it may sign, two people approve each payment,
 * and a chain takes it. Played through the public API only, each organisation with the keys in its own profile.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromHex, toHex, utf8 } from "../../../base/bytes.ts";
import { decodeTransaction } from "../../../policy/ethereum.ts";
import type { KeyMessage } from "../../../rules/key-messages.ts";
import type { KeyScheme } from "../../../rules/key-schemes.ts";
import type { Step, Text } from "../../../sample/story.ts";
import { createClient } from "../../../sdk/client.ts";
import {
  approveRequest,
  awaitKey,
  awaitRequest,
  generateKey,
  requestSignatures,
  signaturesOf,
  verifyKeyNode,
} from "../../../sdk/workflows/index.ts";
import { refuse } from "../errors.ts";
import { found, type Introduction, type Party, signUp } from "../parties.ts";
import { type Chain, payment } from "./chain.ts";

export interface KeyStoryOptions {
  readonly url: string;
  readonly profiles: string;
  readonly operator: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly step: Step;
  readonly chain: Chain;
}

export interface KeysTold {
  readonly address: string;
  readonly supplier: string;
  /** Of the mined transaction. */
  readonly hash: string;
  /** Wei, after it. */
  readonly balances: { readonly treasury: bigint; readonly supplier: bigint };
  /** Path of the evidence bundle. */
  readonly bundle: string;
}

const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

const PARTIES = {
  treasury: "星河集团资金部",
  risk: "星河集团风控部",
  finance: "星河集团财务部",
  audit: "星河集团审计部",
} as const;
type Name = keyof typeof PARTIES;
const NAMES = Object.keys(PARTIES) as Name[];
const NODES = ["node-1", "node-2", "node-3"];
const ETHER = 10n ** 18n;
const SUPPLIER = `0x${"5a".repeat(20)}`;
const PAYMENT = (3n * ETHER) / 4n;

const policiesFor = (chain: number) => [
  { id: "make-keys", text: 'permit (principal in Role::"requester", action == Action::"createKey", resource);' },
  {
    id: "pay-suppliers",
    text: `permit (principal in Role::"requester", action == Action::"sign", resource)
when {
  context has transaction && context.transaction has to &&
  context.transaction.chainId == ${chain} &&
  ["${SUPPLIER}"].contains(context.transaction.to)
};`,
  },
  {
    id: "documents",
    text: `permit (principal in Role::"requester", action == Action::"sign", resource)
when { context.purpose == "message" };`,
  },
  {
    id: "at-most-one-ether",
    text: `forbid (principal, action == Action::"sign", resource)
when { context has transaction && context.transaction.value.greaterThan(decimal("1.0")) };`,
  },
  {
    id: "two-approvals",
    text: `forbid (principal, action == Action::"sign", resource)
when { context has transaction && context.approvals < 2 };`,
  },
];

/** The demo shows nothing that was not so. */
const must = (holds: boolean, what: string): void => {
  if (!holds) throw refuse("demo.untrue", { what });
};

export const tellKeys = async ({ url, profiles, operator, step, chain }: KeyStoryOptions): Promise<KeysTold> => {
  const introduce = (name: Name): Introduction => ({
    ...{ url, profiles, name, nickname: PARTIES[name] },
    particulars: {
      legalName: "星河集团",
      registrationNumber: "12990000MB0000001J",
      contact: "王芳",
      phone: "+86 21 5555 0100",
      country: "CN",
    },
  });
  const [treasury, ...approvers] = (await step(
    NAMES.join(", "),
    text("sign up, are reviewed, and put their own CAs on the ledger", "注册、通过审核，并将自有 CA 登记到账本"),
    async () => {
      const signedUp = await Promise.all(NAMES.map((name) => signUp(introduce(name))));
      const office = createClient({ url, credentials: operator });
      for (const { account } of signedUp) await office.accounts.review({ id: account.id, decision: "approved" });
      return Promise.all(signedUp.map((one) => found(url, one)));
    },
  )) as [Party, Party, Party, Party];
  const { client, member } = treasury;

  // All run the same demo; between organisations that met elsewhere, each would have the program from its own build.
  const nodes = await step(
    "treasury",
    text("verifies the attestation of three key nodes", "验证三个密钥节点的远程证明"),
    () => Promise.all(NODES.map((tag) => verifyKeyNode(client, tag, { enclaves: "any" }))),
  );
  const expected = { enclaves: nodes.map(({ provider, measurement }) => ({ provider, measurement })) };

  const group = await step(
    "treasury",
    text(
      "founds a group: one supplier, at most 1 ether each, two approvals of three",
      "新建群组：仅限一家供应商、每笔不超过 1 以太、三方中须两方批准",
    ),
    async () => {
      const { resource } = await client.keyGroups.create({
        nodes: nodes.map(({ id }) => id).sort(),
        ...{ administrators: [member], approvals: 1, requesters: [member] },
        approvers: approvers.map((one) => one.member).sort(),
        policies: policiesFor(chain.id),
        detail: { name: "金库", description: "供应商付款" },
      });
      return resource;
    },
  );

  const make = async (scheme: KeyScheme, alias: string) => {
    const { resource } = await generateKey(
      client,
      { group: group.stream, scheme, threshold: 2, nodes: NODES, alias },
      expected,
    );
    const key = await awaitKey(client, resource.id);
    must(key.state === "enabled", `${alias}: ${key.state}`);
    return key;
  };
  const key = await step(
    NODES.join(", "),
    text(
      "make a key (ECDSA, secp256k1) that none of them ever has",
      "共同生成 ECDSA（secp256k1）密钥，任何节点均不持有完整密钥",
    ),
    () => make("ECDSA_K1", "treasury/payments"),
  );
  const address = key.address ?? "";
  await step("chain", text(`pays 10 ether to ${address}`, `向 ${address} 转入 10 以太`), async () => {
    const [rich] = await chain.call<string[]>("eth_accounts");
    const value = `0x${(10n * ETHER).toString(16)}`;
    await chain.mined(await chain.call("eth_sendTransaction", { from: rich, to: address, value }));
    must((await chain.balance(address)) === 10n * ETHER, "10 ether have arrived");
  });

  const ask = async (message: KeyMessage, id: string, note: string) =>
    (await requestSignatures(client, { key: id, messages: [message], note })).resource;
  const pay = async (wei: bigint): Promise<KeyMessage> => ({
    kind: "transaction",
    hex: await payment(chain, address, SUPPLIER, wei),
  });

  await step(
    "treasury",
    text(
      "asks for a payment of 5 ether: the nodes refuse, whoever would approve",
      "申请支付 5 以太：无论谁批准，节点均予拒绝",
    ),
    async () => {
      const { id } = await ask(await pay(5n * ETHER), key.id, "设备采购");
      const { state, ended, signatures } = await awaitRequest(client, id);
      must(state === "failed" && ended?.code === "keynode.policy" && signatures === null, `5 ether: ${state}`);
    },
  );
  const request = await step(
    "treasury",
    text("asks for a payment of 0.75 ether to the supplier", "申请向供应商支付 0.75 以太"),
    async () => ask(await pay(PAYMENT), key.id, "第三季度货款"),
  );
  for (const [i, approver] of approvers.slice(0, 2).entries())
    await step(
      approver.name,
      text(
        "reads the transaction, decoded at home from what was signed, and approves",
        "在本地解读所签署的交易内容后批准",
      ),
      async () => {
        await approveRequest(approver.client, request.id, {
          review({ signed }) {
            const [message] = signed.messages;
            const { to, value } = decodeTransaction(fromHex(message?.kind === "transaction" ? message.hex : ""));
            must(to === SUPPLIER && value === PAYMENT, "what is approved is this payment");
          },
        });
        if (i === 0) must((await client.keyRequests.get({ id: request.id })).state === "pending", "one is not enough");
      },
    );
  const raw = await step(
    "two of three nodes",
    text("sign; the treasury verifies the signature itself", "共同签名；资金部自行验证签名"),
    async () => {
      const { state } = await awaitRequest(client, request.id);
      must(state === "completed", `the payment: ${state}`);
      const [signature] = await signaturesOf(client, request.stream);
      return signature?.transaction ?? "";
    },
  );
  const mined = await step("chain", text("mines the transaction", "交易上链"), async () => {
    const hash = await chain.call("eth_sendRawTransaction", `0x${raw}`);
    must((await chain.mined(hash)) === address.toLowerCase(), "mined, from the key's address");
    const balances = { treasury: await chain.balance(address), supplier: await chain.balance(SUPPLIER) };
    must(balances.supplier === PAYMENT, "the supplier has the payment");
    return { hash, balances };
  });

  await step(
    "openssl",
    text("verifies a document that another key of the group signed (P-256)", "验证群组另一密钥（P-256）签署的文件"),
    async () => {
      const papers = await make("ECDSA_R1", "treasury/documents");
      const words = utf8("付款通知书：0.75 以太");
      const { id } = await ask({ kind: "message", hex: toHex(words) }, papers.id, "付款通知书");
      must((await awaitRequest(client, id)).state === "completed", "the document is signed");
      const [signature] = await signaturesOf(client, id);
      const file = (name: string) => join(treasury.directory, name);
      writeFileSync(file("notice.txt"), words);
      writeFileSync(file("notice.sig"), fromHex(signature?.encoded ?? ""));
      writeFileSync(file("notice.pem"), papers.publicKeyPem ?? "");
      const command = ["dgst", "-sha256", "-verify", file("notice.pem"), "-signature", file("notice.sig")];
      const { stdout } = await promisify(execFile)("openssl", [...command, file("notice.txt")]).catch((error) => {
        throw refuse("demo.machine", { reason: `openssl: ${(error as Error).message}` });
      });
      must(stdout.includes("Verified OK"), "openssl verifies the document");
    },
  );
  const bundle = await step(
    "audit",
    text("downloads the evidence bundle of the payment", "下载付款的证据包"),
    async () => {
      const auditor = approvers[2] as Party;
      const path = join(auditor.directory, `${request.id}.evidence.json`);
      writeFileSync(path, await (await auditor.client.keyRequests.bundle({ id: request.id })).bytes());
      return path;
    },
  );
  return { address, supplier: SUPPLIER, ...mined, bundle };
};
