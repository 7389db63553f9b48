/** A small interface on a real server: notes kept in memory, every type of endpoint, a movable clock. */
import { z } from "zod";
import { iso } from "../../src/base/clock.ts";
import { act, acted, command, download, live, upload, view } from "../../src/contract/endpoint.ts";
import { ById, Page, paged } from "../../src/contract/shapes.ts";
import { refuse } from "../../src/rules/errors.ts";
import { kindsOf } from "../../src/rules/rulebook.ts";
import { Digest, resourceId, Salt } from "../../src/rules/shapes.ts";
import type { Acts, Answered, Auth, Handlers, Idempotency, LiveMessage } from "../../src/server/ports.ts";
import { createServer } from "../../src/server/server.ts";

const kind = kindsOf<null>();
/** Named as a kind that numbers its resources. */
const written = kind({
  name: "task.created",
  founds: true,
  by: "organisation",
  payload: z.strictObject({ id: resourceId("T"), size: z.int(), detail: Digest }),
  detail: z.strictObject({ salt: Salt, text: z.string() }),
  apply: (state) => state,
});
const amended = kind({
  name: "note.amended",
  by: "organisation",
  payload: z.strictObject({ size: z.int().default(0) }),
  apply: (state) => state,
});

const Note = z.object({ id: z.string(), stream: z.string(), head: z.string(), size: z.int() });
const text = (en: string, zh: string) => ({ en, "zh-CN": zh });
const summary = text("Test", "测试");

export const testContract = {
  notes: {
    write: act({ path: "/v1/notes", kind: written, permission: "note.write", output: acted(Note), summary }),
    amend: act({
      path: "/v1/notes/:id/amendments",
      kind: amended,
      permission: "note.write",
      output: acted(Note),
      summary,
    }),
    list: view({
      path: "/v1/notes",
      permission: "note.read",
      input: Page.extend({ tab: z.enum(["all", "mine"]).default("all") }),
      output: paged(Note),
      summary,
    }),
    get: view({ path: "/v1/notes/:id", permission: "note.read", input: ById, output: Note, summary }),
    label: command({
      path: "/v1/notes/:id/label",
      method: "PUT",
      permission: "note.write",
      input: z.strictObject({ ...ById.shape, label: z.string().max(10) }),
      output: z.object({ label: z.string(), times: z.int() }),
      summary,
    }),
    remove: command({
      path: "/v1/notes/:id",
      method: "DELETE",
      permission: "note.write",
      input: ById.strict(),
      output: z.void(),
      summary,
    }),
    secret: command({
      path: "/v1/secrets",
      method: "POST",
      permission: "signed-in",
      creates: true,
      confidential: true,
      input: z.strictObject({}),
      output: z.object({ secret: z.int() }),
      summary,
    }),
    put: upload({
      path: "/v1/files",
      permission: "note.write",
      creates: true,
      input: z.object({ name: z.string().optional() }),
      output: z.object({ size: z.int(), name: z.string() }),
      media: "application/octet-stream",
      summary,
    }),
    file: download({
      path: "/v1/files/:name",
      permission: "note.read",
      input: z.object({ name: z.string() }),
      media: "application/octet-stream",
      summary,
    }),
    follow: live({
      path: "/v1/live",
      permission: "note.read",
      input: z.object({}),
      output: z.object({ id: z.string(), type: z.string(), data: z.object({ n: z.int() }) }),
      summary,
    }),
    bug: view({ path: "/v1/bug", permission: "public", input: z.object({}), output: z.object({}), summary }),
    wrong: view({
      path: "/v1/wrong",
      permission: "public",
      input: z.object({}),
      output: z.object({ n: z.int() }),
      summary,
    }),
  },
};

export const MEMBER = "a".repeat(64);
export const KEY = { accessKeyId: "AKuser", accessKeySecret: "SKuser" };
export const AUDITOR = { accessKeyId: "AKauditor", accessKeySecret: "SKauditor" };
export const SESSION = { csrf: "csrf-token", cookie: "entente_session=token" };

const principal = (permissions: string[]) => ({
  kind: "user" as const,
  userId: "U1",
  accountId: "A1",
  member: MEMBER,
  permissions: new Set(permissions),
});

/** Access keys that were disabled, and how often each was asked for. */
export const createTestAuth = (permissions = ["note.read", "note.write"]) => {
  const disabled = new Set<string>();
  const asked: string[] = [];
  const auth: Auth = {
    async accessKey(id) {
      asked.push(id);
      if (disabled.has(id)) return undefined;
      if (id === KEY.accessKeyId) return { principal: principal(permissions), secret: KEY.accessKeySecret };
      if (id === AUDITOR.accessKeyId) return { principal: principal(["note.read"]), secret: AUDITOR.accessKeySecret };
      return undefined;
    },
    async session(cookies) {
      if (!cookies.includes(SESSION.cookie)) return undefined;
      return { principal: principal(permissions), id: "S1", csrf: SESSION.csrf, expiresAt: 0 };
    },
  };
  return { auth, disabled, asked };
};

export const createTestIdempotency = (): Idempotency => {
  const kept = new Map<string, { request: string; answer?: { status: number; body: string } }>();
  return {
    async begin({ scope, key, request }) {
      const id = `${scope} ${key}`;
      const text = request
        .map((part) => (typeof part === "string" ? part : Buffer.from(part).toString("hex")))
        .join(" ");
      const known = kept.get(id);
      if (known && known.request !== text) throw refuse("id.taken", { id: key });
      if (known?.answer) return { replay: known.answer };
      const entry: { request: string; answer?: { status: number; body: string } } = { request: text };
      kept.set(id, entry);
      const answer = async (given: { status: number; body: string }) => {
        entry.answer = given;
      };
      return { ticket: { answer, release: async () => void kept.delete(id) } };
    },
  };
};

interface Kept {
  id: string;
  stream: string;
  head: string;
  size: number;
}

/** Notes by stream, with the order of statements that the ledger would keep. */
const createNotes = (now: () => number) => {
  const notes = new Map<string, Kept>();
  const find = (id: string) => {
    const note = [...notes.values()].find((each) => each.id === id || each.stream === id);
    if (!note) throw refuse("stream.unknown", { id });
    return note;
  };
  let index = 0;
  const acts: Acts = {
    resolve: async (_, __, id) => find(id).stream,
    async submit(_caller, _endpoint, given) {
      if (!("signed" in given)) return managed(given.input);
      const { statement, digest } = given.signed;
      const { id, size } = statement.payload as { id?: string; size: number };
      const before = notes.get(statement.stream);
      if (before && before.head !== statement.seen) throw refuse("stream.moved", { head: before.head });
      if (!before && [...notes.values()].some((each) => each.id === id)) throw refuse("id.taken", { id: id ?? "" });
      const stream = before?.stream ?? digest;
      const note = { id: before?.id ?? id ?? "", stream, head: digest, size };
      notes.set(stream, note);
      return { receipt: { index: index++, time: iso(now()), stream, head: digest }, resource: note };
    },
  };
  const managed = (input: Record<string, unknown>) => {
    const note = { id: "T1", stream: "s", head: "h", size: Number(input.size) };
    return { receipt: { index: index++, time: iso(now()), stream: "s", head: "h" }, resource: note };
  };
  return { notes, find, acts };
};

export interface TestApiOptions {
  burst?: number;
  perSecond?: number;
  bodyLimit?: number;
}

export const createTestApi = async ({ burst = 100_000, perSecond = 100_000, bodyLimit }: TestApiOptions = {}) => {
  let time = Date.UTC(2026, 10, 21);
  const clock = { now: () => time };
  const { notes, find, acts } = createNotes(clock.now);
  const files = new Map<string, Uint8Array>();
  const events: LiveMessage[] = [];
  const waiting = new Set<() => void>();
  const counts = { label: 0, secret: 0, live: 0 };

  const handlers: Handlers<typeof testContract> = {
    notes: {
      list: (_, { page, pageSize }) => ({
        items: [...notes.values()].slice(0, pageSize),
        total: notes.size,
        page,
        pageSize,
      }),
      get: (_, { id }) => find(id),
      label: (_, { label }) => ({ label, times: ++counts.label }),
      remove: (_, { id }) => void notes.delete(find(id).stream),
      secret: () => ({ secret: ++counts.secret }),
      async put(_, { name = "" }, body) {
        const parts: Uint8Array[] = [];
        for await (const part of body) parts.push(part);
        const content = Buffer.concat(parts);
        files.set(name, content);
        return { size: content.length, name };
      },
      async file(_, { name }) {
        const content = files.get(name);
        if (!content) throw refuse("stream.unknown", { id: name });
        return {
          content: (async function* () {
            yield content;
          })(),
          size: content.length,
          digest: name,
          fileName: `${name}.bin`,
        };
      },
      async *follow(_, __, { lastEventId, signal }) {
        counts.live++;
        for (let n = lastEventId === undefined ? events.length : Number(lastEventId); !signal.aborted; ) {
          const event = events[n];
          if (event) {
            n++;
            yield event;
          } else
            await new Promise<void>((resolve) => {
              waiting.add(resolve);
              signal.addEventListener("abort", () => resolve(), { once: true });
            });
        }
      },
      bug: () => {
        throw new Error("secret detail of a bug");
      },
      // Deliberately not of the contract's form.
      wrong: () => ({ n: "not a number" as never }),
    },
  };

  const logged: { details: object; message: string }[] = [];
  const answered: Answered[] = [];
  const { auth, disabled, asked } = createTestAuth();
  const note = (details: object, message: string) => void logged.push({ details, message });
  const tokens = new Map<string, number>();
  const server = createServer({
    contract: testContract,
    handlers,
    acts,
    auth,
    idempotency: createTestIdempotency(),
    limits: {
      burst,
      perSecond,
      take(key) {
        const left = (tokens.get(key) ?? burst) - 1;
        tokens.set(key, Math.max(0, left));
        return { allowed: left >= 0, remaining: Math.max(0, left), retryAfter: left >= 0 ? 0 : 1_500 };
      },
    },
    clock,
    log: { info: note, warn: note, error: note },
    answered: (answer) => void answered.push(answer),
    heartbeat: 20,
    ...(bodyLimit !== undefined && { bodyLimit }),
  });
  const { url, port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    port,
    server,
    notes,
    files,
    counts,
    logged,
    answered,
    disabled,
    asked,
    now: clock.now,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    publish(n: number) {
      events.push({ id: String(events.length + 1), type: "counted", data: { n } });
      for (const wake of waiting) wake();
      waiting.clear();
    },
    close: () => server.close(200),
  };
};
export type TestApi = Awaited<ReturnType<typeof createTestApi>>;
