/** Runs one command line: finds the command, shows its answer or its refusal, and says with which status to exit. */
import { explain, type Language, Refusal } from "../base/refusal.ts";
import "../enclave/protocol/refusals.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands/index.ts";
import { createContext } from "./context.ts";
import { refuse } from "./errors.ts";
import { commandHelp, programHelp, resourceHelp } from "./help.ts";
import { findCommand, parseGiven } from "./parse.ts";
import { show } from "./show.ts";
import { printable, safeJson } from "./table.ts";
import { languageIn, say, text } from "./text.ts";

/** 0 done, 1 refused, 2 wrong use, 3 no connection. */
export type ExitStatus = 0 | 1 | 2 | 3;

export interface Terminal {
  out(line: string): void;
  error(line: string): void;
}

export const runCommandLine = async (words: readonly string[], terminal: Terminal): Promise<ExitStatus> => {
  const language = languageIn(words);
  const json = words.includes("--json");
  try {
    const found = findCommand(commands, words);
    if (!found) return showHelp(words, language, terminal);
    const { command, rest } = found;
    const given = parseGiven(command, rest);
    if (given.flags.help === true) {
      terminal.out(commandHelp(command, language));
      return 0;
    }
    const context = createContext({ given, language, print: terminal.out, note: terminal.error });
    const answer = await command.run(context, given);
    if (json && answer !== undefined) terminal.out(safeJson(answer));
    else if (answer !== undefined) terminal.out(show(answer, command.words[0], language));
    else if (json && isSilent(command)) terminal.out("{}");
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    terminal.error(json ? refusalJson(error, language) : refusalText(error, language));
    return statusOf(error);
  }
};

/** Commands whose only answer is that it was done. */
const isSilent = ({ words }: Command): boolean => words[0] === "users" || words[0] === "access-keys";

const showHelp = (words: readonly string[], language: Language, { out }: Terminal): ExitStatus => {
  const [resource = ""] = words;
  if (resource === "" || resource === "help" || resource.startsWith("-")) {
    out(programHelp(commands, language));
    return 0;
  }
  const own = commands.filter((command) => command.words[0] === resource);
  const [, action = ""] = words;
  if (own.length > 0 && (action === "" || action.startsWith("-"))) {
    out(resourceHelp(resource, own, language));
    return 0;
  }
  const called = own.length > 0 ? `${resource} ${action}` : resource;
  throw refuse("usage.command", { command: called, hint: hintFor(words, own, language) });
};

const NEAR = text("Do you mean `{near}`? See `entente --help`.", "您是指 `{near}` 吗？请查看 `entente --help`。");
const SEE = text("See `entente --help`.", "请查看 `entente --help`。");

const hintFor = ([resource = "", action = ""]: readonly string[], own: readonly Command[], language: Language) => {
  const known = own.length > 0 ? own.map(({ words }) => words[1] ?? "") : commands.map(({ words }) => words[0]);
  const near = nearest(own.length > 0 ? action : resource, known);
  if (near === undefined) return say(SEE, language);
  return say(NEAR, language, { near: own.length > 0 ? `entente ${resource} ${near}` : `entente ${near}` });
};

/** The word that differs in the fewest letters, if they are few. */
export const nearest = (word: string, among: readonly string[]): string | undefined => {
  const ranked = [...new Set(among)].map((other) => ({ other, distance: distanceOf(word, other) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.other : undefined;
};

/** Levenshtein. */
const distanceOf = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

const CONNECTION = ["server.unreachable", "server.answer"];

const statusOf = ({ code }: Refusal): ExitStatus => {
  if (CONNECTION.includes(code)) return 3;
  return code.startsWith("usage.") ? 2 : 1;
};

/** The server's own words where it spoke, else those of the catalogue. */
const wordsOf = ({ code, details, message }: Refusal, language: Language): string => {
  const known = explain(code, details, language);
  return known === code || /\{\w+\}/.test(known) ? message : known;
};

/** A server's words are shown, not obeyed: no control character reaches the terminal. */
const refusalText = (error: Refusal, language: Language): string =>
  printable(`${error.code}: ${wordsOf(error, language)}`);

const refusalJson = (error: Refusal, language: Language): string => {
  const { code, status, details } = error;
  return safeJson({ error: { code, status, text: wordsOf(error, language), details } });
};
