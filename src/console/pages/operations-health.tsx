/** Every process: whether it runs, since when, and what to do where it does not; certificates that expire. */
import { Alert, Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Refusal } from "../../base/refusal.ts";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Authorities } from "./operations-authorities.tsx";

interface Report {
  readonly version: string;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly ms: number }>>;
}

/** A failing platform answers by a refusal with the same list. */
const reportOf = (data: Report | undefined, error: unknown): Report | undefined =>
  error instanceof Refusal && error.code === "health.failing" ? (error.details as object as Report) : data;

interface Process {
  readonly id: string;
  readonly name: string;
  readonly ok: boolean;
  /** It need not run: what it did was moved away, or its host starts it again and fails where it can't. */
  readonly former?: boolean;
  readonly about: ReactNode;
  /** Proves nothing about hardware. */
  readonly simulated?: boolean;
  readonly since?: string | null;
  /** What to do where it does not run. */
  readonly next: ReactNode;
}

const EVERY = 5_000;

export const Health = () => {
  const t = useWords();
  const { language } = usePreferences();
  const health = useView("system", "health", {}, { every: EVERY });
  const report = reportOf(health.data, health.error);
  const checks = useChecks(report);
  const processes = [...checks, ...useEnclaves(), ...useKeyNodes()];
  if (!report && health.error) return <Failure error={health.error} retry={() => void health.refetch()} />;
  if (!report) return <Skeleton active paragraph={{ rows: 6 }} />;
  // What was heard before says nothing of now.
  const silent = health.error !== null && report === health.data;
  const needed = processes.filter(({ former }) => former !== true);
  const failing = needed.filter(({ ok }) => !ok);
  const at = new Date(Math.max(health.dataUpdatedAt, silent ? 0 : health.errorUpdatedAt));
  return (
    <div className="stack">
      <Alert
        type={silent || failing.length > 0 ? "error" : "success"}
        showIcon
        role="status"
        title={
          silent
            ? t("The server does not answer.", "服务器没有应答。")
            : failing.length === 0
              ? t("All {n} are running.", "{n} 项全部正常。", { n: needed.length })
              : t("{bad} of {n} fail: {names}", "{n} 项中有 {bad} 项异常：{names}", {
                  ...{ n: needed.length, bad: failing.length },
                  names: new Intl.ListFormat(language).format(failing.map(({ name }) => name)),
                })
        }
        action={
          <span className="muted">
            {t("as of {clock}", "截至 {clock}", { clock: at.toLocaleTimeString(language, { hour12: false }) })}
          </span>
        }
      />
      <div className="grid">
        {processes.map((process) => (
          <Card key={process.id} of={process} silent={silent} />
        ))}
      </div>
      <Authorities />
    </div>
  );
};

const Card = ({
  of: { name, ok, former, about, simulated, since, next },
  silent,
}: {
  of: Process;
  silent: boolean;
}) => {
  const t = useWords();
  return (
    <article className="card" aria-label={name}>
      <div className="spread">
        <strong>{name}</strong>
        <span className="row">
          {simulated === true && <Tag color="warning">{t("Simulated", "模拟")}</Tag>}
          {silent ? (
            <Tag>{t("Unknown", "未知")}</Tag>
          ) : former === true ? (
            <Tag>{t("Not running", "未运行")}</Tag>
          ) : ok ? (
            <Tag color="success">{t("Running", "正常")}</Tag>
          ) : (
            <Tag color="error">{t("Failing", "异常")}</Tag>
          )}
        </span>
      </div>
      <div className="muted">{about}</div>
      {since && !silent && (
        <div className="muted">
          {ok ? t("runs since", "运行始于") : t("is away since", "离线始于")} <Time at={since} />
        </div>
      )}
      {!ok && !silent && <div style={{ marginTop: 8 }}>{next}</div>}
    </article>
  );
};

const LogOf = ({ words }: { words: string }) => {
  const t = useWords();
  return (
    <Link to={`/operations?tab=logs&level=warn&search=${encodeURIComponent(words)}`}>
      {t("Read its log", "查看相关日志")}
    </Link>
  );
};

const useChecks = (report: Report | undefined): readonly Process[] => {
  const t = useWords();
  if (!report) return [];
  const names: Readonly<Record<string, string>> = {
    ledger: t("Ledger", "账本"),
    database: t("Database", "数据库"),
    enclave: t("Enclaves' host", "可信执行环境宿主"),
  };
  const next: Readonly<Record<string, string>> = {
    ledger: t(
      "It takes no statements. See whether the disk is full or its folder was changed, then restart the server.",
      "账本无法写入。请检查磁盘空间及账本目录，然后重启服务器。",
    ),
    database: t(
      "It does not answer. See whether it runs and whether the setting “database” is right.",
      "数据库没有应答。请检查其是否运行，以及配置项 database 是否正确。",
    ),
    enclave: t(
      "It is started again by itself; until then no task runs. If it stays so, the log says why.",
      "系统会自动重启；在此之前无法执行任务。如未恢复，请查看日志。",
    ),
  };
  const { version, checks } = report;
  return [
    {
      id: "server",
      name: t("Server", "服务器"),
      ok: true,
      about: t("version {v}", "版本 {v}", { v: version }),
      next: "",
    },
    ...Object.entries(checks).map(([id, { ok, ms }]) => ({
      ...{ id, ok, name: names[id] ?? id, about: t("answers in {ms} ms", "响应 {ms} 毫秒", { ms }) },
      next: (
        <>
          {next[id]} <LogOf words={id} />
        </>
      ),
    })),
  ];
};

/** Of one that does not run nobody here knows whether it was moved away from: its host says whether one is missing. */
const useEnclaves = (): readonly Process[] => {
  const t = useWords();
  const { data } = useView("enclaves", "list", {}, { every: EVERY });
  const items = data?.items ?? [];
  return items.map(({ id, running, hardware, measurement, isolation }, i) => ({
    ...{ id, ok: true, former: !running, simulated: !hardware, next: "" },
    name: t("Enclave {n}", "可信执行环境 {n}", { n: i + 1 }),
    about: (
      <>
        {isolation} · <Id>{measurement}</Id>
        {!running && (
          <div>
            <Link to="/enclaves">{t("See what it still holds", "查看其保留的数据")}</Link>
          </div>
        )}
      </>
    ),
  }));
};

/** Each keeps its place, whether it runs or not. */
const useKeyNodes = (): readonly Process[] => {
  const t = useWords();
  const { data } = useView("keyNodes", "list", { pageSize: 100 }, { every: EVERY });
  const byTag = data?.items.toSorted((a, b) => a.tag.localeCompare(b.tag, "en", { numeric: true })) ?? [];
  return byTag.map(({ id, tag, running, hardware, address, since }) => ({
    ...{ id, since, ok: running, simulated: !hardware },
    name: t("Key node {tag}", "密钥节点 {tag}", { tag }),
    about: address ?? t("has no address yet", "尚无地址"),
    next: (
      <>
        {t(
          "Here it is started again by itself; on another machine start it there. Keys that need it wait.",
          "在本机运行的节点会自动重启；在其他机器上的节点请在该机器启动。必须由其参与的签名将等待其恢复。",
        )}{" "}
        <LogOf words={tag} />
      </>
    ),
  }));
};
