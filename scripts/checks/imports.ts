/** The directions of import, by dependency-cruiser; .dependency-cruiser.mjs states them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { filesOf, root } from "../tree.ts";

interface Cruise {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string; readonly dependencyTypes: readonly string[] }[];
  }[];
  readonly summary: {
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
      readonly cycle?: readonly { readonly name: string }[];
    }[];
  };
}

/** Pillars know one another by ports only; one file joins them. */
const PILLAR = /^src\/(?:ledger|compute|keys)(?=\/)/;
const WIRING = /^src\/compose\.ts$|\.test\.ts$/;

/** @returns one line a violation in `src/` of a tree */
export const importDirections = async (top: string): Promise<string[]> => judge(await cruise(top), filesOf(top));

/**
 * What a cruise found, and the modules it did not see: without its parser, dependency-cruiser sees nothing and reports
 * no violation.
 */
export const judge = ({ modules, summary }: Cruise, files: readonly string[]): string[] => {
  const cruised = new Set(modules.map(({ source }) => source));
  const unseen = files.filter((file) => /^src\/.*\.tsx?$/.test(file) && !cruised.has(file));
  return [
    ...unseen.map((file) => `${file} was not cruised: is the package typescript, version 6, installed?`),
    ...summary.violations.map(
      ({ rule, from, to, cycle }) => `${rule.name}: ${from} -> ${cycle?.map(({ name }) => name).join(" -> ") ?? to}`,
    ),
    ...modules.flatMap(severalPillars),
  ];
};

/** Types do not count: a port is described by them. */
const severalPillars = ({ source, dependencies }: Cruise["modules"][number]): string[] => {
  if (WIRING.test(source)) return [];
  const values = dependencies.filter(({ dependencyTypes }) => !dependencyTypes.includes("type-only"));
  const pillars = new Set(
    [source, ...values.map(({ resolved }) => resolved)].flatMap((file) => PILLAR.exec(file) ?? []),
  );
  return pillars.size > 1 ? [`compose-wires: ${source} -> ${[...pillars].sort().join(", ")}`] : [];
};

/** Runs dependency-cruiser over `src/` of a tree. */
export const cruise = (top: string): Promise<Cruise> =>
  new Promise((resolve, reject) => {
    const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const args = [program, "src", "--config", join(root, ".dependency-cruiser.mjs"), "--output-type", "json"];
    execFile(process.execPath, args, { cwd: top, maxBuffer: 256 << 20 }, (error, stdout, stderr) => {
      // Its status is the number of violations; the answer is on the output either way.
      if (stdout.startsWith("{")) resolve(JSON.parse(stdout) as Cruise);
      else reject(new Error(`dependency-cruiser failed: ${stderr || stdout || String(error)}`));
    });
  });
