import { refusals } from "../base/refusal.ts";

export const refuse = refusals({
  "account.not-verified": {
    status: 403,
    en: "Your organisation's real-name verification is not approved yet. Submit its particulars and wait for the review.",
    zh: "您的机构尚未通过实名认证。请提交认证资料并等待审核。",
  },
  "account.founded": {
    status: 409,
    en: "Your account has a chain identity already: {member}. Use it.",
    zh: "您的账号已有链身份：{member}。请使用该身份。",
  },
  "account.other": {
    status: 403,
    en: "The statement names {found}, but this account is {expected}. Sign with the identity of this account.",
    zh: "声明中的主体为 {found}，而当前账号为 {expected}。请使用当前账号的身份签名。",
  },
  "organisation.required": {
    status: 409,
    en: "Your account has no chain identity yet. Found your organisation first (`entente organisations found`).",
    zh: "您的账号尚无链身份。请先创建机构身份（`entente organisations found`）。",
  },
  "organisation.unknown": {
    status: 404,
    en: "No member has this nickname and APPID. Ask the member for both, exactly as its account shows them.",
    zh: "没有与该昵称和 APPID 匹配的成员。请向对方确认其账号昵称和 APPID。",
  },
  "event.unknown": {
    status: 404,
    en: "There is no event {id} of yours. Look in the event centre.",
    zh: "没有属于您的事件 {id}。请在事件中心查看。",
  },
  "managed.absent": {
    status: 400,
    en: "Your key is your own, so only you can sign: send the signed statement, not its plain input.",
    zh: "您的密钥由您自行保管，只有您能够签名：请提交已签名的声明，而不是明文内容。",
  },
  "managed.moved": {
    status: 409,
    en: "Your key is a key of the group {group} already: {key}. There is nothing to move.",
    zh: "您的密钥已由群组 {group} 共同持有：{key}，无需迁移。",
  },
  "managed.no-group": {
    status: 409,
    en: "This platform has no key group for identities. Name one (keyGroup), or have the operator set identityKeyGroup and run key nodes.",
    zh: "本平台未指定用于身份的密钥群组。请自行指定（keyGroup），或请运营方设置 identityKeyGroup 并运行密钥节点。",
  },
  "managed.group": {
    status: 409,
    en: "The key group {group} can't have your key now: {reason}. Have its administrators change that, or name another.",
    zh: "群组 {group} 当前无法持有您的密钥：{reason}。请联系群组管理员处理，或选择其他群组。",
  },
  "managed.not-made": {
    status: 503,
    en: "The key nodes of {group} have not made your key: {reason}. Nothing was founded or moved; try again once all of them run.",
    zh: "群组 {group} 的密钥节点未能生成您的密钥：{reason}。未创建也未迁移任何身份；请在全部节点运行后重试。",
  },
  "managed.refused": {
    status: 403,
    en: "The key nodes of {group} did not sign in your name: its policies do not permit this ({reason}). Nothing was done; ask the group's administrators.",
    zh: "群组 {group} 的密钥节点未以您的名义签名：群组策略不允许该操作（{reason}）。未执行任何操作；请联系群组管理员。",
  },
  "managed.unsigned": {
    status: 503,
    en: "The key nodes of {group} did not sign in your name in time: {reason}. Nothing was done; try again when enough of them run.",
    zh: "群组 {group} 的密钥节点未能及时以您的名义签名：{reason}。未执行任何操作；请在足够的节点恢复运行后重试。",
  },
});
