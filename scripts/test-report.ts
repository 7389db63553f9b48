/** What a run of the tests came to, and how it is printed. */
import { relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";
import { root } from "./tree.ts";

/** What a test says when a program that it drives, and that is not ours, has died of itself: Debian's Chromium does so. */
export const CRASHED = "entente: a program of others crashed";

export interface Tally {
  /** Tests that ran, were skipped or failed; files without tests do not count. */
  tests: number;
  success: boolean;
  /** Files that did not end well. */
  readonly failed: Set<string>;
  /** Files in which a program of others crashed. */
  readonly crashed: Set<string>;
  readonly skipped: { readonly name: string; readonly reason: string }[];
  /** Files that ended well without one test: Node.js reports such a file as a test that passed. */
  readonly empty: string[];
  /** Milliseconds of a file's tests, by its path. */
  readonly times: Map<string, number>;
}

export const noTally = (): Tally => ({
  ...{ tests: 0, success: false, skipped: [], empty: [] },
  ...{ failed: new Set(), crashed: new Set(), times: new Map() },
});

/** Passes the events on, counting them. */
export async function* tallied(events: AsyncIterable<TestEvent>, tally: Tally): AsyncGenerator<TestEvent> {
  for await (const event of events) {
    if ((event.type === "test:pass" || event.type === "test:fail") && event.data.nesting === 0 && event.data.file) {
      const file = relative(root, event.data.file);
      tally.times.set(file, (tally.times.get(file) ?? 0) + event.data.details.duration_ms);
    }
    if (event.type === "test:diagnostic" && event.data.file && event.data.message.startsWith(CRASHED))
      tally.crashed.add(relative(root, event.data.file));
    if (event.type === "test:fail") tally.failed.add(relative(root, event.data.file ?? event.data.name));
    if (event.type === "test:pass") {
      const { name, file, skip } = event.data;
      if (skip !== undefined && skip !== false)
        tally.skipped.push({ name: file ? `${relative(root, file)}: ${name}` : name, reason: reasonOf(skip) });
      if (file && resolve(root, name) === file) tally.empty.push(relative(root, file));
    }
    if (event.type === "test:summary" && event.data.file === undefined) {
      tally.tests = event.data.counts.tests - tally.empty.length;
      tally.success = event.data.success;
    }
    yield event;
  }
}

const SLOWEST = 12;
const SLOW = 10_000;

/** The files that took longest, of those that took long. */
export const slowest = ({ times }: Pick<Tally, "times">): string[] =>
  [...times]
    .filter(([, ms]) => ms > SLOW)
    .sort(([, a], [, b]) => b - a)
    .slice(0, SLOWEST)
    .map(([file, ms]) => `${Math.round(ms / 1_000)} s ${file}`);

const reasonOf = (skip: string | true): string => (typeof skip === "string" && skip ? skip : "no reason given");

/** Node's own reporter, for a terminal: every test on a line, failures and the counts at the end. */
export const everyTest = (events: AsyncIterable<TestEvent>): AsyncIterable<string> =>
  Readable.from(events).compose(new spec());

const WIDTH = 100;

/** A dot a test, then what the tests wrote, failures and the counts as Node's own reporter has them. */
export async function* dotsAndFailures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const rest: TestEvent[] = [];
  let column = 0;
  for await (const event of events) {
    if (LOUD.has(event.type)) rest.push(event);
    if ((event.type !== "test:pass" && event.type !== "test:fail") || event.data.details.type === "suite") continue;
    yield event.type === "test:fail" ? "X" : event.data.skip ? "-" : ".";
    if (++column % WIDTH === 0) yield "\n";
  }
  yield "\n";
  yield* everyTest(Readable.from(rest));
}

const LOUD = new Set(["test:fail", "test:diagnostic", "test:stdout", "test:stderr", "test:summary"]);
