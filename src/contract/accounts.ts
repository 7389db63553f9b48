/** Accounts of organisations, their real-name verification (实名认证), users, access keys and sessions. */
import { z } from "zod";
import { command, view } from "./endpoint.ts";
import { ById, Label, label, Nothing, Page, paged, Search, Time } from "./shapes.ts";

/** Why particulars were approved or rejected. */
export const ReviewReason = z.string().max(500);

/** Up to 50 characters: Chinese, letters, digits, `_` and `-`. */
export const Nickname = z
  .string()
  .min(1)
  .max(50)
  .regex(/^[\p{Script=Han}A-Za-z0-9_-]+$/u);
/** Small letters and digits, and `.` `_` `@` `-` after the first. */
export const Login = z
  .string()
  .min(2)
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._@-]+$/);
export const Password = z.string().min(10).max(256);

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u);

/** What an organisation says of itself, for the operator's review. */
export const Particulars = z.strictObject({
  legalName: line(100),
  /** For example the unified social credit code (统一社会信用代码). */
  registrationNumber: line(40),
  contact: line(50),
  phone: z.string().regex(/^\+?[0-9][0-9 ()-]{4,24}$/),
  /** ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/),
});

export const verificationLabels = {
  none: label("Not submitted", "未认证"),
  submitted: label("Under review", "审核中"),
  approved: label("Verified", "已认证"),
  rejected: label("Rejected", "未通过"),
} as const;

export const Verification = z
  .object({
    state: z.enum(["none", "submitted", "approved", "rejected"]),
    label: Label,
    /** Shown to the account itself and to the operator. */
    particulars: Particulars.optional(),
    submittedAt: Time.nullable(),
    reviewedAt: Time.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "Verification" });

export const Account = z
  .object({
    id: z.string(),
    /** Ten digits: with the nickname, what others invite by. */
    appId: z.string(),
    nickname: z.string(),
    status: z.enum(["active", "suspended"]),
    /** Stream id of its chain identity; null until it is founded. */
    member: z.string().nullable(),
    verification: Verification,
    createdAt: Time,
  })
  .meta({ id: "Account" });

export const User = z
  .object({
    id: z.string(),
    login: z.string(),
    role: z.enum(["administrator", "member", "auditor", "operator"]),
    createdAt: Time,
    disabledAt: Time.nullable(),
  })
  .meta({ id: "User" });

/** The secret is shown once, when the key is made. */
const NewAccessKey = z.object({ id: z.string(), secret: z.string() });
const AccessKey = z
  .object({
    id: z.string(),
    createdAt: Time,
    disabledAt: Time.nullable(),
    lastUsedAt: Time.nullable(),
  })
  .meta({ id: "AccessKey" });

export const accounts = {
  create: command({
    path: "/v1/accounts",
    method: "POST",
    permission: "public",
    creates: true,
    confidential: true,
    input: z.strictObject({ nickname: Nickname, login: Login, password: Password }),
    output: z.object({ account: Account, user: User, accessKey: NewAccessKey }),
    summary: { en: "Sign an organisation up", "zh-CN": "注册机构账号" },
    errors: ["account.nickname-taken", "user.login-taken", "signup.closed"],
    example: { nickname: "区块链测试机构", login: "sally", password: "correct horse battery staple" },
  }),
  me: view({
    path: "/v1/account",
    permission: "signed-in",
    input: Nothing,
    /** `account` is null for the platform's operators. */
    output: z.object({ account: Account.nullable(), user: User, permissions: z.array(z.string()) }),
    summary: { en: "Show your account and user", "zh-CN": "查看当前账号与用户" },
  }),
  submitVerification: command({
    path: "/v1/account/verification",
    method: "PUT",
    permission: "verification.submit",
    input: Particulars,
    output: Account,
    summary: { en: "Submit particulars for real-name verification", "zh-CN": "提交实名认证资料" },
    errors: ["verification.open", "verification.approved", "verification.particulars"],
    example: {
      legalName: "第一人民医院",
      registrationNumber: "91350100M000100Y43",
      contact: "张三",
      phone: "+86 10 5555 0100",
      country: "CN",
    },
  }),
  list: view({
    path: "/v1/operator/accounts",
    permission: "platform.accounts",
    input: Page.extend({
      search: Search,
      verification: z.enum(["none", "submitted", "approved", "rejected"]).optional(),
    }),
    output: paged(Account),
    summary: { en: "List all accounts (operator)", "zh-CN": "查询所有账号（平台运营方）" },
  }),
  review: command({
    path: "/v1/operator/accounts/:id/verification",
    method: "POST",
    permission: "verification.review",
    input: z.strictObject({
      ...ById.shape,
      decision: z.enum(["approved", "rejected"]),
      reason: ReviewReason.default(""),
    }),
    output: Account,
    summary: { en: "Approve or reject real-name particulars (operator)", "zh-CN": "审核实名认证（平台运营方）" },
    errors: ["account.unknown", "verification.none", "verification.reason"],
    example: { decision: "approved", reason: "" },
  }),
};

const Role = z.enum(["administrator", "member", "auditor"]);

export const users = {
  list: view({
    path: "/v1/users",
    permission: "user.manage",
    input: Page,
    output: paged(User),
    summary: { en: "List the users of your account", "zh-CN": "查询账号下的用户" },
  }),
  create: command({
    path: "/v1/users",
    method: "POST",
    permission: "user.manage",
    creates: true,
    input: z.strictObject({ login: Login, password: Password, role: Role }),
    output: User,
    summary: { en: "Add a user", "zh-CN": "新建用户" },
    errors: ["user.login-taken"],
    example: { login: "wang.wu", password: "correct horse battery staple", role: "member" },
  }),
  update: command({
    path: "/v1/users/:id",
    method: "PUT",
    permission: "user.manage",
    input: z.strictObject({
      ...ById.shape,
      role: Role.optional(),
      password: Password.optional(),
      disabled: z.boolean().optional(),
    }),
    output: User,
    summary: { en: "Change a user's role or password, or disable it", "zh-CN": "修改用户角色、密码或停用用户" },
    errors: ["user.unknown", "user.last-administrator"],
    example: { role: "auditor" },
  }),
  delete: command({
    path: "/v1/users/:id",
    method: "DELETE",
    permission: "user.manage",
    input: ById.strict(),
    output: z.void(),
    summary: { en: "Delete a user", "zh-CN": "删除用户" },
    errors: ["user.unknown", "user.last-administrator"],
  }),
};

export const accessKeys = {
  list: view({
    path: "/v1/access-keys",
    permission: "access-key.manage",
    input: Nothing,
    output: z.object({ items: z.array(AccessKey) }),
    summary: { en: "List your access keys", "zh-CN": "查询您的访问密钥" },
  }),
  create: command({
    path: "/v1/access-keys",
    method: "POST",
    permission: "access-key.manage",
    creates: true,
    confidential: true,
    input: z.strictObject({}),
    output: NewAccessKey,
    summary: { en: "Make an access key; its secret is shown once", "zh-CN": "新建访问密钥，密钥仅显示一次" },
    errors: ["access-key.limit"],
    example: {},
  }),
  disable: command({
    path: "/v1/access-keys/:id/disable",
    method: "POST",
    permission: "access-key.manage",
    input: ById.strict(),
    output: AccessKey,
    summary: { en: "Disable an access key", "zh-CN": "停用访问密钥" },
    errors: ["access-key.unknown"],
  }),
  delete: command({
    path: "/v1/access-keys/:id",
    method: "DELETE",
    permission: "access-key.manage",
    input: ById.strict(),
    output: z.void(),
    summary: { en: "Delete an access key", "zh-CN": "删除访问密钥" },
    errors: ["access-key.unknown"],
  }),
};

/** `csrf` goes into the header `x-csrf-token` of every request that changes something. */
const Session = z.object({ user: User, account: Account.nullable(), csrf: z.string(), expiresAt: Time });

export const sessions = {
  /** With login and password; an operator also with the id of an access key as login and its secret as password. */
  create: command({
    path: "/v1/sessions",
    method: "POST",
    permission: "public",
    creates: true,
    confidential: true,
    input: z.strictObject({ login: z.string().min(1).max(64), password: z.string().min(1).max(256) }),
    output: Session,
    summary: { en: "Sign in; the session is a cookie", "zh-CN": "登录，会话保存在 Cookie 中" },
    errors: ["sign-in.failed"],
    example: { login: "sally", password: "correct horse battery staple" },
  }),
  current: view({
    path: "/v1/sessions/current",
    permission: "signed-in",
    input: Nothing,
    output: Session,
    summary: { en: "Show the session you are in", "zh-CN": "查看当前会话" },
    errors: ["session.required"],
  }),
  delete: command({
    path: "/v1/sessions/current",
    method: "DELETE",
    permission: "signed-in",
    input: z.strictObject({}),
    output: z.void(),
    summary: { en: "Sign out", "zh-CN": "退出登录" },
    errors: ["session.required"],
  }),
};
