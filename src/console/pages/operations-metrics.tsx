/** Metrics as charts, kept for as long as the page is open. */
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { useEffect, useState } from "react";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { quantile, type Sample, samplesOf, total } from "./operations-prometheus.ts";

interface Look {
  readonly at: number;
  readonly samples: readonly Sample[];
}
const EVERY = 3_000;
/** Ten minutes. */
const KEPT = 200;

const HTTP = "entente_http_request_duration_seconds";

const useLooks = () => {
  const { client } = useSession();
  const read = useQuery<Look, Error>({
    queryKey: ["system", "metrics"],
    queryFn: async () => ({ at: Date.now(), samples: samplesOf(await (await client.system.metrics()).text()) }),
    refetchInterval: EVERY,
  });
  const [looks, setLooks] = useState<readonly Look[]>([]);
  const newest = read.data;
  useEffect(() => {
    if (newest) setLooks((all) => (all.at(-1)?.at === newest.at ? all : [...all, newest].slice(-KEPT)));
  }, [newest]);
  return { looks, error: read.error, refetch: read.refetch };
};

type Series = readonly (number | undefined)[];

/** @returns what a number that grows gained a second, look by look */
const ratesOf = (looks: readonly Look[], name: string): Series =>
  looks.slice(1).map((look, i) => {
    const before = looks[i] as Look;
    const [from, to] = [total(before.samples, name), total(look.samples, name)];
    // A process that was started again counts from nothing.
    return from === undefined || to === undefined
      ? undefined
      : Math.max(0, to - from) / ((look.at - before.at) / 1_000);
  });
const valuesOf = (looks: readonly Look[], name: string): Series => looks.map(({ samples }) => total(samples, name));
const slowest = (looks: readonly Look[]): Series =>
  looks.slice(1).map(({ samples }, i) => quantile(0.95, samples, HTTP, looks[i]?.samples));

const MIB = 1024 * 1024;
const digits =
  (places: number, least = 0) =>
  (value: number) =>
    value.toLocaleString(undefined, { minimumFractionDigits: least, maximumFractionDigits: places });

export const Metrics = () => {
  const t = useWords();
  const { looks, error, refetch } = useLooks();
  if (looks.length === 0 && error) return <Failure error={error} retry={() => void refetch()} />;
  if (looks.length === 0) return <Skeleton active paragraph={{ rows: 8 }} />;
  const charts: readonly { name: string; series: Series; say: (value: number) => string }[] = [
    {
      name: t("Requests per second", "每秒请求数"),
      series: ratesOf(looks, `${HTTP}_count`),
      say: digits(1),
    },
    {
      name: t("95th percentile latency", "95% 请求的响应时间"),
      series: slowest(looks),
      say: (value) => t("{n} ms", "{n} 毫秒", { n: digits(1)(value * 1_000) }),
    },
    {
      name: t("Statements on the ledger", "账本条目数"),
      series: valuesOf(looks, "entente_ledger_entries"),
      say: digits(0),
    },
    { name: t("Running tasks", "正在执行的任务"), series: valuesOf(looks, "entente_runs_active"), say: digits(0) },
    {
      name: t("Signing requests in progress", "正在签名的请求"),
      series: valuesOf(looks, "entente_signatures_active"),
      say: digits(0),
    },
    {
      name: t("Server memory", "服务器内存"),
      series: valuesOf(looks, "process_resident_memory_bytes"),
      say: (value) => `${digits(0)(value / MIB)} MiB`,
    },
    {
      name: t("Server CPU", "服务器处理器占用"),
      series: ratesOf(looks, "process_cpu_seconds_total"),
      say: (value) => `${digits(0)(value * 100)} %`,
    },
    {
      name: t("Event loop delay (99%)", "事件循环延迟（99%）"),
      series: valuesOf(looks, "nodejs_eventloop_lag_p99_seconds"),
      say: (value) => t("{n} ms", "{n} 毫秒", { n: digits(1)(value * 1_000) }),
    },
  ];
  return (
    <div className="stack">
      <div className="grid">
        {charts.map((chart) => (
          <Chart key={chart.name} {...chart} />
        ))}
      </div>
      <Routes samples={looks.at(-1)?.samples ?? []} />
      <span className="muted">
        {t(
          "Read every three seconds while this page is open, at most ten minutes back. For more, let Prometheus read /metrics.",
          "页面打开期间每三秒读取一次，最多保留十分钟。如需长期保存，请使用 Prometheus 采集 /metrics。",
        )}
      </span>
    </div>
  );
};

const Chart = ({ name, series, say }: { name: string; series: Series; say: (value: number) => string }) => {
  const t = useWords();
  const known = series.filter((value) => value !== undefined);
  const newest = known.at(-1);
  const most = Math.max(...known, 0) || 1;
  const points = known.map((value, i) => `${(i / Math.max(1, known.length - 1)) * 100} ${38 - (value / most) * 36}`);
  return (
    <article className="card">
      <div className="muted">{name}</div>
      <div className="figure">{newest === undefined ? "—" : say(newest)}</div>
      <svg className="line-chart" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={name}>
        {points.length > 1 && (
          <>
            <path className="area" d={`M0 40L${points.join("L")}L100 40z`} />
            <path d={`M${points.join("L")}`} />
          </>
        )}
      </svg>
      <div className="axis">
        {known.length > 0
          ? t("highest {n}", "最高 {n}", { n: say(Math.max(...known)) })
          : t("from the next reading on", "自下次读取起")}
      </div>
    </article>
  );
};

/** As the server counts what is none of the interface. */
const OTHER = "GET none";

/** Where the server's time goes: the routes that took most of it since it started. */
const Routes = ({ samples }: { samples: readonly Sample[] }) => {
  const t = useWords();
  const keyOf = ({ labels }: Sample) => `${labels.method} ${labels.route}`;
  const sums = Map.groupBy(
    samples.filter(({ name }) => name === `${HTTP}_sum`),
    keyOf,
  );
  const counts = Map.groupBy(
    samples.filter(({ name }) => name === `${HTTP}_count`),
    keyOf,
  );
  const add = (of: readonly Sample[] = []) => of.reduce((sum, { value }) => sum + value, 0);
  const rows = [...sums]
    .map(([route, of]) => ({ route, seconds: add(of), count: add(counts.get(route)) }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, 10);
  return (
    <section className="card">
      <h2>{t("Where the time goes, since the start", "自启动以来的耗时分布")}</h2>
      <PlainTable
        rows={rows}
        keyOf={({ route }) => route}
        columns={[
          {
            title: t("Route", "路由"),
            kind: "mono",
            tall: true,
            cell: ({ route }) =>
              route === OTHER ? (
                <span className="muted">{t("GET of the console's files", "GET 控制台文件")}</span>
              ) : (
                route
              ),
          },
          { title: t("Requests", "次数"), kind: "number", cell: ({ count }) => count.toLocaleString() },
          {
            title: t("Together", "合计"),
            kind: "number",
            cell: ({ seconds }) => t("{n} s", "{n} 秒", { n: digits(2, 2)(seconds) }),
          },
          {
            title: t("Mean", "平均耗时"),
            kind: "number",
            cell: ({ seconds, count }) =>
              t("{n} ms", "{n} 毫秒", { n: digits(1, 1)((seconds / Math.max(1, count)) * 1_000) }),
          },
        ]}
      />
    </section>
  );
};
