/**
 * From the answer to the last authorisation to the model's first instruction: the enclave verifies every signature
 * again, opens the envelopes and starts the sandbox in between. The model itself tells when it began, by the same
 * clock as the client that authorised.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPlatform } from "../test/support/platform.ts";
import { createTrio, finishTask, type Trio } from "../test/support/trio.ts";
import { median, percentile, report } from "./support.ts";

const WARM_UP = 3;
const TASKS = 30;

interface Timing {
  /** The answer to the last authorisation came, milliseconds since 1970. */
  readonly authorised: number;
  /** That authorisation was sent. */
  readonly sent: number;
  readonly began: number;
}

const runOne = async (trio: Trio, round: number): Promise<Timing> => {
  const { sent, authorised, result } = await finishTask(trio, round);
  return { sent, authorised, began: result.began ?? Number.NaN };
};

const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  const platform = await startPlatform({ data: join(directory, "data"), settings: { "rate-limit": "100000" } });
  try {
    const trio = await createTrio(platform, join(directory, "profiles"));
    const timings: Timing[] = [];
    for (let round = -WARM_UP; round < TASKS; round++) {
      const timing = await runOne(trio, round);
      if (round >= 0) timings.push(timing);
    }
    const bench = "start";
    const note = `${TASKS} tasks one after the other, whole milliseconds`;
    const of = (pick: (timing: Timing) => number) => timings.map(pick);
    const start = of(({ authorised, began }) => began - authorised);
    report({ bench, metric: "p50", value: median(start), unit: "ms", target: 60, atMost: true, note });
    report({ bench, metric: "p95", value: percentile(start, 0.95), unit: "ms", note });
    const answer = of(({ sent, authorised }) => authorised - sent);
    report({ bench, metric: "answer to the last authorisation", value: median(answer), unit: "ms" });
  } finally {
    await platform.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
