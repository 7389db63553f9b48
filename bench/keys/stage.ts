/** A platform with key nodes, an organisation that uses them, and what its processes take. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromHex } from "../../src/base/bytes.ts";
import { schemes } from "../../src/mpc/schemes/registry.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { type Platform, startPlatform } from "../../test/support/platform.ts";
import { memoryOf, type Process, processorOf, treeOf } from "../../test/support/processes.ts";
import {
  createTreasury,
  listen,
  type News,
  newKey,
  requestSignatures,
  settledKey,
  settledRequest,
  type Treasury,
  type TreasuryKey,
} from "../../test/support/treasury.ts";

export interface Stage extends Treasury {
  readonly platform: Platform;
  readonly news: News;
}
export interface StageOptions {
  /** Key nodes. */
  readonly nodes: number;
  /** Without the optional native packages. */
  readonly portable?: boolean;
}

const PORTABLE = fileURLToPath(new URL("portable-up.ts", import.meta.url));
const MB = 1_000_000;

export const withStage = async <T>(
  { nodes, portable = false }: StageOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  const settings = { "key-nodes": String(nodes), "rate-limit": "1000000", "rate-burst": "1000000" };
  const data = join(directory, "data");
  const platform = await startPlatform({ data, settings, ...(portable && { program: PORTABLE }) });
  try {
    const treasury = await createTreasury(platform, join(directory, "profiles"));
    const news = listen(treasury.party);
    try {
      return await work({ ...treasury, platform, news });
    } finally {
      await news.close();
    }
  } finally {
    await platform.stop();
    await rm(directory, { recursive: true, force: true });
  }
};

/** @param nodes the first so many of the stage's */
export const makeKey = async (stage: Stage, scheme: KeyScheme, threshold: number, nodes: number) => {
  const id = await newKey(stage, scheme, threshold, stage.nodes.slice(0, nodes));
  const key = await settledKey(stage, id, { news: stage.news });
  if (key.state !== "enabled") throw new Error(`a key is ${key.state}: ${key.failure?.code}`);
  return key;
};

export interface Signed {
  readonly key: TreasuryKey;
  readonly digests: readonly string[];
  readonly signatures: readonly string[];
}

/** Of digests that nobody has seen. @throws Error where the nodes do not sign */
export const signOnce = async (stage: Stage, key: TreasuryKey, count = 1): Promise<Signed> => {
  const digests = Array.from({ length: count }, () => randomBytes(32).toString("hex"));
  const { resource } = await requestSignatures(stage, key.stream, digests);
  const { state, failures, signatures } = await settledRequest(stage, resource.stream, { news: stage.news });
  if (!signatures) throw new Error(`a request is ${state}: ${failures[0]?.code}`);
  return { key, digests, signatures };
};

/** @throws Error where one does not hold */
export const verifySigned = ({ key, digests, signatures }: Signed): void => {
  const scheme = schemes.get(key.scheme);
  const holds = (digest: string, i: number) =>
    scheme?.verify(fromHex(key.publicKey ?? ""), fromHex(digest), fromHex(signatures[i] ?? ""));
  if (!digests.every(holds)) throw new Error(`a signature of ${key.id} is wrong`);
};

/** Calls `work` so many times, `abreast` at a time. @returns seconds */
export const inParallel = async (times: number, abreast: number, work: (i: number) => Promise<unknown>) => {
  let next = 0;
  const worker = async () => {
    while (next < times) await work(next++);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: abreast }, worker));
  return (performance.now() - began) / 1_000;
};

export const isKeyNode = ({ command }: Process): boolean => command.includes("keynode.mjs");

/** Seconds of processor of the server and its key nodes so far. */
export const processorSeconds = ({ platform }: Stage) => {
  const tree = treeOf(platform.pid);
  const sum = (processes: readonly Process[]) => processes.reduce((all, { pid }) => all + processorOf(pid), 0);
  return { server: processorOf(platform.pid), nodes: sum(tree.filter(isKeyNode)) };
};

/** Resident memory: `rss` counts what processes share once for each of them, `pss` divides it among them. Megabytes. */
export const memory = async (processes: readonly Process[]): Promise<{ rss: number; pss: number }> => {
  const rss = await Promise.all(
    processes.map(async ({ pid }) => {
      const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
      return Number(kilobytes) * 1024;
    }),
  );
  return { rss: rss.reduce((sum, one) => sum + one, 0) / MB, pss: memoryOf(processes) / MB };
};
