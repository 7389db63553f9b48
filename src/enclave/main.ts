/**
 * The enclave program. Bundled into one reproducible file.
 * Usage: enclave.mjs CONFIGURATION (JSON in base64url, protocol/configuration.ts); it speaks its protocol on standard input and output.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { z } from "zod";
import { sha384 } from "#crypto";
import { fromBase64url, fromUtf8, toHex, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { systemClock } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { openProvider } from "../tee/attestation/registry.ts";
import { readIfThere, writeDurably } from "../tee/files.ts";
import { type Channel, createChannel, type Handler } from "../tee/protocol/channel.ts";
import { type Components, measurementOf } from "../trust/attestation/measurement.ts";
import { createAgent } from "./agent/agent.ts";
import { refuse } from "./errors.ts";
import { restrictNetwork } from "./network.ts";
import { Configuration } from "./protocol/configuration.ts";
import { enclaveMethods } from "./protocol/messages.ts";
import { type Cgroups, openCgroups } from "./runners/bubblewrap/cgroups.ts";
import { runnersOf } from "./runners/registry.ts";
import type { Isolation, Runner } from "./runners/runner.ts";

// V8 counts the columns that lie beside its heap towards the heap's limit, which follows from what is in it: little. Each
// table would have all of it marked, several times, while others wait for the processors.
setFlagsFromString("--heap-growing-percent=300");

const [program = "", given = ""] = process.argv.slice(1);
const configuration = Configuration.parse(JSON.parse(fromUtf8(fromBase64url(given))));

/**
 * The runners of the first isolation in which JavaScript runs; the founding statement says which it was. They are part
 * of what the enclave is measured as, so what was chosen at the first start stays: one that does not work today is no
 * reason to become another enclave.
 */
const chooseRunners = async (
  cgroups: Cgroups | undefined,
): Promise<{ isolation: Isolation; runners: Record<string, Runner> }> => {
  const { sandbox, python } = configuration;
  const file = join(configuration.directory, "runners.json");
  const before = Chosen.optional().parse(JSON.parse((await readIfThere(file))?.toString() ?? "null") ?? undefined);
  const isolations = before ? [before.isolation] : (["bubblewrap", "quickjs"] as const);
  let reason: string | true = "it is not known";
  for (const isolation of sandbox === "auto" ? isolations : [sandbox]) {
    const known = runnersOf(isolation, { python, cgroups });
    reason = (await known.javascript?.available()) ?? reason;
    if (reason !== true) continue;
    if (cgroups && isolation !== "bubblewrap")
      throw refuse("enclave.cgroup", { reason: `models would run in ${isolation}, which has no processes to limit` });
    const wanted = isolation === before?.isolation ? [...before.runners, ...(python ? ["python"] : [])] : undefined;
    const runners = await availableOf(known, wanted);
    await mkdir(configuration.directory, { recursive: true, mode: 0o700 });
    await writeDurably(file, utf8(JSON.stringify({ isolation, runners: Object.keys(runners) })));
    return { isolation, runners };
  }
  throw refuse("enclave.sandbox", { sandbox, reason: String(reason) });
};

const Chosen = z.object({ isolation: z.enum(["bubblewrap", "quickjs"]), runners: z.array(z.string()) });

/** @param wanted those that have to work; where it is absent, those that do. @throws Refusal enclave.sandbox */
const availableOf = async (
  known: Record<string, Runner>,
  wanted?: readonly string[],
): Promise<Record<string, Runner>> => {
  const asked = await Promise.all(
    Object.entries(known)
      .filter(([id]) => wanted?.includes(id) ?? true)
      .map(async ([id, runner]) => ({ id, runner, available: await runner.available() })),
  );
  for (const { id, available } of asked) {
    if (available === true) continue;
    if (wanted) throw refuse("enclave.sandbox", { sandbox: id, reason: available });
    process.stderr.write(`no models for ${id}: ${available}\n`);
  }
  return Object.fromEntries(asked.flatMap(({ id, runner, available }) => (available === true ? [[id, runner]] : [])));
};

/** @throws Refusal enclave.cgroup: never in silence without limits that were asked for */
const openLimits = async (): Promise<Cgroups | undefined> => {
  if (!configuration.cgroup) return undefined;
  const cgroups = await openCgroups(configuration.cgroup);
  if (typeof cgroups === "string") throw refuse("enclave.cgroup", { reason: cgroups });
  return cgroups;
};

/** Everything that decides what this enclave does with what is sealed to it. */
const componentsOf = async (runners: Record<string, Runner>): Promise<Components> => {
  const images = await Promise.all(
    Object.entries(runners).map(async ([id, runner]) => [`runner.${id}`, await runner.imageDigest?.()] as const),
  );
  return {
    program: toHex(sha384(await readFile(resolve(program)))),
    configuration: toHex(sha384(utf8(canonical({ use: "entente/limits/1", ...configuration.limits })))),
    ...Object.fromEntries(images.flatMap(([name, digest]) => (digest === undefined ? [] : [[name, digest]]))),
  };
};

/** Calls wait for the agent, whose own calls go over the same channel. */
const holder: { channel?: Channel } = {};
const call = (method: string, params: object, body?: AsyncIterable<Uint8Array>) => {
  if (!holder.channel) throw new Error("the channel is not open yet");
  return holder.channel.call(method, params, body);
};

const openAgent = async () => {
  const { attestation, limits, ledger, networks = [] } = configuration;
  restrictNetwork(networks);
  const { isolation, runners } = await chooseRunners(await openLimits());
  const components = await componentsOf(runners);
  // A state of its own for each: another measurement is another enclave, and going back finds the one before.
  const directory = join(configuration.directory, measurementOf(components).slice(0, 16));
  return createAgent({
    components,
    directory,
    ledger,
    provider: await openProvider(directory, attestation),
    isolation,
    runners,
    limits,
    clock: systemClock,
    // The caller is told first; the server starts the program again.
    onLost: () => setTimeout(() => process.exit(1), 100),
    async *read(digest) {
      yield* (await call("read", { digest })).body;
    },
    async write(content) {
      await call("write", {}, content);
    },
  });
};
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
