/** Whom to trust: members and enclaves, verified here; and keys that results are sealed to. */
import { generateKeyPairSync } from "node:crypto";
import { generateKey } from "#crypto";
import { isPinned } from "../../evidence/enclave-pin.ts";
import { findMember } from "../../sdk/workflows/find-member.ts";
import { attestationVerifiers } from "../../trust/attestation/verify.ts";
import { keyFromPem, keyToPem, publicKeyToPem, thumbprint } from "../../trust/keys.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readSecret, writeTo } from "../files.ts";
import { argOf, type Given, isSet, textOf } from "../given.ts";
import { meetMember } from "../members.ts";
import { text } from "../text.ts";
import { ENCLAVE_FLAG } from "./common.ts";

const PIN: Flag = {
  name: "pin",
  type: "boolean",
  summary: text("refuse anything else from now on", "固定信任，此后拒绝其他值"),
};

/** Verified, and the same as pinned before, where it was. */
const find = async (context: Context, nickname: string, appId: string, pin: boolean) => {
  const { members } = context.settings();
  const name = `${nickname}/${appId}`;
  const found = await findMember(context.client(), { nickname, appId }, members[name]);
  if (pin) context.remember({ members: { ...members, [name]: found.fingerprint } });
  return { ...found, pinned: pin || members[name] !== undefined };
};

const KEY_TYPES = ["rsa", "p256", "x25519", "sm2"] as const;
const RSA_BITS = 3_072;

const newKey = (type: string) => {
  if (type === "x25519") return generateKey("X25519");
  if (type === "sm2") return generateKey("SM2");
  if (type !== "rsa") return generateKey("P-256");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: RSA_BITS });
  return keyFromPem(privateKey.export({ type: "pkcs8", format: "pem" }) as string, { accept: ["RSA"] });
};

/** Who is meant by an invitation: a stream id, or nickname and APPID together. */
const invited = async (context: Context, given: Given): Promise<string> => {
  const [member, nickname, appId] = [textOf(given, "member"), textOf(given, "nickname"), textOf(given, "app-id")];
  if (member !== undefined) return member;
  if (nickname === undefined || appId === undefined)
    throw refuse("usage.missing", { what: "--nickname, --app-id", command: "entente alliances invite" });
  return (await meetMember(context, { nickname, appId })).member;
};

export const trustCommands: readonly Command[] = [
  {
    words: ["members", "find"],
    summary: text(
      "Find a member by nickname and APPID, and verify its own statement",
      "按昵称与 APPID 查找成员并验证其声明",
    ),
    args: [{ name: "nickname" }, { name: "appid" }],
    flags: [PIN],
    run: (context, given) => find(context, argOf(given, "nickname"), argOf(given, "appid"), isSet(given, "pin")),
  },
  {
    words: ["alliances", "create"],
    summary: text("Create a compute alliance", "新建计算联盟"),
    args: [],
    flags: [
      { name: "name", type: "text", required: true, limits: "1..50" },
      { name: "description", type: "text", limits: "0..100" },
      { name: "network", type: "text", default: "evidence", summary: text("bound network", "绑定的区块链网络") },
      ENCLAVE_FLAG,
    ],
    async run(context, given) {
      const { id } = await context.enclave(textOf(given, "enclave"));
      const detail = { name: textOf(given, "name") ?? "", description: textOf(given, "description") };
      return context
        .client()
        .alliances.create({ network: textOf(given, "network") ?? "evidence", enclave: id, detail });
    },
  },
  {
    words: ["alliances", "invite"],
    summary: text("Invite a member by its nickname and APPID", "通过账号昵称和 APPID 邀请成员"),
    args: [{ name: "id" }],
    flags: [
      { name: "nickname", type: "text" },
      { name: "app-id", type: "text", value: "APPID" },
      { name: "member", type: "text", value: "ID", summary: text("its stream id instead", "或直接给出流编号") },
    ],
    run: async (context, given) =>
      context.client().alliances.invite(argOf(given, "id"), { member: await invited(context, given) }),
  },
  {
    words: ["enclaves", "verify"],
    summary: text("Verify an enclave with fresh evidence", "使用最新证明验证可信执行环境"),
    args: [{ name: "id", optional: true }],
    flags: [PIN],
    async run(context, given) {
      // Whoever pins accepts what is found, another program than before too.
      const anyEnclave = isSet(given, "pin");
      const { recipient, ...enclave } = await context.enclave(argOf(given, "id") || undefined, { anyEnclave });
      const { enclaves } = context.settings();
      const { provider, measurement, attested } = enclave;
      const identity = attestationVerifiers[provider]?.identity ?? [];
      const stays = Object.entries(attested.platform ?? {}).filter(([name]) => identity.includes(name));
      const platform = stays.length > 0 ? Object.fromEntries(stays) : undefined;
      const known = isPinned({ provider, measurement, platform }, enclaves);
      const pin = { provider, measurement, ...(platform && { platform }) };
      if (isSet(given, "pin") && !known) context.remember({ enclaves: [...enclaves, pin] });
      return { ...enclave, encryptionKey: recipient.thumbprint, pinned: known || isSet(given, "pin") };
    },
  },
  {
    words: ["keys", "generate"],
    summary: text("Make a key that results are sealed to", "生成结果接收密钥"),
    args: [],
    flags: [
      { name: "type", type: "text", choices: KEY_TYPES, default: "p256" },
      {
        name: "out",
        type: "text",
        required: true,
        value: "NAME",
        summary: text("writes NAME.key.pem and NAME.pub.pem", "写入 NAME.key.pem 与 NAME.pub.pem"),
      },
      {
        name: "key-passphrase-file",
        type: "text",
        value: "FILE",
        summary: text("encrypt the private key with it", "用口令加密私钥"),
      },
    ],
    async run(context, given) {
      const key = newKey(textOf(given, "type") ?? "p256");
      const name = (textOf(given, "out") ?? "").replace(/(\.key)?\.pem$/, "");
      const secret = textOf(given, "key-passphrase-file");
      const [privateFile, publicFile] = [`${name}.key.pem`, `${name}.pub.pem`];
      writeTo(privateFile, keyToPem(key, secret === undefined ? undefined : readSecret(secret)), {
        secret: true,
        fresh: true,
      });
      writeTo(publicFile, publicKeyToPem(key.publicKey));
      context.note(KEEP);
      return { privateKey: privateFile, publicKey: publicFile, type: key.kind, thumbprint: thumbprint(key.publicKey) };
    },
  },
];

const KEEP = text(
  "Keep the private key: without it nobody opens the results, the platform neither.",
  "请妥善保管私钥：没有它，任何人（包括平台）都无法打开结果。",
);
