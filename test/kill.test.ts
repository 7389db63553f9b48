/** The short form of `npm run drill -- kill`: a few kills on each database. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const KILLS = 6;
const drill = fileURLToPath(new URL("../drill/kill.ts", import.meta.url));

interface Line {
  readonly database?: string;
  readonly skip?: string;
  readonly ok?: boolean;
  readonly kills?: number;
  readonly acknowledged?: number;
  readonly tasksEnded?: number;
  readonly violations?: unknown;
}

/** Its lines, and whatever it said on the error stream. */
const run = (database: string): Promise<{ lines: Line[]; said: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [drill, `--kills=${KILLS}`, `--database=${database}`], (_, stdout, said) => {
      const lines = stdout.trim().split("\n").filter(Boolean);
      resolve({ lines: lines.map((line) => JSON.parse(line) as Line), said });
    });
  });

for (const database of ["sqlite", "postgres"])
  test(`nothing acknowledged is lost and every task ends once, whoever is killed (${database})`, async (t) => {
    const { lines, said } = await run(database);
    const [storm, verdict] = lines;
    if (storm?.skip !== undefined) {
      t.skip(storm.skip);
      return;
    }
    assert.deepEqual(storm?.violations, [], said);
    assert.equal(storm?.kills, KILLS);
    assert.ok((storm?.acknowledged ?? 0) > KILLS, "acts were acknowledged");
    assert.ok((storm?.tasksEnded ?? 0) > 0, "tasks ended");
    assert.equal(verdict?.ok, true);
  });
