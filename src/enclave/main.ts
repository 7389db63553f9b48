/**
 * The enclave program. Bundled into one reproducible file, whose SHA-384 is what attestation reports.
 * Usage: enclave.mjs DIRECTORY LEDGER-KEY PROVIDER SANDBOX MAX-OUTPUT; it speaks its protocol on standard input and output.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../base/clock.ts";
import { createAgent } from "./agent/agent.ts";
import { attestationProviders } from "./attestation/registry.ts";
import { createChannel, type Channel } from "./protocol/channel.ts";
import { chooseRunner } from "./runners/registry.ts";

const [program = "", directory = "", ledger = "", providerId = "", sandbox = "", maxOutput = ""] = process.argv.slice(1);

const openProvider = attestationProviders[providerId];
if (!openProvider) throw new Error(`no attestation provider ${providerId}`);

/** Calls wait for the agent, whose own calls go over the same channel. */
const holder: { channel?: Channel } = {};
const call = (method: string, params: object, body?: AsyncIterable<Uint8Array>) => {
  if (!holder.channel) throw new Error("the channel is not open yet");
  return holder.channel.call(method, params, body);
};

const agent = await createAgent({
  program: await readFile(resolve(program)),
  directory,
  ledger,
  provider: await openProvider(directory),
  runner: await chooseRunner(sandbox),
  maxOutput: Number(maxOutput),
  clock: systemClock,
  async *read(digest) {
    yield* (await call("read", { digest })).body;
  },
  async write(content) {
    return (await call("write", {}, content)).result as { digest: string; size: number };
  },
});
holder.channel = createChannel(process.stdin, process.stdout, agent, 1);
// The channel's end is the server's end: nothing here outlives it.
await holder.channel.closed;
process.exit(0);
