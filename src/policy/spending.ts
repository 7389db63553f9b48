/**
 * What a key has signed away in the last hour, day, week and month (30 days): rolling windows, each counted in 60 equal
 * parts. A part counts until all of it has left the window, so a window is up to a sixtieth longer than it is called and
 * never shorter. Pure: the caller keeps the account, durably, before a signature leaves it.
 */
import { DAY, HOUR } from "../base/clock.ts";
import { refuse } from "./errors.ts";

export type Window = "hour" | "day" | "week" | "month";
export const WINDOWS: Readonly<Record<Window, number>> = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY };
const PARTS = 60;
/** Kinds of coins and tokens that are counted for one key: each takes up to some 10 KB. */
const MAX_SERIES = 256;
/** Requests that are known to be counted. One that has been forgotten counts again: more, never less. */
const MAX_REQUESTS = 1_024;

/** A request (its stream), and when it was counted last in each window, milliseconds. */
export type Counted = readonly [request: string, times: Readonly<Record<Window, number>>];

/** JSON. Of each kind and window the parts that are not empty, ascending: number of the part, amount in decimal. */
export interface Account {
  readonly requests: readonly Counted[];
  readonly series: Readonly<Record<string, Readonly<Record<Window, readonly Part[]>>>>;
}
type Part = readonly [index: number, amount: string];

/** What one signature spends, of which kind: `SIGNATURES`, `valueOn(chain)`… */
export interface Spent {
  readonly of: string;
  readonly amount: bigint;
}

export const SIGNATURES = "signatures";
/** Wei sent. */
export const valueOn = (chainId: number): string => `value:${chainId}`;
/** Wei sent, and what fees may come to. */
export const costOn = (chainId: number): string => `cost:${chainId}`;
/** Smallest units of a token. @param contract lower case */
export const tokenOn = (chainId: number, contract: string): string => `token:${chainId}:${contract}`;

export const NOTHING_SPENT: Account = { requests: [], series: {} };

const ALL = Object.keys(WINDOWS) as Window[];

/**
 * The windows in which a request is to be counted: where it has not been, or what it spent has left since. Tried again
 * within a window it is not counted a second time; but whoever has many counted one by one, and held back, does not have
 * all of them signed at once in a later one.
 */
export const windowsToCount = ({ requests }: Account, request: string, time: number): readonly Window[] => {
  const times = requests.find(([one]) => one === request)?.[1];
  return ALL.filter((window) => !times || partAt(window, times[window]) < partAt(window, time) - PARTS);
};

/** @param request its stream */
export const markCounted = (
  account: Account,
  request: string,
  time: number,
  windows: readonly Window[] = ALL,
): Account => {
  const others = account.requests.filter(([one]) => one !== request);
  const before = account.requests.find(([one]) => one === request)?.[1];
  const times = { ...before, ...Object.fromEntries(windows.map((window) => [window, time])) } as Record<Window, number>;
  return { ...account, requests: [...others, [request, times] as const].slice(-MAX_REQUESTS) };
};

/** Of counted requests in any order, those that are remembered: the ones that were counted last, the newest at the end. */
export const newestCounted = (requests: readonly Counted[]): readonly Counted[] => {
  const newest = ([, times]: Counted): number => Math.max(...ALL.map((window) => times[window]));
  return requests.toSorted((a, b) => newest(a) - newest(b)).slice(-MAX_REQUESTS);
};

/**
 * @param time of the ledger, milliseconds; one before what was counted counts at that
 * @throws Refusal policy.spending.full
 */
export const spend = (
  account: Account,
  spent: readonly Spent[],
  time: number,
  windows: readonly Window[] = ALL,
): Account => {
  const series = new Map(Object.entries(account.series));
  for (const { of, amount } of spent) {
    if (amount < 0n) throw new RangeError("an amount is negative");
    if (amount > 0n) series.set(of, grown(series.get(of), amount, time, windows));
  }
  const kept = [...series].filter(([, { month }]) => within(month, "month", time).length > 0);
  if (kept.length > MAX_SERIES) throw refuse("policy.spending.full", { most: MAX_SERIES });
  return { ...account, series: Object.fromEntries(kept) };
};

/** What has been spent of a kind in each window. @param time milliseconds */
export const totals = ({ series }: Account, of: string, time: number): Record<Window, bigint> => {
  const total = (window: Window): bigint =>
    within(series[of]?.[window] ?? [], window, time).reduce((sum, [, amount]) => sum + BigInt(amount), 0n);
  return { hour: total("hour"), day: total("day"), week: total("week"), month: total("month") };
};

const partAt = (window: Window, time: number): number => Math.floor((time * PARTS) / WINDOWS[window]);

/** Parts of which something lies in the window that ends at a time. */
const within = (parts: readonly Part[], window: Window, time: number): readonly Part[] => {
  const first = partAt(window, time) - PARTS;
  return parts.filter(([index]) => index >= first);
};

const grown = (
  known: Account["series"][string] | undefined,
  amount: bigint,
  time: number,
  windows: readonly Window[],
): Readonly<Record<Window, readonly Part[]>> => {
  const grow = (window: Window): readonly Part[] => {
    const parts = within(known?.[window] ?? [], window, time);
    if (!windows.includes(window)) return parts;
    const [lastIndex, lastAmount] = parts.at(-1) ?? [-1, "0"];
    const index = Math.max(partAt(window, time), lastIndex);
    if (index > lastIndex) return [...parts, [index, String(amount)]];
    return [...parts.slice(0, -1), [index, String(BigInt(lastAmount) + amount)]];
  };
  return { hour: grow("hour"), day: grow("day"), week: grow("week"), month: grow("month") };
};
