/** Where a demo keeps everything. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { refuse } from "./errors.ts";

/** @param data an empty or new directory; a temporary one where it is undefined @throws Refusal demo.directory */
export const newHome = (data: string | undefined): { home: string; profiles: string } => {
  const home = data === undefined ? mkdtempSync(join(tmpdir(), "entente-demo-")) : resolve(data);
  if (existsSync(home) && readdirSync(home).length > 0) throw refuse("demo.directory", { directory: home });
  const profiles = join(home, "profiles");
  mkdirSync(profiles, { recursive: true, mode: 0o700 });
  return { home, profiles };
};
