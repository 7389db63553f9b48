/** An organisation whose keys the platform's own key nodes share, through the public API. */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DAY, iso } from "../../src/base/clock.ts";
import { found, type Party, signUp } from "../../src/cli/demo/parties.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { type Client, createClient } from "../../src/sdk/client.ts";
import type { Platform } from "./platform.ts";

export interface Treasury {
  readonly party: Party;
  /** Stream id of the group over all nodes, under one policy that permits everything. */
  readonly group: string;
  /** Stream ids of the nodes, by their tags' order. */
  readonly nodes: readonly string[];
}

export type TreasuryKey = Awaited<ReturnType<Client["keys"]["get"]>>;
export type TreasuryRequest = Awaited<ReturnType<Client["keyRequests"]["get"]>>;

const PARTICULARS = {
  legalName: "treasury",
  registrationNumber: "200000001A",
  contact: "treasury",
  phone: "+65 5555 0100",
  country: "SG",
};
const POLICIES = [{ id: "everything", text: "permit(principal, action, resource);" }];

/** @param profiles where the organisation keeps its keys */
export const createTreasury = async (
  { url, admin }: Pick<Platform, "url" | "admin">,
  profiles: string,
): Promise<Treasury> => {
  if (!admin) throw new Error("the platform is not new: there is no operator's key to approve organisations with");
  mkdirSync(profiles, { recursive: true, mode: 0o700 });
  const signedUp = await signUp({ url, profiles, name: "treasury", nickname: "treasury", particulars: PARTICULARS });
  const office = createClient({ url, credentials: admin });
  await office.accounts.review({ id: signedUp.account.id, decision: "approved" });
  const party = await found(url, signedUp);
  const { items } = await party.client.keyNodes.list({ pageSize: 100 });
  const nodes = items.sort((a, b) => a.tag.localeCompare(b.tag)).map(({ stream }) => stream);
  const { resource } = await party.client.keyGroups.create({
    ...{ nodes: nodes.toSorted(), administrators: [party.member], approvals: 1, requesters: [party.member] },
    ...{ approvers: [], policies: POLICIES, detail: { name: "Treasury", description: "" } },
  });
  return { party, group: resource.stream, nodes };
};

/** Founds a key. @param participants stream ids of nodes: the first ones, as many as there are shares */
export const newKey = async (
  { party, group }: Treasury,
  scheme: KeyScheme,
  threshold: number,
  participants: readonly string[],
): Promise<string> => {
  const { resource } = await party.client.keys.create({
    ...{ group, scheme, threshold, participants: [...participants], origin: { kind: "generated" } },
    detail: { tags: {}, description: "" },
  });
  return resource.stream;
};

/** Founds a request for signatures of digests (hex), and does not wait for them. */
export const requestSignatures = async ({ party }: Treasury, key: string, digests: readonly string[]) =>
  party.client.keyRequests.create({
    ...{ key, action: "sign", count: digests.length, expires: iso(Date.now() + DAY) },
    detail: { messages: digests.map((hex) => ({ kind: "digest" as const, hex })), note: "" },
  });

export interface Waiting {
  /** Milliseconds between two looks. */
  readonly pause?: number;
  readonly within?: number;
  /** Then looks are taken when there is news. `id` has to be the stream's. */
  readonly news?: News;
}

/** Milliseconds: a look is taken anyway, where news may be late. */
const LATE = 1_000;

/** Hears which streams move, so that nobody has to ask again and again. Ends with the platform, or with `close`. */
export const listen = ({ client }: Party) => {
  const waiting = new Map<string, () => void>();
  const ending = new AbortController();
  const run = async () => {
    for await (const { data } of client.events.subscribe({}, { signal: ending.signal }))
      waiting.get(String(data.stream))?.();
  };
  const ended = run().catch(() => undefined);
  return {
    /** Resolves when the stream moves, or after so many milliseconds. */
    moved: (stream: string, ms = LATE): Promise<void> =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(stream);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.set(stream, done);
      }),
    async close() {
      ending.abort();
      await ended;
    },
  };
};
export type News = ReturnType<typeof listen>;

/** Once it is pending no more. */
const settled = async <T extends { readonly state: string }>(
  id: string,
  look: () => Promise<T>,
  { pause = 50, within = 120_000, news }: Waiting,
): Promise<T> => {
  const until = performance.now() + within;
  for (;;) {
    // From before the look on: what moves meanwhile is not missed.
    const moved = news?.moved(id);
    const found = await look();
    if (found.state !== "pending") return found;
    if (performance.now() > until) throw new Error(`${id} is pending still after ${within / 1_000} s`);
    await (moved ?? sleep(pause));
  }
};

export const settledKey = ({ party }: Treasury, id: string, options: Waiting = {}) =>
  settled(id, () => party.client.keys.get({ id }), options);
export const settledRequest = ({ party }: Treasury, id: string, options: Waiting = {}) =>
  settled(id, () => party.client.keyRequests.get({ id }), options);
