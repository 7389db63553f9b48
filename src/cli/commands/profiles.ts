/** Profiles, signing in, and what was pinned. */
import type { Command } from "../command.ts";
import { readSecret } from "../files.ts";
import { argOf, textOf } from "../given.ts";
import { openProfile, profileNames, useProfile } from "../profile.ts";
import { text } from "../text.ts";

export const profileCommands: readonly Command[] = [
  {
    words: ["login"],
    summary: text("Store an address and an access key as a profile", "将平台地址与访问密钥保存为配置"),
    args: [],
    flags: [
      { name: "access-key-id", type: "text", required: true, value: "ID" },
      {
        name: "access-key-secret-file",
        type: "text",
        value: "FILE",
        default: "-",
        summary: text("file that holds the secret; - is the standard input", "保存密钥的文件，- 表示标准输入"),
      },
    ],
    async run(context, given) {
      const secret = readSecret(textOf(given, "access-key-secret-file") ?? "-");
      const url = textOf(given, "url") ?? context.settings().url;
      const accessKey = { id: textOf(given, "access-key-id") ?? "", secret };
      const before = context.profile.exists() ? context.settings() : undefined;
      context.remember({ url, accessKey });
      try {
        const { account, user } = await context.client().accounts.me();
        if (account?.member) {
          const { member: id, nickname, appId } = account;
          context.remember({ organisation: { id: id ?? "", nickname, appId } });
        }
        const first = profileNames(context.profiles).length === 1;
        if (first) useProfile(context.profiles, context.profile.name);
        return { profile: context.profile.name, url, user, account };
      } catch (error) {
        // A key that does not work leaves the profile as it was.
        if (before) context.profile.save(before);
        else context.profile.save({ enclaves: [], members: {} });
        throw error;
      }
    },
  },
  {
    words: ["profile", "list"],
    summary: text("List the profiles of this machine", "列出本机配置"),
    args: [],
    flags: [],
    async run({ profiles, profile: current }) {
      const items = profileNames(profiles).map((name) => {
        const { url = null, organisation } = openProfile(profiles, name).settings();
        return { name, inUse: name === current.name, url, nickname: organisation?.nickname ?? null };
      });
      return { items };
    },
  },
  {
    words: ["profile", "use"],
    summary: text("Use a profile from now on", "切换使用的配置"),
    args: [{ name: "name" }],
    flags: [],
    async run({ profiles }, given) {
      useProfile(profiles, argOf(given, "name"));
      return { profile: argOf(given, "name") };
    },
  },
  {
    words: ["profile", "show"],
    summary: text("Show the profile, its secrets left out", "查看配置，不含密钥"),
    args: [],
    flags: [],
    async run({ profile, settings }) {
      const { url = null, accessKey, organisation = null, enclaves, members } = settings();
      return {
        name: profile.name,
        directory: profile.directory,
        url,
        accessKeyId: accessKey?.id ?? null,
        organisation,
        ownKeys: profile.read("key") !== undefined,
        enclaves,
        pinned: Object.entries(members).map(([member, fingerprint]) => ({ member, fingerprint })),
      };
    },
  },
  {
    words: ["accounts", "create"],
    summary: text(
      "Sign an organisation up, and keep its access key in the profile",
      "注册机构账号，并将访问密钥保存到配置",
    ),
    args: [],
    flags: [
      { name: "nickname", type: "text", required: true, limits: "1..50" },
      { name: "login", type: "text", required: true, limits: "2..64" },
      {
        name: "password-file",
        type: "text",
        required: true,
        value: "FILE",
        summary: text("file that holds the password; - is the standard input", "保存密码的文件，- 表示标准输入"),
      },
    ],
    async run(context, given) {
      const [nickname = "", login = ""] = [textOf(given, "nickname"), textOf(given, "login")];
      const password = readSecret(textOf(given, "password-file") ?? "-");
      const { account, user, accessKey } = await context.client().accounts.create({ nickname, login, password });
      const { id, secret } = accessKey;
      context.remember({ url: textOf(given, "url") ?? context.settings().url, accessKey: { id, secret } });
      return { account, user, accessKey: { id }, profile: context.profile.directory };
    },
  },
];
