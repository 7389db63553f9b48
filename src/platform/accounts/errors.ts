import { refusals } from "../../base/refusal.ts";

/** Refusals about accounts, users, keys and sessions. What a stranger may not see answers as unknown (404). */
export const refuse = refusals({
  "account.unknown": {
    status: 404,
    en: "There is no account {id} that you may see. Check the id.",
    zh: "没有您可以查看的账号 {id}。请核对编号。",
  },
  "account.nickname": {
    status: 400,
    en: "A nickname has 1 to 50 characters: Chinese, letters, digits, _ and -. Choose another.",
    zh: "昵称为 1 到 50 个字符，可使用中文、字母、数字、_ 和 -。请重新填写。",
  },
  "account.nickname-taken": {
    status: 409,
    en: "The nickname {nickname} is taken. Choose another.",
    zh: "昵称 {nickname} 已被使用。请换用其他昵称。",
  },
  "account.suspended": {
    status: 403,
    en: "The account is suspended. Ask the operator of this platform.",
    zh: "该账号已被停用。请联系平台运营方。",
  },
  "account.member-founded": {
    status: 409,
    en: "The account has its chain identity already ({member}). Use that one.",
    zh: "该账号已有链身份（{member}）。请使用该身份。",
  },
  "signup.closed": {
    status: 403,
    en: "This platform does not take registrations. Ask its operator for an account.",
    zh: "本平台未开放注册。请联系平台运营方开通账号。",
  },
  "verification.particulars": {
    status: 400,
    en: "The particulars are not acceptable: {fields}. Correct them and submit again.",
    zh: "实名认证资料有误：{fields}。请修改后重新提交。",
  },
  "verification.open": {
    status: 409,
    en: "Particulars are submitted already and wait for the operator. Wait for the decision.",
    zh: "实名认证资料已提交，正在等待运营方审核。请等待结果。",
  },
  "verification.approved": {
    status: 409,
    en: "The account is verified already. Nothing needs to be done.",
    zh: "该账号已通过实名认证，无需再次提交。",
  },
  "verification.none": {
    status: 404,
    en: "No particulars of the account {id} wait for a decision: there are none, or they were decided on already. Look at the list of open submissions.",
    zh: "账号 {id} 没有待审核的实名认证资料：尚未提交，或已被审核。请查看待审核列表。",
  },
  "verification.reason": {
    status: 400,
    en: "A rejection needs a reason of 1 to 200 characters. Say what has to be corrected.",
    zh: "驳回时须填写 1 到 200 个字符的理由。请说明需要修改的内容。",
  },
  "verification.required": {
    status: 403,
    en: "This needs real-name verification. Submit the particulars of your organisation and wait for the operator's approval.",
    zh: "此操作需要先完成实名认证。请提交组织资料并等待运营方审核通过。",
  },
  "user.unknown": {
    status: 404,
    en: "There is no user {id} that you may see. Check the id.",
    zh: "没有您可以查看的用户 {id}。请核对编号。",
  },
  "user.login": {
    status: 400,
    en: "A login name has 2 to 64 characters: small letters, digits, and . _ @ - after the first. Choose another.",
    zh: "登录名为 2 到 64 个字符，可使用小写字母、数字，首字符之后还可使用 . _ @ -。请重新填写。",
  },
  "user.login-taken": {
    status: 409,
    en: "The login name {login} is taken. Choose another.",
    zh: "登录名 {login} 已被使用。请换用其他登录名。",
  },
  "user.role": {
    status: 400,
    en: "A user of an account is one of {roles}. Choose one of them.",
    zh: "账号内用户的角色须为 {roles} 之一。请重新选择。",
  },
  "user.last-administrator": {
    status: 409,
    en: "This is the last administrator. Make another user administrator first.",
    zh: "这是最后一位管理员。请先将其他用户设为管理员。",
  },
  "password.weak": {
    status: 400,
    en: "A password has {min} to {max} characters. Choose another.",
    zh: "密码长度为 {min} 到 {max} 个字符。请重新设置。",
  },
  "password.wrong": {
    status: 403,
    en: "The present password is not right. Type it again.",
    zh: "当前密码不正确。请重新输入。",
  },
  "sign-in.failed": {
    status: 401,
    en: "The login name or the password is not right. Check both and try again.",
    zh: "登录名或密码不正确。请核对后重试。",
  },
  "session.required": {
    status: 401,
    en: "Sign in first.",
    zh: "请先登录。",
  },
  "session.expired": {
    status: 401,
    en: "The session has ended. Sign in again.",
    zh: "会话已结束。请重新登录。",
  },
  "session.csrf": {
    status: 403,
    en: "The request does not carry the session's own token. Reload the page and try again.",
    zh: "请求未携带本会话的校验令牌。请刷新页面后重试。",
  },
  "access-key.unknown": {
    status: 404,
    en: "There is no access key {id} that you may see. Check the id.",
    zh: "没有您可以查看的访问密钥 {id}。请核对编号。",
  },
  "access-key.refused": {
    status: 401,
    en: "The access key is unknown or disabled. Check its id, or create another.",
    zh: "访问密钥不存在或已停用。请核对密钥编号，或新建一个。",
  },
  "access-key.limit": {
    status: 409,
    en: "A user has {max} access keys at most. Delete one that is not used any more.",
    zh: "每个用户最多拥有 {max} 个访问密钥。请删除不再使用的密钥。",
  },
});
