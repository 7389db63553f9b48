/**
 * `npm test [-- <part of a path or glob>… --name=<pattern>]`: runs the tests beside the code, in test/ and in scripts/.
 * Fails when no test ran, and under CI=true when one was skipped.
 */
import { matchesGlob } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { installComponents } from "./components.ts";
import { dotsAndFailures, everyTest, noTally, slowest, type Tally, tallied } from "./test-report.ts";
import { filesOf, root } from "./tree.ts";

const FILES_AT_ONCE = 2;
/** Milliseconds after which what still runs waits for what does not come: it is ended, and has failed. */
const HANGS = 55 * 60_000;
const TESTS = /^(src|test|scripts)\/.*\.test\.ts$/;

const fail = (message: string, status = 1): never => {
  console.error(message);
  process.exit(status);
};

const argumentsGiven = () => {
  try {
    return parseArgs({ options: { name: { type: "string", multiple: true } }, allowPositionals: true });
  } catch (error) {
    return fail(`${(error as Error).message}\nUsage: npm test -- <part of a path or glob>… --name=<pattern>`, 2);
  }
};

// Node.js names files as seen from here.
process.chdir(root);

const { values, positionals } = argumentsGiven();
const wanted = (file: string): boolean =>
  positionals.length === 0 || positionals.some((filter) => file.includes(filter) || matchesGlob(file, filter));

const files = filesOf(root).filter((file) => TESTS.test(file) && wanted(file));
if (files.length === 0) fail(`No test file matches ${positionals.join(" ") || TESTS.source}.`);

installComponents((line) => console.log(line));

const signal = AbortSignal.timeout(HANGS);
const report = process.stdout.isTTY ? everyTest : dotsAndFailures;
const testsOf = async (files: string[]): Promise<Tally> => {
  const tally = noTally();
  const stream = run({
    ...{ files, concurrency: FILES_AT_ONCE, signal },
    ...(values.name ? { testNamePatterns: values.name.map((pattern) => new RegExp(pattern)) } : {}),
  });
  for await (const text of report(tallied(stream, tally))) process.stdout.write(text);
  return tally;
};

const tally = await testsOf(files);
// Says nothing of what is tested: these run once more, and have to pass then.
const crashed = [...tally.failed].filter((file) => tally.crashed.has(file));
if (crashed.length > 0) {
  console.log(`Once more, as a program of others crashed: ${crashed.join(", ")}`);
  const again = await testsOf(crashed);
  tally.success = again.success && [...tally.failed].every((file) => crashed.includes(file));
  tally.skipped.push(...again.skipped);
}

for (const line of slowest(tally)) console.log(line);
for (const { name, reason } of tally.skipped) console.log(`skipped ${name}: ${reason}`);

const complaints = [
  ...(tally.success ? [] : ["Tests failed."]),
  ...(tally.tests > 0 ? [] : ["No test ran."]),
  // With a pattern, a file may well have no test of that name.
  ...(values.name ? [] : tally.empty.map((file) => `${file} holds no test.`)),
  ...(process.env.CI === "true" && tally.skipped.length > 0 ? ["CI=true allows no skipped test."] : []),
];
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
