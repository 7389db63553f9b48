/**
 * Tables computed from streams. Everything in them but `details`,
 * `uploads` and `managedKeys` can be thrown away and made again from the ledger
 * (`entente rebuild`). Times are milliseconds.
 */
export type ResourceKind =
  | "alliance"
  | "model"
  | "source"
  | "task"
  | "occurrence"
  | "key-group"
  | "key"
  | "key-request";

/** What lists show and search: one row a stream. */
export interface ResourceRow {
  stream: string;
  kind: ResourceKind;
  /** M…, D…, T…; for an alliance the stream's id. */
  id: string;
  owner: string;
  name: string;
  /** What search compares with: name and id, lower case. */
  search: string;
  permission: "private" | "named" | "public";
  state: string;
  createdAt: number;
  /** After this, milliseconds, its state is `lapsesTo`. */
  expiresAt: number | null;
  lapsesTo: string | null;
  /** Stream whose parties may see this one too: a key is its group's. */
  home: string | null;
  /** What lists are narrowed by beside: a key's scheme, a request's key. */
  subject: string | null;
}

/** Who has to do with a stream beyond owning it. */
export interface PartyRow {
  stream: string;
  member: string;
  /**
   * `task`: a party of a task that uses this model or data source, and so has to be able to look at it. `awaited`: has
   * something to decide. `decided`: has done so.
   */
  relation:
    | "member"
    | "invited"
    | "named"
    | "party"
    | "task"
    | "administrator"
    | "requester"
    | "approver"
    | "awaited"
    | "decided";
  /** The stream whose rows this is one of. */
  via: string;
}

export interface MemberRow {
  id: string;
  appId: string;
  nickname: string;
}

/** Text that statements commit to, by its digest: not on the ledger, so not computed from it. */
export interface DetailRow {
  digest: string;
  text: string;
}

/** Who has stored which content, and when. */
export interface UploadRow {
  digest: string;
  accountId: string;
  at: number;
}

/** A chain identity whose key the platform keeps, or asks a group of key nodes for; sealed under the server's key. */
export interface ManagedKeyRow {
  accountId: string;
  sealed: Uint8Array;
}

/** Ledger entries that the views contain. */
export interface ViewCursorRow {
  name: string;
  size: number;
}

export type SpineTables = {
  resources: ResourceRow;
  parties: PartyRow;
  members: MemberRow;
  details: DetailRow;
  viewCursors: ViewCursorRow;
  uploads: UploadRow;
  managedKeys: ManagedKeyRow;
};
