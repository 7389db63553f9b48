/**
 * The enclave program. Bundled into one reproducible file, whose SHA-384 is what attestation reports.
 * Usage: enclave.mjs DIRECTORY LEDGER-KEY PROVIDER SANDBOX LIMITS (seconds,memory,output); it speaks its protocol on standard input and output.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { createAgent } from "./agent/agent.ts";
import { attestationProviders } from "./attestation/registry.ts";
import { refuse } from "./errors.ts";
import { type Channel, createChannel, type Handler } from "./protocol/channel.ts";
import { enclaveMethods } from "./protocol/messages.ts";
import { runners } from "./runners/registry.ts";
import type { Runner } from "./runners/runner.ts";

const [program = "", directory = "", ledger = "", providerId = "", sandbox = "", limits = ""] = process.argv.slice(1);

const [seconds = 0, memory = 0, output = 0] = limits.split(",").map(Number);

const openProvider = attestationProviders[providerId];
if (!openProvider) throw new Error(`no attestation provider ${providerId}`);

/** `auto` takes bubblewrap where it works and QuickJS elsewhere; the founding statement says which. */
const chooseRunner = async (): Promise<Runner> => {
  const wanted = sandbox === "auto" ? ["bubblewrap", "quickjs"] : [sandbox];
  let reason: string | true = "it is not known";
  for (const isolation of wanted) {
    const runner = Object.values(runners).find((one) => one.isolation === isolation);
    reason = (await runner?.available()) ?? reason;
    if (runner && reason === true) return runner;
  }
  throw refuse("enclave.sandbox", { sandbox, reason: String(reason) });
};

/** Calls wait for the agent, whose own calls go over the same channel. */
const holder: { channel?: Channel } = {};
const call = (method: string, params: object, body?: AsyncIterable<Uint8Array>) => {
  if (!holder.channel) throw new Error("the channel is not open yet");
  return holder.channel.call(method, params, body);
};

const openAgent = async () =>
  createAgent({
    program: await readFile(resolve(program)),
    directory,
    ledger,
    provider: await openProvider(directory),
    runner: await chooseRunner(),
    limits: { seconds, memory, output },
    clock: systemClock,
    async *read(digest) {
      yield* (await call("read", { digest })).body;
    },
    async write(content) {
      await call("write", {}, content);
    },
  });
/** Where there can be no agent, whoever asks for anything is told why. */
const refusing = (error: unknown): Record<string, Handler> => {
  if (!(error instanceof Refusal)) throw error;
  const refusal: Handler = () => Promise.reject(error);
  return Object.fromEntries(Object.keys(enclaveMethods).map((method) => [method, refusal]));
};

const agent = await openAgent().catch(refusing);
holder.channel = createChannel(process.stdin, process.stdout, agent, 1);
// The channel's end is the server's end: nothing here outlives it.
await holder.channel.closed;
process.exit(0);
