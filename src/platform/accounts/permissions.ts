/** What each role may do. The one table of it: endpoints name a permission, roles are granted them here. */
import { refuse } from "./errors.ts";

/** Reading what the account may see. */
const READ = [
  "account.read",
  "alliance.read",
  "enclave.read",
  "event.read",
  "ledger.read",
  "model.read",
  "source.read",
  "task.read",
  "verification.read",
] as const;

/** Acts in the account's name. Each still needs the signature of its chain identity. */
const ACT = [
  "alliance.create",
  "alliance.invite",
  "enclave.seal",
  "event.handle",
  "identity.found",
  "identity.issue",
  "model.publish",
  "source.register",
  "task.authorise",
  "task.create",
] as const;

/** Every user's own affairs. */
const OWN = ["access-key.manage", "session.manage"] as const;

/** Running the account. */
const MANAGE = ["account.manage", "audit.read", "user.manage", "verification.submit"] as const;

/** Running the platform. None of it reads or does anything in an account's name. */
const OPERATE = [
  "platform.accounts",
  "platform.audit",
  "platform.enclave",
  "platform.metrics",
  "platform.rebuild",
  "platform.settings",
  "verification.review",
] as const;

export type Permission =
  | (typeof READ)[number]
  | (typeof ACT)[number]
  | (typeof OWN)[number]
  | (typeof MANAGE)[number]
  | (typeof OPERATE)[number];

const GRANTS = {
  administrator: new Set<string>([...READ, ...ACT, ...OWN, ...MANAGE]),
  member: new Set<string>([...READ, ...ACT, ...OWN]),
  auditor: new Set<string>([...READ, ...OWN, "audit.read"]),
  operator: new Set<string>([...OPERATE, ...OWN, "enclave.read", "ledger.read"]),
};

export type Role = keyof typeof GRANTS;
/** Roles of users of an account; an operator has none. */
export const ACCOUNT_ROLES = ["administrator", "member", "auditor"] as const satisfies Role[];
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

export const isAccountRole = (role: string): role is AccountRole => ACCOUNT_ROLES.some((each) => each === role);
const isRole = (role: string): role is Role => Object.hasOwn(GRANTS, role);

/** Whether a role is granted a permission; unknown roles and permissions are granted nothing. */
export const may = (role: string, permission: string): boolean => isRole(role) && GRANTS[role].has(permission);

/** @throws Refusal permission.denied */
export const requirePermission = (role: string, permission: string): void => {
  if (!may(role, permission)) throw refuse("permission.denied", { permission });
};

/** All permissions of a role, sorted: what a console shows or hides by. */
export const permissionsOf = (role: string): string[] => (isRole(role) ? [...GRANTS[role]].sort() : []);
