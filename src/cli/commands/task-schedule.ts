/** A schedule as it is given on the command line, and as it is shown before it is signed. */
import type { Schedule } from "../../rules/schedule.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { type Given, textOf } from "../given.ts";
import { text } from "../text.ts";

export const SCHEDULE_FLAGS: Command["flags"] = [
  {
    name: "every",
    type: "text",
    value: "TIME",
    summary: text(
      "run again and again under one authorisation: 30m, 6h, 1d, 1w",
      "一次授权，定时重复执行：30m、6h、1d、1w",
    ),
  },
  { name: "times", type: "integer", summary: text("with --every: how many runs", "配合 --every：执行次数") },
  {
    name: "first",
    type: "text",
    value: "TIME",
    summary: text(
      "with --every: when the first run is due (ISO 8601); when the last has authorised",
      "配合 --every：首次执行时间（ISO 8601），默认为授权完成时",
    ),
  },
];

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const COMMAND = "entente tasks create";

/** @throws Refusal usage.value, usage.missing */
export const scheduleOf = (given: Given): Schedule | undefined => {
  const [every, first] = [textOf(given, "every"), textOf(given, "first")];
  const times = given.flags.times as number | undefined;
  if (every === undefined && times === undefined && first === undefined) return undefined;
  const value = (flag: string, value: string, expected: string) =>
    refuse("usage.value", { flag, value, expected, command: COMMAND });
  if (every === undefined || times === undefined)
    throw refuse("usage.missing", { what: every === undefined ? "--every" : "--times", command: COMMAND });
  const [, count, unit = ""] = /^(\d{1,8})([smhdw])$/.exec(every) ?? [];
  if (count === undefined) throw value("--every", every, "30m, 6h, 1d, 1w");
  const at = first === undefined ? undefined : new Date(first);
  if (at && Number.isNaN(at.getTime())) throw value("--first", first ?? "", "2027-01-31T06:00:00Z");
  return { every: Number(count) * (UNITS[unit] ?? 1), runs: times, ...(at && { first: at.toISOString() }) };
};

const AT_ONCE = text(
  "Runs every {every} s, at most {runs} times, from the last authorisation on: this signature is for all of them",
  "每 {every} 秒执行一次，至多 {runs} 次，自授权完成时开始：本次签名适用于每次执行",
);
const FROM = text(
  "Runs every {every} s, at most {runs} times, from {first} on: this signature is for all of them",
  "每 {every} 秒执行一次，至多 {runs} 次，自 {first} 开始：本次签名适用于每次执行",
);

/** What whoever authorises is about to agree to. */
export const scheduleLine = ({ every, runs, first }: Schedule): Parameters<Context["note"]> =>
  first === undefined ? [AT_ONCE, { every, runs }] : [FROM, { every, runs, first }];
