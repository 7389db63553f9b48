/**
 * The platform's own tables. Times are milliseconds since 1970; ids and enumerations are text; JSON is text that only
 * its store reads. There are no booleans: a date that is null or not says more, and both databases agree on it.
 * Everything here is operational data: nothing a rulebook decides is read from it.
 */
import type { Kysely } from "kysely";

export interface PlatformTables {
  accounts: AccountRow;
  verifications: VerificationRow;
  users: UserRow;
  accessKeys: AccessKeyRow;
  sessions: SessionRow;
  jobs: JobRow;
  audit: AuditRow;
  inbox: InboxRow;
  inboxReads: InboxReadRow;
  idempotency: IdempotencyRow;
}

/** A database or an open transaction in it. */
export type PlatformDb = Kysely<PlatformTables>;

/** One organisation. */
export interface AccountRow {
  id: string;
  /** Ten digits, as members invite one another. */
  appId: string;
  nickname: string;
  /** What nicknames are compared by: NFKC, lower case. */
  nicknameKey: string;
  status: "active" | "suspended";
  /** Stream id of its chain identity; null until it is founded. */
  member: string | null;
  createdAt: number;
}

/** One submission of particulars (实名认证); the newest of an account counts. */
export interface VerificationRow {
  id: string;
  accountId: string;
  /** Equal to accountId while submitted or approved, else null: unique, so that an account has one at a time. */
  standing: string | null;
  state: "submitted" | "approved" | "rejected";
  legalName: string;
  registrationNumber: string;
  contact: string;
  phone: string;
  country: string;
  submittedAt: number;
  submittedBy: string;
  reviewedAt: number | null;
  reviewedBy: string | null;
  reason: string | null;
}

export interface UserRow {
  id: string;
  /** Null for the platform's operators. */
  accountId: string | null;
  login: string;
  passwordHash: string | null;
  role: string;
  createdAt: number;
  disabledAt: number | null;
}

export interface AccessKeyRow {
  id: string;
  userId: string;
  /** AES-256-GCM under the server key; the id is authenticated with it. */
  sealedSecret: Uint8Array;
  createdAt: number;
  disabledAt: number | null;
  lastUsedAt: number | null;
}

export interface SessionRow {
  /** SHA-256 of the token, hexadecimal. */
  tokenHash: string;
  userId: string;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  ip: string;
  userAgent: string;
}

export interface JobRow {
  id: string;
  kind: string;
  key: string;
  /** kind and key while the job is open, else null: unique, so that equal work is queued once. */
  openKey: string | null;
  payload: string;
  state: "queued" | "running" | "done" | "failed";
  runAt: number;
  /** Tries that failed. */
  attempts: number;
  /** Times a server died or lost its lease with the job in hand. */
  interruptions: number;
  /** Who runs it, under which lease and until when. */
  owner: string | null;
  lease: string | null;
  lockedUntil: number | null;
  error: string | null;
  createdAt: number;
  finishedAt: number | null;
}

/** Append-only: the database itself refuses to change or delete a row. */
export interface AuditRow {
  id: string;
  at: number;
  actor: string;
  accountId: string | null;
  action: string;
  target: string;
  outcome: string;
  ip: string;
  requestId: string;
  details: string;
}

/** A view over streams: projected, and rebuilt from them. */
export interface InboxRow {
  id: string;
  accountId: string;
  kind: "invitation" | "authorisation" | "diagnostics" | "signature" | "group-change";
  stream: string;
  detail: string;
  state: "pending" | "succeeded" | "failed" | "expired";
  createdAt: number;
  expiresAt: number;
  handledAt: number | null;
}

/** What was read outlives a rebuild of the inbox. */
export interface InboxReadRow {
  inboxId: string;
  accountId: string;
  readAt: number;
}

export interface IdempotencyRow {
  scope: string;
  key: string;
  digest: string;
  owner: string;
  /** Null while the first request is being answered. */
  status: number | null;
  body: string | null;
  lockedUntil: number;
  expiresAt: number;
}
