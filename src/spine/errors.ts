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
});
