/** All that a member can read: every list, every resource on it, the event centre. */
import type { Client } from "../../src/sdk/client.ts";

type Paged = { items: readonly { id: string }[]; total: number };
const PAGE = { pageSize: 100 };

/** Answers by what was asked. Two members, or the same one at two times, may read the same when these are equal. */
export const everythingOf = async (client: Client): Promise<Record<string, unknown>> => {
  const read: Record<string, unknown> = {};
  const list = async (name: string, asked: Promise<Paged>, get: (id: string) => Promise<unknown>) => {
    const answer = await asked;
    read[name] = answer;
    for (const { id } of answer.items) read[`${name} ${id}`] = await get(id);
  };
  const ownership = ["all", "mine", "public"] as const;
  await list("alliances", client.alliances.list(PAGE), (id) => client.alliances.get({ id }));
  for (const tab of ownership) {
    await list(`models ${tab}`, client.models.list({ tab, ...PAGE }), (id) => client.models.get({ id }));
    await list(`sources ${tab}`, client.sources.list({ tab, ...PAGE }), (id) => client.sources.get({ id }));
  }
  for (const tab of ["all", "mine", "participating"] as const)
    await list(`tasks ${tab}`, client.tasks.list({ tab, ...PAGE }), (id) => client.tasks.get({ id }));
  for (const tab of ["all", "pending", "handled"] as const)
    await list(`events ${tab}`, client.events.list({ tab, ...PAGE }), (id) => client.events.get({ id }));
  read.unread = await client.events.unread();
  read.enclaves = await client.enclaves.list();
  read.account = (await client.accounts.me()).account;
  const entries = await client.ledger.entries({ limit: 1_000 });
  read.entries = entries;
  const streams = new Set(entries.items.map(({ stream }) => stream));
  for (const id of streams) read[`stream ${id}`] = await client.streams.get({ id }).catch(codeOf);
  return read;
};

const codeOf = (error: { code?: string }): string | undefined => error.code;
