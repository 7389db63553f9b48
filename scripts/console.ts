/** `npm run console`: the console's bundle, in dist/console. Made again only when its sources have changed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";
import { root } from "./tree.ts";

/** A folder for each state of the sources: programs that start at the same time read one that nobody replaces. */
const OUT = join(root, "dist", "console");

/** Folders of src/ that it is made of. */
const SOURCES = ["console", "base", "trust", "rules", "contract", "evidence", "sdk", "sample", "mpc", "policy"];

/** What the sample consortium brings. */
const SAMPLES = ["data/breast-cancer", "models/logistic-regression"].flatMap((folder) =>
  readdirSync(join(root, "examples", folder)).map((file) => join("examples", folder, file)),
);

const ROUTES = join(root, "src", "console", "routes.ts");

/** The routes are computed here, so that no page loads the whole contract to know them. */
const routesInPlace: Plugin = {
  name: "entente-routes",
  enforce: "pre",
  async load(id) {
    if (id !== ROUTES) return undefined;
    const { routes } = (await import(pathToFileURL(ROUTES).href)) as typeof import("../src/console/routes.ts");
    return { code: `export const routes = ${JSON.stringify(routes)};`, moduleType: "js" };
  },
};

/** @returns the folder, with `index.html` and `assets/` */
export const buildConsole = async (): Promise<string> => {
  const [{ build }, { default: react }] = await Promise.all([import("vite"), import("@vitejs/plugin-react")]);
  const made = madeOf(sourcesDigest());
  const fresh = `${made}.${process.pid}`;
  await build({
    configFile: false,
    root: join(root, "src", "console"),
    logLevel: "error",
    plugins: [react(), routesInPlace],
    // As in browsers, whatever runs the build: `#crypto` is then the one without Node.js.
    resolve: { conditions: ["module", "browser", "production"], alias: { events: "bare-events" } },
    build: {
      outDir: fresh,
      emptyOutDir: true,
      target: "es2023",
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2_000,
      reportCompressedSize: false,
    },
  });
  try {
    renameSync(fresh, made);
  } catch (error) {
    if (!existsSync(made)) throw error;
    // Another program was faster.
    rmSync(fresh, { recursive: true });
  }
  for (const old of readdirSync(OUT))
    if (!old.startsWith(basename(made)) && isOld(join(OUT, old))) rmSync(join(OUT, old), { recursive: true });
  return made;
};

const madeOf = (sources: string): string => join(OUT, sources.slice(0, 16));

/** Not made for another version of the sources a moment ago. */
const isOld = (folder: string): boolean => Date.now() - statSync(folder).mtimeMs > 600_000;

export const currentConsole = async (): Promise<string> => {
  const made = madeOf(sourcesDigest());
  return existsSync(made) ? made : buildConsole();
};

const sourcesDigest = (): string => {
  const hash = createHash("sha256");
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(root, "src", folder), { recursive: true, encoding: "utf8" })
      .sort()
      .map((file) => join("src", folder, file)),
  );
  for (const file of [...files, ...SAMPLES, "package-lock.json", join("scripts", "console.ts")]) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
};

if (import.meta.main) console.log(await buildConsole());
