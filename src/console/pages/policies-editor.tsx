/** A text with numbered lines; the line that is wrong is marked. A textarea and nothing else: it is the browser's own. */
import { useRef } from "react";
import { useWords } from "../preferences.tsx";

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (to: string) => void;
  readonly wrongLine?: number;
}

const LINE = 21;
const shared = {
  ...{ fontFamily: "var(--mono)", fontSize: 13, lineHeight: `${LINE}px`, padding: "10px 12px", margin: 0 },
  ...{ whiteSpace: "pre" as const, border: 0 },
};

export const Editor = ({ label, value, onChange, wrongLine }: Props) => {
  const t = useWords();
  const numbers = useRef<HTMLDivElement>(null);
  const lines = value.split("\n");
  return (
    <div
      className="editor"
      style={{
        ...{ display: "flex", borderRadius: 6, overflow: "hidden", background: "var(--back)" },
        border: `1px solid var(${wrongLine === undefined ? "--line" : "--bad"})`,
      }}
    >
      <div
        ref={numbers}
        aria-hidden
        style={{
          ...shared,
          ...{ color: "var(--muted)", textAlign: "right", userSelect: "none", overflow: "hidden", flex: "none" },
          ...{ maxHeight: LINE * 24, paddingRight: 8 },
        }}
      >
        {lines.map((_, i) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            key={i}
            style={i + 1 === wrongLine ? { color: "var(--bad)", fontWeight: 700 } : {}}
          >
            {i + 1 === wrongLine ? "▸" : ""}
            {i + 1}
          </div>
        ))}
      </div>
      <textarea
        aria-label={t("Text of {label}", "策略 {label} 的内容", { label })}
        aria-invalid={wrongLine !== undefined}
        value={value}
        rows={Math.min(24, lines.length)}
        spellCheck={false}
        autoCapitalize="off"
        onChange={({ target }) => onChange(target.value)}
        onScroll={({ currentTarget }) => {
          if (numbers.current) numbers.current.scrollTop = currentTarget.scrollTop;
        }}
        style={{
          ...shared,
          ...{
            flex: 1,
            minWidth: 0,
            resize: "none",
            background: "transparent",
            color: "var(--text)",
            overflow: "auto",
          },
        }}
      />
    </div>
  );
};
