/**
 * Markdown that others wrote, as far as a description needs it: headings, lists, code, quotes, emphasis. It makes React
 * elements only, so nothing in it becomes markup; addresses are shown, not linked.
 */
import { Fragment, type ReactNode } from "react";
import { harmless } from "./harmless.ts";
import "./content.css";

type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "quote" | "text"; readonly text: string };

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const QUOTE = /^\s*>\s?/;
const ROW = /^\s*\|.*\|\s*$/;
const begins = (line: string) => [ITEM, FENCE, HEADING, QUOTE, ROW].some((pattern) => pattern.test(line));

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());

export const blocksOf = (markdown: string): Block[] => {
  const lines = harmless(markdown).replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  const takeWhile = (belongs: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && belongs(lines[at] ?? "")) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = HEADING.exec(line);
    if (line.trim() === "") at++;
    else if (FENCE.test(line)) {
      at++;
      blocks.push({ kind: "code", text: takeWhile((one) => !FENCE.test(one)).join("\n") });
      at++;
    } else if (heading) {
      at++;
      blocks.push({ kind: "heading", level: (heading[1] ?? "").length, text: heading[2] ?? "" });
    } else if (ITEM.test(line)) {
      const items: string[] = [];
      for (const one of takeWhile((l) => ITEM.test(l) || (/^\s+\S/.test(l) && !FENCE.test(l)))) {
        const [, , text] = ITEM.exec(one) ?? [];
        if (text === undefined) items.push(`${items.pop() ?? ""} ${one.trim()}`);
        else items.push(text);
      }
      blocks.push({ kind: "list", ordered: /^\s*\d/.test(line), items });
    } else if (QUOTE.test(line))
      blocks.push({
        kind: "quote",
        text: takeWhile((one) => QUOTE.test(one))
          .map((one) => one.replace(QUOTE, ""))
          .join(" "),
      });
    else if (ROW.test(line)) {
      const rows = takeWhile((one) => ROW.test(one)).map(cellsOf);
      blocks.push({ kind: "table", rows: rows.filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell))) });
    } else {
      at++;
      const rest = takeWhile((one) => one.trim() !== "" && !begins(one));
      blocks.push({ kind: "text", text: [line, ...rest].join("\n") });
    }
  }
  return blocks;
};

const INLINE = /(`[^`\n]+`|\*\*[^*\n]+\*\*|\*[^*\s][^*\n]*\*)/;

/** Of a link its words, and where it leads where that is not a place beside it. */
const unlinked = (text: string): string =>
  text.replace(/\[([^\]\n]+)\]\(([^()\s]*)\)/g, (_, words: string, to: string) =>
    /^[a-z]+:/i.test(to) && words !== to ? `${words} (${to})` : words,
  );

const inline = (text: string): ReactNode =>
  unlinked(text)
    .split(INLINE)
    .map((part, i) => {
      const key = `${i}`;
      if (/^`.+`$/.test(part)) return <code key={key}>{part.slice(1, -1)}</code>;
      if (/^\*\*.+\*\*$/.test(part)) return <strong key={key}>{part.slice(2, -2)}</strong>;
      if (/^\*.+\*$/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>;
      return <Fragment key={key}>{part}</Fragment>;
    });

const Shown = ({ block }: { block: Block }) => {
  switch (block.kind) {
    case "heading": {
      // Below the page's own h1 and h2.
      const Heading = (["h3", "h4", "h5"] as const)[Math.min(block.level, 3) - 1] ?? "h5";
      return <Heading className={`markdown-h${Math.min(block.level, 3)}`}>{inline(block.text)}</Heading>;
    }
    case "code":
      return <pre className="code">{block.text}</pre>;
    case "list": {
      const Tag = block.ordered ? "ol" : "ul";
      return (
        <Tag>
          {block.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves
            <li key={i}>{inline(item)}</li>
          ))}
        </Tag>
      );
    }
    case "table":
      return (
        <table>
          <tbody>
            {block.rows.map((cells, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves
              <tr key={i}>
                {cells.map((cell, j) => {
                  const Cell = i === 0 ? "th" : "td";
                  // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves
                  return <Cell key={j}>{inline(cell)}</Cell>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "quote":
      return <blockquote>{inline(block.text)}</blockquote>;
    case "text":
      return <p>{inline(block.text)}</p>;
  }
};

export const Markdown = ({ children }: { children: string }) => (
  <div className="markdown">
    {blocksOf(children).map((block, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves
      <Shown key={i} block={block} />
    ))}
  </div>
);
