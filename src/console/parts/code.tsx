/** Code that others wrote: its lines with their numbers, and differences as `diff -u` has them. */
import { harmless } from "./harmless.ts";
import "./content.css";

/** So many lines are laid out; what is longer is said to be. */
const MOST = 5_000;

interface CodeProps {
  /** Of the file. */
  readonly name: string;
  readonly text: string;
  readonly more: (left: number) => string;
}

export const Code = ({ name, text, more }: CodeProps) => {
  const lines = harmless(text).replace(/\n$/, "").split("\n");
  const shown = lines.slice(0, MOST);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section className="code code-lines" tabIndex={0} aria-label={name}>
      <pre aria-hidden className="code-numbers">
        {shown.map((_, i) => i + 1).join("\n")}
      </pre>
      <pre>{shown.join("\n")}</pre>
      {lines.length > MOST && <div className="muted">{more(lines.length - MOST)}</div>}
    </section>
  );
};

const kindOf = (line: string): string => {
  if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("@@")) return "diff-head";
  if (line.startsWith("+")) return "diff-added";
  return line.startsWith("-") ? "diff-removed" : "";
};

export const Diff = ({ name, text }: { name: string; text: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
  <section className="code" tabIndex={0} aria-label={name}>
    <pre>
      {harmless(text)
        .split("\n")
        .slice(0, MOST)
        .map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves
          <span key={i} className={kindOf(line)}>
            {`${line}\n`}
          </span>
        ))}
    </pre>
  </section>
);
