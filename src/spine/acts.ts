/** The way of every act: preconditions of this platform, the text beside, rulebook and ledger, then the view. */
import { randomBytes } from "#crypto";
import { toBase64url } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { type Clock, iso } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { AnyAct, Receipt } from "../contract/endpoint.ts";
import { givesId, prepare, resourceIdOf } from "../contract/statement-input.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Account, Accounts } from "../platform/accounts/accounts.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import * as organisations from "../rules/organisation.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { openDetail, parsePayload, ruledBy } from "../rules/world.ts";
import { parseStatement, type SignedStatement, signStatement } from "../trust/statement.ts";
import { type Access, type Asker, requireMember } from "./access.ts";
import type { BookViews } from "./book-view.ts";
import { refuse } from "./errors.ts";
import type { Keeper, ManagedKeys } from "./managed-keys.ts";
import type { Projector } from "./projector.ts";
import type { ViewsStore } from "./views-store.ts";

export type SubmittedAct =
  | { readonly signed: SignedStatement; readonly detail: Record<string, unknown> | undefined }
  | { readonly stream: string; readonly input: Record<string, unknown> };

export interface ActsDeps {
  readonly ledger: Ledger;
  readonly access: Access;
  readonly views: ViewsStore;
  readonly books: BookViews;
  readonly accounts: Accounts;
  readonly managed: ManagedKeys;
  readonly projector: Projector;
  readonly clock: Clock;
  /** The resource as the asker sees it now. */
  readonly show: (asker: Asker, id: string, stream: StreamState) => Promise<unknown>;
}

const SEQUENCES = 1_000_000;
/** Of signing in a member's name, where others are faster. */
const TRIES = 8;

export interface Submitted {
  readonly receipt: Receipt;
  readonly resource: unknown;
}

export const createActs = (deps: ActsDeps) => {
  const { ledger, access, views, books, accounts, managed, projector, clock, show } = deps;

  /** What this platform asks for beyond the rules: real names, and content that is really here. */
  const requireAllowed = async (
    asker: Asker,
    account: Account,
    { statement }: SignedStatement,
    payload: object,
    detail: unknown,
  ) => {
    const { kind } = statement;
    const founding = kind === organisations.founded.name;
    if (founding)
      requireOwnFounding(account, { ...(payload as { appId: string }), ...(detail as { nickname?: string }) });
    if (/\.(founded|invited|published|registered|created)$/.test(kind) && account.verification !== "approved")
      throw refuse("account.not-verified");
    const book = books.get(ruledBy(kind).book.name);
    book?.check?.(payload);
    const asked = book?.asksIn?.(kind, payload);
    if (asked !== undefined && (await accounts.findByMember(asked))?.verification !== "approved")
      throw refuse("account.not-verified");
    for (const digest of [...contentOf(payload), ...(book?.brings?.(payload) ?? [])])
      if (!(await views.hasUploaded(digest, asker.accountId ?? ""))) throw refusePlatform("blob.unknown", { digest });
  };

  const requireOwnFounding = (account: Account, { appId, nickname }: { appId: string; nickname?: string }) => {
    if (account.member) throw refuse("account.founded", { member: account.member });
    if (nickname !== account.nickname)
      throw refuse("account.other", { found: nickname ?? "", expected: account.nickname });
    if (appId !== account.appId) throw refuse("account.other", { found: appId, expected: account.appId });
  };

  /** Signed for a member whose key is managed: by the platform, or at its request by the key's nodes. */
  const signManaged = async (
    asker: Asker,
    account: Account,
    endpoint: AnyAct,
    act: { stream: string; input: Record<string, unknown> },
  ) => {
    const signer = await managed.find(account.id, account.nickname);
    if (!signer) throw refuse("managed.absent");
    const time = clock.now();
    const { payload, detail } = prepare(endpoint.kind, act.input, {
      salt: toBase64url(randomBytes(16)),
      ...(givesId(endpoint.kind) && { id: resourceIdOf(endpoint.kind, time, sequence()) }),
    });
    const seen = act.stream === "" ? "" : (ledger.world.streams.get(act.stream)?.head ?? "");
    const by = requireMember(asker);
    const jws = await signStatement(
      { kind: endpoint.kind.name, stream: act.stream, seen, by, at: iso(time), payload },
      signer,
    );
    return { signed: parseStatement(jws), detail };
  };

  const accountOf = async ({ accountId }: Asker): Promise<Account> => {
    if (!accountId) throw refuse("organisation.required");
    return accounts.get(accountId);
  };

  /** Text first: what the ledger acknowledges must be readable after any crash. */
  const order = async (
    { signed, detail }: { signed: SignedStatement; detail: unknown },
    kind: AnyAct["kind"],
    payload: object,
  ) => {
    const text = openDetail(kind, payload, detail);
    const digest = (payload as { detail?: string }).detail;
    if (text !== undefined && digest) await views.putDetail(digest, canonical(detail));
    const entry = await ledger.submit(signed.jws.text);
    await projector.upTo(entry.index + 1);
    return entry;
  };

  const submit = async (
    asker: Asker,
    account: Account,
    endpoint: AnyAct,
    { signed, detail }: { signed: SignedStatement; detail: unknown },
  ): Promise<Submitted> => {
    const payload = parsePayload(endpoint.kind, signed.statement.payload) as object;
    await requireAllowed(asker, account, signed, payload, detail);
    const { index, time, stream, statement } = await order({ signed, detail }, endpoint.kind, payload);
    const state = ledger.world.streams.get(stream);
    if (!state) throw refuseRule("stream.unknown", { id: stream });
    const resource = await show({ ...asker, member: asker.member ?? stream }, stream, state);
    return { receipt: { index, time: iso(time), stream, head: statement }, resource };
  };

  return {
    /** @throws Refusal stream.unknown alike for what is not there and what is not the caller's to see */
    async resolve(asker: Asker, endpoint: AnyAct, id: string): Promise<string> {
      const stream = access.resolve(id);
      const own = endpoint.kind.name.startsWith("organisation.") && stream === asker.member;
      const visible = stream && asker.member && (own || (await views.isVisible(stream, asker.member)));
      if (!stream || !visible) throw refuseRule("stream.unknown", { id });
      return stream;
    },

    async submit(asker: Asker, endpoint: AnyAct, act: SubmittedAct): Promise<Submitted> {
      const account = await accountOf(asker);
      if ("signed" in act) return submit(asker, account, endpoint, act);
      for (let tries = 1; ; tries++)
        try {
          return await submit(asker, account, endpoint, await signManaged(asker, account, endpoint, act));
        } catch (error) {
          // What was signed here is signed anew: of the stream as it is now, under another number.
          const stale = error instanceof Refusal && (error.code === "stream.moved" || error.code === "id.taken");
          if (!stale || tries === TRIES) throw error;
        }
    },

    /** Makes a certificate authority for the account, and founds its organisation with it. */
    manage: (asker: Asker, keeper: Keeper) =>
      managed.inTurn(asker.accountId ?? "", async () => {
        const account = await accountOf(asker);
        if (account.member) throw refuse("account.founded", { member: account.member });
        if (account.verification !== "approved") throw refuse("account.not-verified");
        const { authority, signer, key } = await managed.founder(account.id, account, keeper);
        const { payload, detail } = prepare(
          organisations.founded,
          { appId: account.appId, authority, detail: { nickname: account.nickname } },
          { salt: toBase64url(randomBytes(16)) },
        );
        const time = clock.now();
        const jws = await signStatement(
          { kind: organisations.founded.name, stream: "", seen: "", by: "", at: iso(time), payload },
          signer,
        );
        const { stream } = await order({ signed: parseStatement(jws), detail }, organisations.founded, payload);
        managed.note(stream, key);
        return stream;
      }),

    /** Hands the key that the platform keeps for the asker to a group of key nodes. @param group G… */
    move: (asker: Asker, group: string | undefined) =>
      managed.inTurn(asker.accountId ?? "", async () => {
        const account = await accountOf(asker);
        const member = requireMember(asker);
        managed.note(member, await managed.move(account.id, account, group));
        return member;
      }),
  };
};

const sequence = () => Number(randomBytes(3).reduce((n, byte) => n * 256 + byte, 0)) % SEQUENCES;

/** Digests of the files that a payload says are kept beside: whoever names them must have stored them here. */
const contentOf = (payload: object): string[] => {
  const { envelope, archive, description, delivery } = payload as {
    envelope?: { digest: string };
    delivery?: { destination?: string };
    archive?: { digest: string };
    description?: { digest: string };
  };
  // A sealed model's plain archive never comes here; its envelope does.
  return [(envelope ?? archive)?.digest, description?.digest, delivery?.destination].flatMap((digest) => digest ?? []);
};
