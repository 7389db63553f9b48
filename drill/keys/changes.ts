/** Keys are made, and their shares made anew, whatever happens to nodes and server meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { newKey, type Treasury, type TreasuryKey } from "../../test/support/treasury.ts";
import { drawn } from "./killer.ts";
import type { Memory } from "./record.ts";

const SCHEMES: readonly KeyScheme[] = ["ECDSA_K1", "EDDSA_ED25519", "SM2", "SCHNORR_BIP340"];
/** Every one of them is refreshed at the end. */
const MOST = 12;
const POLL = 60;
const PAUSE = 1_000;

export interface Changes {
  /** Keys that were made, and epochs that came after their first. */
  readonly made: number;
  readonly renewed: number;
  /** Asks for no more; resolves when what was asked for has come to its end, or after so many milliseconds. */
  finish(patience: number): Promise<void>;
}

const between = (least: number, most: number): number => least + Math.floor(Math.random() * (most - least + 1));

/** @param keys what is made is added, and signs from then on */
export const startChanges = (treasury: Treasury, keys: TreasuryKey[], memory: Memory): Changes => {
  const { client } = treasury.party;
  let stopping = false;
  let deadline = Number.POSITIVE_INFINITY;
  const done = { made: 0, renewed: 0 };
  const look = (id: string) => memory.attempt(() => client.keys.get({ id }));

  const until = async (id: string, holds: (key: TreasuryKey) => boolean): Promise<TreasuryKey | undefined> => {
    for (;;) {
      const key = await look(id);
      if (key && holds(key)) return key;
      if (performance.now() > deadline) {
        memory.violation(
          `${key?.id ?? id} is ${key?.state}, and an attempt does not end: ${JSON.stringify(key?.attempt)}`,
        );
        return undefined;
      }
      await sleep(POLL);
    }
  };
  const holders = () => {
    const nodes = drawn(treasury.nodes, between(2, treasury.nodes.length));
    return { nodes, threshold: between(2, nodes.length) };
  };

  const make = async (): Promise<void> => {
    const { nodes, threshold } = holders();
    const scheme = SCHEMES[done.made % SCHEMES.length] as KeyScheme;
    const id = await memory.attempt(() => newKey(treasury, scheme, threshold, nodes));
    const key = id && (await until(id, ({ state }) => state !== "pending"));
    if (!key) return;
    if (key.state !== "enabled") return memory.violation(`${key.id} is ${key.state}: ${key.failure?.code}`);
    keys.push(key);
    done.made++;
  };

  const ask = ({ stream, threshold, participants, epoch }: TreasuryKey) => {
    const next = { epoch: (epoch ?? 0) + 1 };
    const same = { threshold, participants: participants.map((node) => node.stream) };
    const other = holders();
    return client.keys.reshare(
      stream,
      Math.random() < 0.5
        ? { ...next, kind: "refresh", ...same }
        : { ...next, kind: "reshare", threshold: other.threshold, participants: other.nodes },
    );
  };
  const renew = async (): Promise<void> => {
    const [{ stream } = { stream: "" }] = drawn(keys, 1);
    const before = await look(stream);
    if (!before) return;
    // What was asked for in a call that broke off may have begun.
    if (!before.attempt) await memory.attempt(() => ask(before));
    const after = await until(stream, ({ attempt }) => !attempt);
    if (!after) return;
    done.renewed += (after.epoch ?? 0) - (before.epoch ?? 0);
    if (after.failure && after.failure.at !== before.failure?.at)
      memory.violation(`an attempt at ${after.id} failed, though nobody cheats: ${after.failure.code}`);
  };

  const go = async (work: () => Promise<void>, enough: () => boolean) => {
    while (!stopping && !enough()) {
      await work();
      await sleep(Math.random() * PAUSE);
    }
  };
  const workers = [go(make, () => done.made >= MOST), go(renew, () => false)];
  return {
    get made() {
      return done.made;
    },
    get renewed() {
      return done.renewed;
    },
    async finish(patience) {
      stopping = true;
      deadline = performance.now() + patience;
      await Promise.all(workers);
    },
  };
};
