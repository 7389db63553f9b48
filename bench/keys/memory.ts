/** Memory of the whole platform, enclave and three key nodes included, after a warm start and without a request. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform } from "../../test/support/platform.ts";
import { treeOf } from "../../test/support/processes.ts";
import { report } from "../support.ts";
import { isKeyNode, memory } from "./stage.ts";

const NODES = 3;
/** Milliseconds without a request before memory is read. */
const IDLE = 3_000;
const bench = "keys";

export const measureMemory = async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  const options = { data: join(directory, "data"), settings: { "key-nodes": String(NODES) } };
  try {
    // The first start may build the programs, which the memory of others is not to count.
    await (await startPlatform(options)).stop();
    const platform = await startPlatform(options);
    try {
      await sleep(IDLE);
      const tree = treeOf(platform.pid);
      const all = await memory(tree);
      const note = `PSS of ${tree.length} processes after ${IDLE / 1_000} s without a request; RSS ${Math.round(all.rss)} MB`;
      const bound = { target: 500, atMost: true, note } as const;
      report({ bench, metric: `idle memory with ${NODES} key nodes`, value: all.pss, unit: "MB", ...bound });
      const one = await memory(tree.filter(isKeyNode).slice(0, 1));
      const each = `PSS; RSS ${Math.round(one.rss)} MB`;
      report({ bench, metric: "idle memory, a key node", value: one.pss, unit: "MB", note: each });
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
