/** Every text that the console shows stands there in both languages: `t("English", "中文")`. */
import ts from "typescript";
import { filesOf, textOf } from "../tree.ts";
import { disagreements } from "./languages.ts";

const HAN = /\p{Script=Han}/u;
/** Functions that take the two texts, one after the other. */
const PAIRED = new Set(["t", "label"]);
/** The name of the house is the same in both. */
const SAME = new Set(["Entente 协约", "中文", " · Entente 协约"]);

/** @returns one line a text that lacks a language or a placeholder */
export const consoleTexts = (top: string): string[] =>
  filesOf(top)
    .filter((file) => /^src\/console\/.*\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .flatMap((file) => textsOf(file, textOf(top, file) ?? ""));

const textsOf = (file: string, text: string): string[] => {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true, kind);
  const found: string[] = [];
  /** Texts that stand in a pair. */
  const paired = new Set<ts.Node>();
  const where = (node: ts.Node, said: string): string =>
    `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${JSON.stringify(said)}`;

  const pairsIn = (nodes: readonly ts.Node[], named: boolean): void => {
    for (const [index, node] of nodes.entries()) {
      const next = nodes[index + 1];
      const [en, zh] = [literal(node), next && literal(next)];
      if (en === undefined || zh === undefined || !next || !(named ? index === 0 : HAN.test(zh) && !HAN.test(en)))
        continue;
      paired.add(node).add(next);
      found.push(...disagreements(where(node, en), en, zh, true));
    }
  };

  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node))
      pairsIn(node.arguments, ts.isIdentifier(node.expression) && PAIRED.has(node.expression.text));
    if (ts.isArrayLiteralExpression(node)) pairsIn(node.elements, false);
    if (ts.isPropertyAssignment(node) && /^"?zh(-CN)?"?$/.test(node.name.getText())) paired.add(node.initializer);
    const said = ts.isJsxText(node) ? node.text.trim() : literal(node);
    if (said !== undefined && !paired.has(node) && !SAME.has(said) && alone(node, said))
      found.push(`${where(node, said)}: one language alone; say it with t("…", "…")`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Chinese anywhere; words between tags, but a name such as APPID. */
const alone = (node: ts.Node, said: string): boolean =>
  HAN.test(said) || (ts.isJsxText(node) && /[a-z]{2}/.test(said) && !SAME.has(said));

const literal = (node: ts.Node): string | undefined =>
  ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) ? node.text : undefined;
