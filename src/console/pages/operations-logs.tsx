/** The newest lines of the server's log, without secrets, as they come. */
import { Empty, Select, Skeleton, Switch } from "antd";
import { useState } from "react";
import type { z } from "zod";
import type { system } from "../../contract/system.ts";
import { SearchBox, useFilters } from "../parts/list.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

type Line = z.output<typeof system.logs.output>["items"][number];
const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

export const Logs = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const [follows, setFollows] = useState(true);
  const level = LEVELS.find((each) => each === get("level")) ?? "info";
  const names = {
    trace: t("Trace", "跟踪"),
    debug: t("Debug", "调试"),
    info: t("Info", "信息"),
    warn: t("Warn", "警告"),
    error: t("Error", "错误"),
  };
  const search = get("search");
  const { data, error, refetch } = useView(
    "system",
    "logs",
    { level, limit: 200, ...(search !== undefined && { search }) },
    follows ? { every: 3_000 } : {},
  );
  return (
    <section className="card stack">
      <div className="row">
        <Select
          value={level}
          onChange={(value) => set({ level: value === "info" ? undefined : value })}
          options={LEVELS.map((value) => ({
            value,
            label: t("{level} and above", "{level}及以上", { level: names[value] }),
          }))}
          aria-label={t("Level", "级别")}
          style={{ width: 180 }}
        />
        <SearchBox placeholder={t("Words, code or reference", "关键词、代码或参考编号")} width={280} />
        <span className="row">
          <Switch size="small" checked={follows} onChange={setFollows} aria-label={t("Follow", "实时刷新")} />
          {t("Follow", "实时刷新")}
        </span>
      </div>
      {error && !data && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 8 }} />}
      {data?.items.length === 0 && (
        <Empty
          image={Empty.PRESENTED_IMAGE_SIMPLE}
          description={t("No line of this kind since the server started.", "服务器启动以来没有此类日志。")}
        />
      )}
      {/* As the server writes it, whatever the language of the page. */}
      <ol className="log" lang="en">
        {data?.items.map((line) => (
          <Entry key={line.number} {...line} />
        ))}
      </ol>
    </section>
  );
};

/** Seconds by the wall clock; the day stands in the details. */
const clockOf = (at: string): string => new Date(at).toLocaleTimeString("en-GB");

const said = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Of an answered request what was asked and how it ended; of the rest what it says. */
const shortOf = ({ err: _, ...details }: Line["details"]): string => {
  const { action, status, outcome, ms, actor } = details;
  return action === undefined
    ? Object.entries(details)
        .map(([name, value]) => `${name}=${said(value)}`)
        .join(" ")
    : [action, status, outcome, ms !== undefined && `${said(ms)} ms`, actor].filter(Boolean).map(said).join(" · ");
};

const Entry = ({ at, level, message, details }: Line) => (
  <li className={level}>
    <details>
      <summary>
        <time dateTime={at}>{clockOf(at)}</time> <span className="level">{level}</span> {message}{" "}
        <span className="muted">{shortOf(details)}</span>
      </summary>
      <pre className="mono wrapped">{JSON.stringify({ at, ...details }, null, 2)}</pre>
    </details>
  </li>
);
