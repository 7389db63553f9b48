/** 区块链: the log as it grows, held to what this browser has seen of it before. */
import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Segmented, Select, Skeleton } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { z } from "zod";
import type { ledger } from "../../contract/ledger.ts";
import { Bars } from "../parts/bars.tsx";
import { useFilters, WordsField } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Checkpoints, Seal, useWitness } from "./ledger-checkpoints.tsx";
import { books, kindText } from "./ledger-words.ts";
import "./trust.css";

type Listed = z.output<typeof ledger.statements.output>["items"][number];

const HASH = /^[0-9a-f]{64}$/;
const PAGE = 15;

export const Page = () => {
  const t = useWords();
  const witnessed = useWitness();
  return (
    <Frame title={t("Ledger", "区块链")} beside={<Seal of={witnessed} />}>
      <Checkpoints of={witnessed} />
      <Activity />
      <Feed />
    </Frame>
  );
};

const Activity = () => {
  const t = useWords();
  const { language } = usePreferences();
  const [unit, setUnit] = useState<"hour" | "day">("hour");
  const { data, error } = useView("ledger", "activity", { unit }, { every: 60_000 });
  const format = new Intl.DateTimeFormat(
    language,
    unit === "hour" ? { day: "numeric", month: "short", hour: "numeric" } : { day: "numeric", month: "short" },
  );
  const bars = (data?.items ?? []).map(({ start, statements }) => ({
    name: format.format(new Date(start)),
    value: statements,
  }));
  // The page's other parts say it.
  if (error && !data) return null;
  const total = bars.reduce((sum, { value }) => sum + value, 0);
  return (
    <section className="card">
      <div className="spread">
        <div>
          <h2 style={{ margin: 0 }}>{t("Activity", "活动")}</h2>
          <span className="muted">
            {unit === "hour"
              ? t("{n} {n|statement|statements} in 48 hours", "48 小时内 {n} 条声明", { n: total })
              : t("{n} {n|statement|statements} in 30 days", "30 天内 {n} 条声明", { n: total })}
          </span>
        </div>
        <Segmented
          aria-label={t("Interval", "统计单位")}
          value={unit}
          onChange={setUnit}
          options={[
            { value: "hour" as const, label: t("By hour", "按小时") },
            { value: "day" as const, label: t("By day", "按天") },
          ]}
        />
      </div>
      <Bars of={bars} name={t("Statements over time", "声明数量随时间变化")} />
      <div className="axis">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </div>
    </section>
  );
};

/** What was typed as a digest or a stream's id: resource ids are looked up. */
const useHash = (search: string | undefined) => {
  const { client } = useSession();
  const isId = search !== undefined && !HASH.test(search);
  const found = useQuery({
    queryKey: ["streams", "get", "id", search],
    queryFn: async () => (await client.streams.get({ id: search ?? "", limit: 1 })).id,
    enabled: isId,
    retry: false,
  });
  return { hash: isId ? found.data : search, waits: isId && found.isPending, error: isId ? found.error : null };
};

const Feed = () => {
  const t = useWords();
  const go = useNavigate();
  const { get, set } = useFilters();
  const [search, kind, before] = [get("search"), get("kind"), get("before")];
  const { hash, waits, error } = useHash(search);
  const read = useView(
    "ledger",
    "statements",
    {
      limit: PAGE,
      ...(hash !== undefined && { hash }),
      ...(kind !== undefined && { kind }),
      ...(before !== undefined && { before: Number(before) }),
    },
    { enabled: !waits && error === null, ...(before === undefined && { every: 4_000 }) },
  );
  const fresh = useFresh(read.data?.items, [hash, kind, before].join());
  const look = (words: string) => {
    const place = /^\d{1,12}$/.test(words) ? `/ledger/${words}` : undefined;
    if (place) void go(place);
    else set({ search: words });
  };
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Statements", "声明")}</h2>
        <div className="row">
          <Select
            value={kind ?? ""}
            onChange={(value) => set({ kind: value })}
            options={[
              { value: "", label: t("All kinds", "全部类型") },
              ...Object.entries(books).map(([value, name]) => ({ value, label: t(name) })),
            ]}
            aria-label={t("Kind", "类型")}
            style={{ width: 160 }}
          />
          <WordsField
            words={search}
            look={look}
            placeholder={t("Hash, stream, ID or position", "哈希、流、编号或序号")}
            label={t("Search the ledger", "搜索账本")}
            width={280}
          />
        </div>
      </div>
      {error && <Failure error={error} />}
      {read.error && !read.data && <Failure error={read.error} retry={() => void read.refetch()} />}
      {!read.data && !read.error && !error && <Skeleton active paragraph={{ rows: 8 }} title={false} />}
      {read.data && !error && <Rows items={read.data.items} fresh={fresh} />}
      {read.data && !error && (
        <div className="spread">
          <span className="muted">{t("{n} {n|entry|entries} in all", "共 {n} 个条目", { n: read.data.size })}</span>
          {(before !== undefined || read.data.next !== null) && (
            <div className="row">
              <Button disabled={before === undefined} onClick={() => set({ before: undefined })}>
                {t("Newest", "最新")}
              </Button>
              <Button disabled={read.data.next === null} onClick={() => set({ before: String(read.data?.next ?? "") })}>
                {t("Older", "更早")}
              </Button>
            </div>
          )}
        </div>
      )}
    </section>
  );
};

/** Positions that came while the page was open. */
const useFresh = (items: readonly Listed[] | undefined, view: string): ReadonlySet<number> => {
  const [known, setKnown] = useState<{ view: string; from: number }>();
  const newest = items?.[0]?.index;
  useEffect(() => {
    if (newest !== undefined && known?.view !== view) setKnown({ view, from: newest });
  }, [known, newest, view]);
  return new Set(items?.map(({ index }) => index).filter((index) => known?.view === view && index > known.from));
};

const Rows = ({ items, fresh }: { items: readonly Listed[]; fresh: ReadonlySet<number> }) => {
  const t = useWords();
  const ago = useAgo();
  if (items.length === 0)
    return (
      <Empty
        image={Empty.PRESENTED_IMAGE_SIMPLE}
        description={t(
          "Nothing matches. Look further back, or search for something else.",
          "没有符合条件的声明，可查看更早的条目或更换搜索条件。",
        )}
      />
    );
  return (
    <PlainTable
      rows={items}
      keyOf={({ index }) => index}
      className={({ index }) => (fresh.has(index) ? "fresh" : "")}
      columns={[
        { title: t("Position", "序号"), cell: ({ index }) => <Link to={`/ledger/${index}`}>#{index}</Link> },
        {
          title: t("What", "内容"),
          cell: ({ index, kind }) =>
            kind === null ? (
              <span className="muted">{t("no access", "无权查看内容")}</span>
            ) : (
              <Link to={`/ledger/${index}`}>{t(kindText(kind))}</Link>
            ),
        },
        {
          title: t("Signed by", "签名方"),
          cell: ({ by, signer }) =>
            by ? <Member of={by} /> : <span className="muted">{t(books[signer ?? ""] ?? NONE)}</span>,
        },
        { title: t("Stream", "流"), cell: ({ stream }) => <Id>{stream}</Id> },
        { title: t("Statement", "声明"), cell: ({ statement }) => <Id>{statement}</Id> },
        {
          title: t("Time", "时间"),
          kind: "whole",
          cell: ({ time }) => (
            <span>
              <Time at={time} /> <span className="muted whole">{ago(new Date(time).toISOString())}</span>
            </span>
          ),
        },
      ]}
    />
  );
};
const NONE = { en: "—", "zh-CN": "—" };
