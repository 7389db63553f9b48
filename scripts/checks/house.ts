/** The rules of the house that a look at the text of a file can check. */
import { filesOf, textOf } from "../tree.ts";

interface Rule {
  /** What a violation is called in the output. */
  readonly name: string;
  /** The files it holds for, without the tests among them. */
  readonly files: RegExp;
  readonly except?: RegExp;
  readonly forbidden: RegExp;
}

const TEST = /\.test\.tsx?$/;

const RULES: readonly Rule[] = [
  {
    name: "SQL belongs into *-store.ts, db/ and migrations/",
    files: /^src\/.*\.tsx?$/,
    except: /(-store\.ts$|\/db\/|\/migrations\/)/,
    forbidden: /\.(selectFrom|insertInto|replaceInto|updateTable|deleteFrom|mergeInto)\(/,
  },
  {
    name: "process.env belongs into src/platform/config",
    files: /^src\/.*\.tsx?$/,
    except: /^src\/platform\/config\//,
    forbidden: /\bprocess\.env\b|\benv\b.*\bfrom "node:process"/,
  },
  { name: "unfinished work", files: /^(src|bin|scripts)\/.*\.[jt]sx?$/, forbidden: /\b(TODO|FIXME)\b/ },
  {
    name: "type check switched off",
    files: /\.tsx?$/,
    forbidden: /@ts-(ignore|nocheck|expect-error)|\bas unknown as\b/,
  },
  {
    name: "texts are put in as text, never as HTML",
    files: /^src\/console\/.*\.tsx?$/,
    forbidden: /\b(dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/,
  },
];

/** What a merge leaves where it was not decided. */
const UNDECIDED = /^(<{7}|>{7}|\|{7}) /;

/** Paths of the machine it was written on: folders at the root that only a developer's machine has. */
const MACHINE_PATH = /(?<![\w.~-])\/(work|root)\//;

/** Lines of a file; tests, which are lists, may be longer. */
const LONGEST = 400;
const LONGEST_TEST = 500;
const CODE = /^(src|scripts|bin|bench|drill|test)\/.*\.([jt]sx?|mjs|css)$/;
/** Other people's bytes. */
const DATA = /^(package-lock\.json|test\/vectors\/|test\/fixtures\/|examples\/data\/)/;

/** @returns one line a violation: `file:line rule` */
export const houseRules = (top: string): string[] => filesOf(top).flatMap((file) => violations(top, file));

const violations = (top: string, file: string): string[] => {
  const text = DATA.test(file) ? undefined : textOf(top, file);
  if (text === undefined) return [];
  const lines = text.split("\n");
  const rules = RULES.filter(
    ({ files, except }) => files.test(file) && !TEST.test(file) && !except?.test(file) && file !== SELF,
  );
  const found = lines.flatMap((line, i) => [
    ...rules.filter(({ forbidden }) => forbidden.test(line)).map(({ name }) => `${file}:${i + 1} ${name}`),
    ...(UNDECIDED.test(line) ? [`${file}:${i + 1} a merge that was not decided`] : []),
    ...(MACHINE_PATH.test(line) ? [`${file}:${i + 1} path of a developer's machine`] : []),
  ]);
  const length = lines.length - 1;
  const longest = TEST.test(file) ? LONGEST_TEST : LONGEST;
  return CODE.test(file) && length > longest
    ? [...found, `${file} has ${length} lines; ${longest} is the most: split it by idea`]
    : found;
};

/** This file names what it forbids. */
const SELF = "scripts/checks/house.ts";
