/** Folders of the cgroup file system, as an operator delegates them, where the machine lets the tests make some. */
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";

const TOP = "/sys/fs/cgroup";

/** One folder of v2, or one of each controller of v1, and how to remove them; or why there are none. */
export const delegateCgroups = (): { folders: string[]; remove(): void } | { skip: string } => {
  const controllers = existsSync(`${TOP}/cgroup.controllers`) && readFileSync(`${TOP}/cgroup.controllers`, "utf8");
  const parents = controllers ? [TOP] : ["memory", "pids", "cpu"].map((controller) => `${TOP}/${controller}`);
  const folders = parents.map((parent) => `${parent}/ententetest-${process.pid}-${Date.now()}`);
  try {
    for (const folder of folders) mkdirSync(folder);
    return {
      folders,
      remove() {
        for (const folder of folders) rmdirSync(folder);
      },
    };
  } catch (error) {
    for (const folder of folders.filter((one) => existsSync(one))) rmdirSync(folder);
    return { skip: `no cgroups can be made here: ${(error as Error).message}` };
  }
};
