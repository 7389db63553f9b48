/**
 * The key node program. Bundled into one reproducible file.
 * Usage: keynode.mjs CONFIGURATION (JSON in base64url, protocol/configuration.ts); it speaks its protocol on standard input and output.
 */
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { sha384 } from "#crypto";
import { fromBase64url, fromUtf8, toHex, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { systemClock } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { openProvider } from "../tee/attestation/registry.ts";
import { createChannel, type Handler } from "../tee/protocol/channel.ts";
import { type Components, measurementOf } from "../trust/attestation/measurement.ts";
import { createKeyNode } from "./node.ts";
import { Configuration } from "./protocol/configuration.ts";
import { keyNodeMethods } from "./protocol/messages.ts";

const [program = "", given = ""] = process.argv.slice(1);
const {
  directory: parent,
  attestation,
  ...configuration
} = Configuration.parse(JSON.parse(fromUtf8(fromBase64url(given))));

/**
 * Curves are faster in native packages, where a machine has them: code that is not in the bundle, so it is measured as it
 * was loaded. That the disk stays as it was is for the machine's image to give.
 */
const loadedBeside = async (): Promise<Components> => {
  const files = Object.keys(createRequire(import.meta.url).cache).sort();
  const digests = await Promise.all(files.map(async (file) => toHex(sha384(await readFile(file)))));
  return files.length === 0 ? {} : { native: toHex(sha384(utf8(canonical(digests.sort())))) };
};

const open = async (): Promise<Record<string, Handler>> => {
  const components = { program: toHex(sha384(await readFile(resolve(program)))), ...(await loadedBeside()) };
  // A state of its own for each: another measurement is another node, and going back finds the one before.
  const directory = join(parent, measurementOf(components).slice(0, 16));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const node = await createKeyNode({
    ...configuration,
    components,
    directory,
    provider: await openProvider(directory, attestation),
    clock: systemClock,
    // The caller is told first; the server starts the program again.
    onLost: () => setTimeout(() => process.exit(1), 100),
  });
  return node.handlers;
};

/** Where there can be no node, whoever asks for anything is told why. */
const refusing = (error: unknown): Record<string, Handler> => {
  if (!(error instanceof Refusal)) throw error;
  const refusal: Handler = () => Promise.reject(error);
  return Object.fromEntries(Object.keys(keyNodeMethods).map((method) => [method, refusal]));
};

const handlers = await open().catch(refusing);
const channel = createChannel(process.stdin, process.stdout, handlers, 1);
// The channel's end is the server's end: nothing here outlives it.
await channel.closed;
process.exit(0);
