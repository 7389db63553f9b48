/**
 * What each role may do. The one table of it: the contract's endpoints name a permission, roles are granted exactly
 * those here.
 */

/** Reading what the account may see. */
const READ = [
  "alliance.read",
  "enclave.read",
  "event.read",
  "key.read",
  "ledger.read",
  "model.read",
  "source.read",
  "task.read",
] as const;

/** Acts in the account's name. Each still needs the signature of its chain identity. */
const ACT = [
  "alliance.create",
  "alliance.invite",
  "enclave.seal",
  "event.handle",
  "identity.found",
  "identity.issue",
  "key.approve",
  "key.govern",
  "key.request",
  "model.publish",
  "source.register",
  "task.authorise",
  "task.create",
] as const;

/** Every user's own affairs. */
const OWN = ["access-key.manage"] as const;

/** Running the account. */
const MANAGE = ["audit.read", "user.manage", "verification.submit"] as const;

/** Running the platform. None of it reads or does anything in an account's name. */
const OPERATE = [
  "platform.accounts",
  "platform.audit",
  "platform.key-nodes",
  "platform.metrics",
  "platform.settings",
  "verification.review",
] as const;

const GRANTS = {
  administrator: new Set<string>([...READ, ...ACT, ...OWN, ...MANAGE]),
  member: new Set<string>([...READ, ...ACT, ...OWN]),
  auditor: new Set<string>([...READ, ...OWN, "audit.read"]),
  // The ledger's leaves are digests; streams open to members only.
  operator: new Set<string>([...OPERATE, ...OWN, "enclave.read", "ledger.read"]),
};

export type Role = keyof typeof GRANTS;
/** Roles of users of an account; an operator has none. */
export const ACCOUNT_ROLES = ["administrator", "member", "auditor"] as const satisfies Role[];
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

export const isAccountRole = (role: string): role is AccountRole => ACCOUNT_ROLES.some((each) => each === role);

const NOTHING: ReadonlySet<string> = new Set();

/** All permissions of a role; an unknown role is granted nothing. */
export const permissionsOf = (role: string): ReadonlySet<string> =>
  Object.hasOwn(GRANTS, role) ? GRANTS[role as Role] : NOTHING;
