/** What a pillar says of one kind of stream: how it is listed, shown and announced. The spine knows no more of it. */
import type { InboxKind } from "../platform/inbox.ts";
import type { StreamState } from "../rules/rulebook.ts";
import type { Show } from "./show.ts";
import type { PartyRow, ResourceRow } from "./views-schema.ts";
import type { Projection } from "./views-store.ts";

/** The text kept beside that a stream's newest `detail` commits to. */
export type Detail = Record<string, unknown> | undefined;

/** What the event centre (事件中心) shows a member because of a stream: what is to be decided, what became of it. */
export interface InboxEvent {
  readonly member: string;
  readonly stream: string;
  readonly kind: InboxKind;
  /** Who asked, by stream id. */
  readonly by: string;
  /** Digest of the text that names what it is about. */
  readonly name: string;
  readonly state: "pending" | "succeeded" | "failed";
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly handledAt: number | null;
}

export interface BookView<S, O = unknown> extends Show<S, O> {
  /** The rows of one stream: a function of its state and the text beside. */
  project(stream: string, state: S, detail: Detail): Projection;
  inbox?(stream: string, state: S): InboxEvent[];
  /** Members that hear when it moves. */
  listeners?(state: S): Iterable<string>;
  /** Digests of the files beside that it names: they are kept. */
  content?(state: S): string[];
  /** Digests of the files beside that an act names: whoever names them must have stored them. */
  brings?(payload: object): string[];
  /** What this platform asks of an act beyond the rules, so that nobody signs what is of no use. @throws Refusal */
  check?(payload: object): void;
  /** The member that an act of this kind asks in: a platform asks for its real name too. */
  asksIn?(kind: string, payload: object): string | undefined;
}
// Each book's state is its own.
// biome-ignore lint/suspicious/noExplicitAny: existential type
export type AnyBookView = BookView<any>;

/** Views by the name of their rulebook. */
export type BookViews = ReadonlyMap<string, AnyBookView>;
export const bookViews = (all: readonly AnyBookView[]): BookViews => new Map(all.map((one) => [one.book.name, one]));

/** Digest of the detail that a stream's rows are made from. */
export const detailOf = ({ state }: StreamState): string | undefined => (state as { detail?: string }).detail;

export const textOf = (detail: Detail, name: string): string => String(detail?.[name] ?? "");

type Optional = "expiresAt" | "lapsesTo" | "home" | "subject";

/** A row with what follows from the rest. */
export const resourceRow = (
  stream: string,
  row: Omit<ResourceRow, "stream" | "search" | Optional> & Partial<Pick<ResourceRow, Optional>>,
): ResourceRow => ({
  expiresAt: null,
  lapsesTo: null,
  home: null,
  subject: null,
  ...row,
  stream,
  search: `${row.name} ${row.id}`.toLowerCase(),
});

export const partyRow = (stream: string, member: string, relation: PartyRow["relation"], via = stream): PartyRow => ({
  stream,
  member,
  relation,
  via,
});
