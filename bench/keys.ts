/**
 * `npm run bench -- keys [protocols] [memory] [service] [held] [--keys 3000]`: keys that nobody holds. What the protocols
 * cost and what tss-lib does for the same; the idle platform's memory; signing through the server; many keys at once.
 */
import { parseArgs } from "node:util";
import { measureHeld } from "./keys/held.ts";
import { measureMemory } from "./keys/memory.ts";
import { measureProtocols } from "./keys/protocols.ts";
import { measureService } from "./keys/service.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keys: { type: "string", default: "3000" } },
});
const parts: Readonly<Record<string, () => Promise<void>>> = {
  protocols: measureProtocols,
  memory: measureMemory,
  service: measureService,
  held: () => measureHeld(Number(values.keys)),
};
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0)
  throw new Error(`There is no part ${unknown.join(", ")}. There are: ${Object.keys(parts).join(", ")}`);
for (const [name, measure] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(name)) await measure();
