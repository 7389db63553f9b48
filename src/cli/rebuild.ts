/** `entente rebuild`: throws the computed tables away and makes them again from the ledger. */
import { systemClock } from "../base/clock.ts";
import { rebuildViews } from "../compose.ts";
import { configOf, type Flags } from "./up.ts";

export const rebuild = async (flags: Flags, { json }: { json: boolean }): Promise<void> => {
  const began = performance.now();
  const config = configOf(flags);
  const made = await rebuildViews({ config, clock: systemClock });
  const seconds = (performance.now() - began) / 1_000;
  if (json) console.log(JSON.stringify({ ...made, seconds }));
  else console.log(`${made.streams} streams, ${made.entries} statements, ${seconds.toFixed(1)} s`);
};
