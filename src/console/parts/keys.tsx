/** What pages about keys share: states, nodes and names, always said in the same way. */
import { Alert, Tag, Tooltip } from "antd";
import { Link } from "react-router";
import type { Text } from "../../contract/endpoint.ts";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { harmless } from "./harmless.ts";

const COLOURS: Readonly<Record<string, string>> = {
  ...{ pending: "processing", enabled: "success", disabled: "default", "deletion-scheduled": "warning" },
  ...{ deleted: "default", failed: "error", completed: "success", refused: "error", withdrawn: "default" },
  ...{ expired: "default", open: "processing", effective: "success", superseded: "default" },
};

export const StateTag = ({ state, label }: { state: string; label: Text }) => {
  const t = useWords();
  return <Tag color={COLOURS[state] ?? "default"}>{t(label)}</Tag>;
};

interface Noded {
  readonly tag: string;
  readonly stream: string;
  readonly running: boolean;
}

/** A node by its tag, and whether it is up: not by colour alone. */
export const NodeTag = ({ of: { tag, running } }: { of: Noded }) => {
  const t = useWords();
  return (
    <Tag color={running ? "success" : "error"}>
      {tag} · {running ? t("online", "在线") : t("offline", "离线")}
    </Tag>
  );
};

/** How many of them are up; which ones, on hover. */
export const NodesUp = ({ of }: { of: readonly Noded[] }) => {
  const t = useWords();
  const up = of.filter(({ running }) => running).length;
  return (
    <Tooltip
      title={of
        .map(({ tag, running }) => `${tag} · ${running ? t("online", "在线") : t("offline", "离线")}`)
        .sort()
        .join(", ")}
    >
      <Tag color={up === of.length ? "success" : "error"}>
        {t("{up} of {total} online", "{up} / {total} 在线", { up, total: of.length })}
      </Tag>
    </Tooltip>
  );
};

export const NodeTags = ({ of }: { of: readonly Noded[] }) => (
  <span className="row" style={{ gap: 4 }}>
    {[...of]
      .sort((a, b) => a.tag.localeCompare(b.tag))
      .map((node) => (
        <NodeTag key={node.stream} of={node} />
      ))}
  </span>
);

export const KeyLink = ({ of: { id, alias } }: { of: { id: string; alias: string | null } }) => (
  <Link to={`/keys/${id}`}>{alias ?? id}</Link>
);

export const GroupLink = ({ of: { id, name } }: { of: { id: string; name: string } }) => (
  <Link to={`/key-groups/${id}`}>{name}</Link>
);

/** A text of many characters: hex, PEM, JSON, what others wrote. What would have it read otherwise than it is, is made visible. */
export const Code = ({ children, lines = 12 }: { children: string; lines?: number }) => (
  <pre
    className="mono"
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
    tabIndex={0}
    style={{
      ...{ margin: 0, padding: 12, borderRadius: 6, background: "var(--back)", border: "1px solid var(--line)" },
      ...{
        whiteSpace: "pre-wrap",
        overflowWrap: "anywhere",
        maxHeight: `calc(${lines * 1.57}em + 26px)`,
        overflow: "auto",
      },
    }}
  >
    {harmless(children)}
  </pre>
);

/** Why nodes have not done yet what they are asked for; they are asked again. */
export const NotYet = ({ of: { code, text } }: { of: { readonly code: string; readonly text: Text } }) => {
  const t = useWords();
  return <Alert type="warning" title={t(text)} description={<code>{code}</code>} />;
};

const LOOK = 2_000;
/** While nodes work on a key, it is looked at again and again: a line that broke off keeps nobody waiting. */
export const WatchKey = ({ id }: { id: string }) => {
  useView("keys", "get", { id }, { every: LOOK });
  return null;
};
/** The same for a request. */
export const WatchRequest = ({ id }: { id: string }) => {
  useView("keyRequests", "get", { id }, { every: LOOK });
  return null;
};
