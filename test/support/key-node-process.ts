/** Key nodes as processes of this machine. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The process of a platform's node with a tag: its configuration, the last word of its command line, names it. */
export const keyNodeProcess = (platform: { readonly data: string }, tag: string): number => {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const given = JSON.parse(Buffer.from(words.at(-2) ?? "", "base64url").toString()) as {
        tag?: string;
        directory?: string;
      };
      const isIts = given.tag === tag && given.directory?.startsWith(platform.data);
      // One that has ended and was not waited for has no program.
      if (isIts && readlinkSync(`/proc/${pid}/exe`)) return Number(pid);
    } catch {
      // Another program.
    }
  }
  return assert.fail(`no process of ${tag}`);
};
