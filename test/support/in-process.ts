/** The platform in this very process, on a temporary directory, with a clock that tests move; its enclave is real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentProgram } from "../../scripts/bundle.ts";
import { type PlatformOptions, type Running, rebuildViews, startPlatform } from "../../src/compose.ts";
import { loadConfig } from "../../src/platform/config/load.ts";
import { type Client, createClient } from "../../src/sdk/client.ts";
import { type VerifiedEnclave, verifyEnclave } from "../../src/sdk/workflows/index.ts";
import type { MovableClock } from "./stage.ts";

export interface TestPlatform {
  /** What it is started with. */
  readonly options: PlatformOptions;
  /** Changes with each start. */
  readonly url: string;
  readonly data: string;
  readonly clock: MovableClock;
  /** Of the operator. */
  readonly operator: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly office: Client;
  /** Of nobody. */
  readonly anyone: Client;
  readonly enclave: VerifiedEnclave;
  /** The key service itself; where key nodes run. */
  readonly keyService: Running["keys"];
  /** Address of the key service; undefined where no key nodes run. */
  readonly keys: string | undefined;
  /** Starts on the same data. @param settings that are other than before, for this once; @param change so too */
  start(settings?: Readonly<Record<string, string>>, change?: Partial<PlatformOptions>): Promise<void>;
  /** Leaves the data. */
  halt(): Promise<void>;
  /** Makes the computed tables again; only while it is halted. */
  rebuild(): Promise<{ streams: number; entries: number }>;
  /** Takes the data away too. */
  stop(): Promise<void>;
}

export interface TestPlatformOptions {
  /** As in the configuration: "" for SQLite. */
  readonly database?: string;
  /** Settings by their flags' names. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Runs with the machine's clock, as far ahead of it (or behind) as it was moved: the enclave's own cannot be moved. */
const clockBeside = (): MovableClock => {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms;
    },
  };
};

/** Tests ask more often than people do. */
const UNHURRIED = { "rate-limit": "1000000", "rate-burst": "1000000", "sign-in-limit": "10000" };

export const openPlatform = async ({
  database = "",
  settings = {},
}: TestPlatformOptions = {}): Promise<TestPlatform> => {
  const data = mkdtempSync(join(tmpdir(), "entente-platform-"));
  const clock = clockBeside();
  const flags = {
    data,
    port: "0",
    database,
    "log-level": "silent",
    "shutdown-grace": "0",
    "key-nodes": "0",
    "key-port": "0",
    ...UNHURRIED,
    ...settings,
  };
  const options: PlatformOptions = {
    config: loadConfig({ flags }),
    clock,
    version: "test",
    enclaveCommand: [process.execPath, await currentProgram("enclave")],
    keyNodeCommand: "key-nodes" in settings ? [process.execPath, await currentProgram("keynode")] : [],
  };
  let running: Running | undefined = await startPlatform(options);
  const { admin: operator } = running;
  if (!operator) throw new Error("a new platform gives its operator a key");
  const at = () => {
    if (!running) throw new Error("the platform does not run");
    return { url: running.url, now: clock.now };
  };
  const verify = () =>
    verifyEnclave(createClient({ ...at(), credentials: operator }), running?.enclave.stream ?? "", { enclaves: "any" });
  let enclave = await verify();
  const halt = async () => {
    await running?.close();
    running = undefined;
  };

  return {
    options,
    data,
    clock,
    operator,
    get url() {
      return at().url;
    },
    get office() {
      return createClient({ ...at(), credentials: operator });
    },
    get anyone() {
      return createClient(at());
    },
    get keys() {
      return running?.keys?.url;
    },
    get enclave() {
      return enclave;
    },
    get keyService() {
      return running?.keys;
    },
    async start(settings = {}, change = {}) {
      const config = loadConfig({ flags: { ...flags, ...settings } });
      running = await startPlatform({ ...options, config, ...change });
      enclave = await verify();
    },
    halt,
    rebuild: () => rebuildViews(options),
    async stop() {
      await halt();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
