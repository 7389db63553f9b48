/** All SQL over the computed tables. */
import { type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { PlatformDb, PlatformTables } from "../platform/db/schema.ts";
import { createSeen } from "./seen.ts";
import { slices } from "./slices.ts";
import { createTextsStore } from "./texts-store.ts";
import type { ManagedKeyRow, MemberRow, PartyRow, ResourceKind, ResourceRow, SpineTables } from "./views-schema.ts";

const CURSOR = "compute";
/** Of more nobody counts every one: a list of any length is answered as fast as one of so many. */
const COUNTED = 10_000;
/** Members together in one answer that are remembered: those who have to do with one request, say. */
const FEW = 8;

/** `awaiting`: what waits for a decision of the member. `requestable`: keys that it may ask to sign. */
export type Tab = "all" | "mine" | "public" | "participating" | "administered" | "awaiting" | "requestable";

export type Sort = "newest" | "oldest" | "name";

export interface ListQuery {
  kind: ResourceKind;
  member: string;
  tab: Tab;
  search?: string | undefined;
  state?: string | undefined;
  owner?: string | undefined;
  /** Only of members of this alliance (stream id). */
  alliance?: string | undefined;
  /** Only those that belong to this stream: keys of a group. */
  home?: string | undefined;
  subject?: string | undefined;
  /** Newest first unless given. */
  sort?: Sort | undefined;
  /** Milliseconds: an open request beyond its expiry has failed. */
  now: number;
  page: number;
  pageSize: number;
}

/** Rows of one stream, replacing those it had. */
export interface Projection {
  resource?: ResourceRow;
  parties: PartyRow[];
  member?: MemberRow;
}

/** The pillar's tables of a database or a transaction. */
const tablesOf = (db: PlatformDb) => db.$extendTables<SpineTables>();

export const createViewsStore = (platformDb: PlatformDb) => {
  const db = tablesOf(platformDb);
  const seen = createSeen<boolean>();
  const known = createSeen<readonly MemberRow[]>();
  const forget = () => {
    seen.forget();
    known.forget();
  };
  return {
    ...createTextsStore(db),

    /** Entries contained so far. */
    async cursor(): Promise<number> {
      const row = await db.selectFrom("viewCursors").select("size").where("name", "=", CURSOR).executeTakeFirst();
      return row?.size ?? 0;
    },

    async moveCursor(tx: PlatformDb, size: number): Promise<void> {
      await tablesOf(tx)
        .insertInto("viewCursors")
        .values({ name: CURSOR, size })
        .onConflict((oc) => oc.column("name").doUpdateSet({ size }))
        .execute();
    },

    async clear(tx: PlatformDb): Promise<void> {
      for (const table of ["resources", "parties", "members", "viewCursors"] as const)
        await tablesOf(tx).deleteFrom(table).execute();
    },

    /** @param streams whose rows are replaced by `projections` */
    async replace(tx: PlatformDb, streams: string[], projections: Projection[]): Promise<void> {
      const own = tablesOf(tx);
      for (const some of slices(streams)) {
        await own.deleteFrom("resources").where("stream", "in", some).execute();
        await own.deleteFrom("parties").where("via", "in", some).execute();
        await own.deleteFrom("members").where("id", "in", some).execute();
      }
      for (const rows of slices(projections.flatMap(({ resource }) => resource ?? [])))
        await own.insertInto("resources").values(rows).execute();
      for (const rows of slices(projections.flatMap(({ parties }) => parties)))
        await own.insertInto("parties").values(rows).execute();
      for (const rows of slices(projections.flatMap(({ member }) => member ?? [])))
        await own.insertInto("members").values(rows).execute();
    },

    /** A page, with the number of all that match; `more` where there are more than that. */
    async list(query: ListQuery): Promise<{ streams: string[]; total: number; more: boolean }> {
      const matching = () => {
        let found = db
          .selectFrom("resources as r")
          .where("r.kind", "=", query.kind)
          .where((eb) => visible(eb, query.tab, query.member, query.now));
        const { state, owner, alliance, home, subject } = query;
        if (state) found = found.where((eb) => inState(eb, state, query.now));
        if (owner) found = found.where("r.owner", "=", owner);
        if (home) found = found.where("r.home", "=", home);
        if (subject) found = found.where("r.subject", "=", subject);
        if (alliance) found = found.where((eb) => ofAlliance(eb, alliance));
        if (query.search) {
          const pattern = `%${escapeLike(query.search.toLowerCase())}%`;
          found = found.where(sql<SqlBool>`r.search like ${pattern} escape '!'`);
        }
        return found;
      };
      const [by, direction] = SORTS[query.sort ?? "newest"];
      const before = (query.page - 1) * query.pageSize;
      const rows = await matching()
        .select("r.stream")
        .orderBy(by, direction)
        .orderBy("r.stream")
        .limit(query.pageSize)
        .offset(before)
        .execute();
      const streams = rows.map((row) => row.stream);
      // A page that is not full is the last, and nobody has to count.
      if (streams.length < query.pageSize && (streams.length > 0 || before === 0))
        return { streams, total: before + streams.length, more: false };
      const count = await db
        .selectFrom(
          matching()
            .select("r.stream")
            // In the order in which rows lie there: that of any other index is three times as slow.
            .orderBy("r.createdAt")
            .limit(COUNTED + 1)
            .as("m"),
        )
        .select((eb) => eb.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      const n = Number(count.n);
      return { streams, total: Math.min(n, COUNTED), more: n > COUNTED };
    },

    /** Tasks with a model that a member is a party of, and the member's own data sources. Stream ids. */
    async consenting(member: string, model: string): Promise<{ tasks: string[]; sources: string[] }> {
      const [tasks, sources] = await Promise.all([
        db
          .selectFrom("parties")
          .select("via")
          .where("stream", "=", model)
          .where("member", "=", member)
          .where("relation", "=", "task")
          .execute(),
        db.selectFrom("resources").select("stream").where("kind", "=", "source").where("owner", "=", member).execute(),
      ]);
      return { tasks: tasks.map(({ via }) => via), sources: sources.map(({ stream }) => stream) };
    },

    async streamOf(id: string): Promise<string | undefined> {
      const row = await db.selectFrom("resources").select("stream").where("id", "=", id).executeTakeFirst();
      return row?.stream;
    },

    /** The newest of a kind with exactly this name, of those that `member` may see. */
    async named(kind: ResourceKind, name: string, member: string): Promise<string | undefined> {
      const row = await db
        .selectFrom("resources as r")
        .select("r.stream")
        .where("r.kind", "=", kind)
        .where("r.name", "=", name)
        .where((eb) => visible(eb, "all", member, 0))
        .orderBy("r.createdAt", "desc")
        .executeTakeFirst();
      return row?.stream;
    },

    async members(ids: readonly string[]): Promise<Map<string, MemberRow>> {
      const look = async (some: readonly string[]) =>
        some.length ? await db.selectFrom("members").selectAll().where("id", "in", some).execute() : [];
      const rows = await (ids.length > FEW ? look(ids) : known.ask(ids.join(), () => look(ids)));
      return new Map(rows.map((row) => [row.id, row]));
    },

    async memberByAppId(appId: string): Promise<MemberRow | undefined> {
      return await db.selectFrom("members").selectAll().where("appId", "=", appId).executeTakeFirst();
    },

    /** Whether `member` may see the stream at all. */
    isVisible: (stream: string, member: string): Promise<boolean> =>
      seen.ask(`${stream} ${member}`, async () => {
        const row = await db
          .selectFrom("resources as r")
          .select("r.stream")
          .where("r.stream", "=", stream)
          .where((eb) => visible(eb, "all", member, 0))
          .executeTakeFirst();
        return row !== undefined;
      }),

    /** Runs what changes the tables; what was remembered of them is forgotten. */
    async changing<T>(work: () => Promise<T>): Promise<T> {
      forget();
      try {
        return await work();
      } finally {
        forget();
      }
    },

    /**
     * Whether two members have to do with one another: in an alliance, of which an invited one counts too, or in a key
     * group, whose statements nobody could check without reading who signed them.
     */
    async areAcquainted(member: string, other: string): Promise<boolean> {
      const row = await db
        .selectFrom("parties as a")
        .innerJoin("parties as b", "a.stream", "b.stream")
        .select("a.stream")
        .where("a.member", "=", member)
        .where("b.member", "=", other)
        .where("a.relation", "in", ACQUAINTING)
        .where("b.relation", "in", ACQUAINTING)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async noteUpload(digest: string, accountId: string, at: number): Promise<void> {
      await db
        .insertInto("uploads")
        .values({ digest, accountId, at })
        .onConflict((oc) => oc.columns(["digest", "accountId"]).doUpdateSet({ at }))
        .execute();
    },

    /** Digests stored before a time, each once. */
    async oldUploads(before: number): Promise<string[]> {
      const rows = await db.selectFrom("uploads").select("digest").distinct().where("at", "<", before).execute();
      return rows.map((row) => row.digest);
    },

    /** Forgets who stored a content, unless somebody has stored it again since. Returns whether nobody has it now. */
    async forgetUpload(digest: string, before: number): Promise<boolean> {
      await db.deleteFrom("uploads").where("digest", "=", digest).where("at", "<", before).execute();
      const row = await db.selectFrom("uploads").select("digest").where("digest", "=", digest).executeTakeFirst();
      return row === undefined;
    },

    async hasUploaded(digest: string, accountId: string): Promise<boolean> {
      const row = await db
        .selectFrom("uploads")
        .select("digest")
        .where("digest", "=", digest)
        .where("accountId", "=", accountId)
        .executeTakeFirst();
      return row !== undefined;
    },

    async putManagedKey(row: ManagedKeyRow): Promise<void> {
      await db
        .insertInto("managedKeys")
        .values(row)
        .onConflict((oc) => oc.column("accountId").doUpdateSet({ sealed: row.sealed }))
        .execute();
    },

    async managedAccounts(): Promise<string[]> {
      const rows = await db.selectFrom("managedKeys").select("accountId").execute();
      return rows.map((row) => row.accountId);
    },

    async managedKey(accountId: string): Promise<Uint8Array | undefined> {
      const row = await db
        .selectFrom("managedKeys")
        .select("sealed")
        .where("accountId", "=", accountId)
        .executeTakeFirst();
      return row?.sealed;
    },
  };
};
export type ViewsStore = ReturnType<typeof createViewsStore>;

const ACQUAINTING: readonly PartyRow["relation"][] = ["member", "invited", "administrator", "requester", "approver"];

const SORTS = {
  newest: ["r.createdAt", "desc"],
  oldest: ["r.createdAt", "asc"],
  name: ["r.name", "asc"],
} as const;

/** The text itself as a pattern, with `!` before what would be a wildcard. */
const escapeLike = (text: string) => text.replace(/[!%_]/g, "!$&");

type Rows = ExpressionBuilder<PlatformTables & SpineTables & { r: ResourceRow }, "r">;

const ofAlliance = (eb: Rows, alliance: string) =>
  eb.exists(
    eb
      .selectFrom("parties as m")
      .select("m.stream")
      .where("m.stream", "=", alliance)
      .where("m.relation", "=", "member")
      .whereRef("m.member", "=", "r.owner"),
  );

/** Rows keep the state that the ledger gave; what has lapsed meanwhile depends on the time of asking. */
const inState = (eb: Rows, state: string, now: number) => {
  const lapsed = eb.and([eb("r.lapsesTo", "is not", null), eb("r.expiresAt", "<", now)]);
  return eb.or([
    eb.and([lapsed, eb("r.lapsesTo", "=", state)]),
    eb.and([eb("r.state", "=", state), eb.or([eb("r.lapsesTo", "is", null), eb("r.expiresAt", ">=", now)])]),
  ]);
};

/** Private: the owner. Named: those named. Public: whoever shares an alliance with the owner. Parties always, and those of its home. */
const visible = (eb: Rows, tab: Tab, member: string, now: number) => {
  const mine = eb("r.owner", "=", member);
  const related = (...relations: PartyRow["relation"][]) =>
    eb.exists(
      eb
        .selectFrom("parties as p")
        .select("p.stream")
        .whereRef("p.stream", "=", "r.stream")
        .where("p.member", "=", member)
        .where("p.relation", "in", relations),
    );
  const atHome = (relation: PartyRow["relation"]) =>
    eb.exists(
      eb
        .selectFrom("parties as h")
        .select("h.stream")
        .whereRef("h.stream", "=", "r.home")
        .where("h.member", "=", member)
        .where("h.relation", "=", relation),
    );
  const open = eb.or([eb("r.expiresAt", "is", null), eb("r.expiresAt", ">=", now)]);
  const sharing = eb.exists(
    eb
      .selectFrom("parties as a")
      .innerJoin("parties as b", (join) => join.onRef("a.stream", "=", "b.stream").on("b.relation", "=", "member"))
      .select("a.stream")
      .where("a.relation", "=", "member")
      .where("a.member", "=", member)
      .whereRef("b.member", "=", "r.owner"),
  );
  const shared = eb.or([
    eb.and([eb("r.permission", "=", "public"), sharing]),
    eb.and([eb("r.permission", "=", "named"), related("named"), sharing]),
  ]);
  switch (tab) {
    case "mine":
      return mine;
    case "public":
      return shared;
    case "administered":
      return related("administrator");
    case "awaiting":
      // Asked by name, or as an approver of the group: not on what it asks for itself, and once.
      return eb.and([
        open,
        eb.or([
          related("awaited"),
          eb.and([eb("r.state", "=", "pending"), atHome("approver"), eb.not(mine), eb.not(related("decided"))]),
        ]),
      ]);
    case "requestable":
      return eb.and([eb("r.state", "=", "enabled"), atHome("requester")]);
    case "participating":
      return eb.or([related("party"), atHome("party")]);
    case "all":
      // What is known soonest first: databases ask in this order.
      return eb.or([mine, related("member", "invited", "party", "task"), shared, atHome("party")]);
  }
};
