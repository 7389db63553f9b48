/** After the storm: every request has ended, every signature holds, and every share of every key is there. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Treasury, TreasuryKey, TreasuryRequest } from "../../test/support/treasury.ts";
import { signOnce } from "./load.ts";
import type { Memory } from "./record.ts";
import { checkSignatures, type Signature } from "./signatures.ts";

/** Milliseconds that a key may take to be made anew, or to sign. */
const PATIENCE = 60_000;
const POLL = 100;
const PAGE = 100;

/** Through the API of the platform that is up. What does not hold becomes a violation. */
export const check = async (treasury: Treasury, keys: readonly TreasuryKey[], memory: Memory) => {
  for (const key of keys) await checkKey(treasury, key, memory);
  const requests = await allRequests(treasury);
  const states: Record<string, number> = {};
  const codes: Record<string, number> = {};
  const signatures: Signature[] = [];
  for (const request of requests) {
    states[request.state] = (states[request.state] ?? 0) + 1;
    if (request.state === "pending") memory.violation(`${request.id} has not ended`);
    else if (request.state !== "completed") {
      const code = request.ended?.code || request.failures.at(-1)?.code;
      if (!code) memory.violation(`${request.id} is ${request.state} without a code`);
      else codes[code] = (codes[code] ?? 0) + 1;
    }
    signatures.push(...signaturesOf(request, keys, memory));
  }
  const known = new Set(requests.map(({ stream }) => stream));
  for (const stream of memory.asked.keys()) if (!known.has(stream)) memory.violation(`${stream} is lost`);
  checkSignatures(signatures, memory.violation);
  return { requests: states, codes, signatures: signatures.length };
};

/** It has the public key that it had; every node has its share still, which a refresh needs; and it signs, before and after. */
const checkKey = async ({ ...treasury }: Treasury, before: TreasuryKey, memory: Memory): Promise<void> => {
  const { client } = treasury.party;
  const name = `the key ${before.id} (${before.scheme})`;
  const signs = async (when: string) => {
    const until = performance.now() + PATIENCE;
    const state = await signOnce(treasury, before, memory, () => performance.now() > until);
    if (state !== "completed") memory.violation(`${name} does not sign ${when}: ${state}`);
  };
  await signs("at the end");
  const { epoch, threshold, participants } = await client.keys.get({ id: before.stream });
  const next = (epoch ?? 0) + 1;
  await client.keys.reshare(before.stream, {
    ...{ epoch: next, kind: "refresh", threshold },
    participants: participants.map(({ stream }) => stream),
  });
  const until = performance.now() + PATIENCE;
  for (;;) {
    const now = await client.keys.get({ id: before.stream });
    if (now.publicKey !== before.publicKey) return memory.violation(`${name} has another public key`);
    if (now.epoch === next) break;
    if (performance.now() > until) {
      const why = JSON.stringify({ done: now.attempt?.done, failure: now.failure?.code });
      return memory.violation(`${name} is not refreshed: a share may be lost (${why})`);
    }
    await sleep(POLL);
  }
  await signs("after its shares were refreshed");
};

const signaturesOf = (request: TreasuryRequest, keys: readonly TreasuryKey[], { asked, shown, violation }: Memory) => {
  const { stream, signatures, messages } = request;
  if (!signatures) return [];
  shown(stream, signatures);
  const key = keys.find((one) => one.stream === request.key.stream);
  const digests = messages.map(({ message }) => (message.kind === "digest" ? message.hex : ""));
  const mine = asked.get(stream)?.digests ?? digests;
  if (mine.join() !== digests.join()) violation(`${request.id} is for other digests than were asked`);
  if (!key || signatures.length !== mine.length) {
    violation(`${request.id} has ${signatures.length} signatures for ${mine.length} digests`);
    return [];
  }
  const of = { key: key.stream, scheme: key.scheme, publicKey: key.publicKey ?? "", request: stream };
  return signatures.map((signature, i) => ({ ...of, digest: mine[i] ?? "", signature }));
};

/** Also those whose acknowledgement was lost. */
const allRequests = async ({ party: { client } }: Treasury): Promise<TreasuryRequest[]> => {
  const found: TreasuryRequest[] = [];
  for (let page = 1; ; page++) {
    const { items, total } = await client.keyRequests.list({ page, pageSize: PAGE });
    for (const { stream } of items) found.push(await client.keyRequests.get({ id: stream }));
    if (items.length === 0 || found.length >= total) return found;
  }
};
