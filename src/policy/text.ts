/**
 * What a policy's text has to be before the engine is given it. The engine is WebAssembly and recurses: a text that
 * nests too deeply overflows its stack, after which no later answer of the same process can be relied on. A few hundred
 * brackets do that, so they are counted here.
 */
import type { KeyPolicy } from "../rules/key-group.ts";
import { refuse } from "./errors.ts";

/** Measured: the engine overflows above 350 operators in a row, or 100 nested sets. Both together stay below half. */
const MAX_WORDS = 250;
const MAX_DEPTH = 12;
/** Of one text: a pattern is compared with a message in time that grows with the product of their lengths. */
const MAX_TEXT = 1_024;

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Controls but tab and line feed, characters that turn the direction of text, and such that have no width. */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]/u;
/** Texts, entities and commas don't nest; everything else may. */
const TOKEN = /\/\/[^\n]*|(?:\w+::)*"(?:[^"\\]|\\[\s\S])*"|,|\s+|(\w+|&&|\|\||[=!<>]=|::|[\s\S])/g;
/** Addresses, selectors and digests come in lower case. */
const UPPER_HEX = /"(?:[^"\\]|\\[\s\S])*0(?:X|x[0-9a-f]*[A-F])(?:[^"\\]|\\[\s\S])*"/;

/** @param at index into the text, in UTF-16 units */
const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Line and character in it, both from 1. @param offset in bytes of UTF-8, as the engine counts */
export const placeOf = (text: string, offset: number): { line: number; column: number } => {
  const lines = new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, offset)).split("\n");
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
};

/** @throws Refusal policy.ids, policy.unprintable, policy.upper-case, policy.too-complex */
export const requireText = (policies: readonly KeyPolicy[]): void => {
  const ids = new Set<string>();
  for (const { id, text } of policies) {
    if (!ID.test(id) || ids.has(id)) throw refuse("policy.ids", { policy: id.slice(0, 64) });
    ids.add(id);
    const unprintable = text.search(UNPRINTABLE);
    if (unprintable >= 0) throw refuse("policy.unprintable", { policy: id, line: lineAt(text, unprintable) });
    requireSimple(id, text);
  }
};

const requireSimple = (id: string, text: string): void => {
  let words = 0;
  let depth = 0;
  for (const { 0: token, 1: word, index } of text.matchAll(TOKEN)) {
    if (!token.startsWith("//") && UPPER_HEX.test(token))
      throw refuse("policy.upper-case", { policy: id, line: lineAt(text, index), text: token.slice(0, 80) });
    const long = token.length > MAX_TEXT && token.endsWith('"');
    if (word !== undefined) words++;
    if (word !== undefined && "([{".includes(word)) depth++;
    if (word !== undefined && ")]}".includes(word)) depth--;
    if (long || words > MAX_WORDS || depth > MAX_DEPTH)
      throw refuse("policy.too-complex", { policy: id, words: MAX_WORDS, depth: MAX_DEPTH, characters: MAX_TEXT });
  }
};
