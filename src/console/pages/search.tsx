/** Search by name over everything that this person may see; an id opens what it names at once. */
import { Empty, Input, Skeleton } from "antd";
import { Link, useNavigate } from "react-router";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { placeOf } from "../shell/search.tsx";
import { useView } from "../views.ts";

const SHOWN = 5;

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { get } = useFilters();
  const words = (get("q") ?? "").trim();
  return (
    <Frame title={t("Search", "搜索")}>
      <Input.Search
        key={words}
        autoFocus
        defaultValue={words}
        maxLength={64}
        placeholder={t("ID, hash or name", "编号、哈希或名称")}
        aria-label={t("Search", "搜索")}
        onSearch={(given) => given.trim() && void go(placeOf(given))}
        className="narrow"
        allowClear
      />
      {words === "" ? (
        <p className="muted">
          {t(
            "Search alliances, models, data sources, tasks and keys by name, or by an ID such as T2026…",
            "可搜索计算联盟、计算模型、数据源、计算任务与密钥的名称，或 T2026… 等编号",
          )}
        </p>
      ) : (
        <All words={words} />
      )}
    </Frame>
  );
};

interface Named {
  readonly id: string;
  readonly name: string;
}
interface Kind {
  readonly title: string;
  readonly path: string;
  readonly total: number;
  readonly items: readonly Named[];
}

/** Of each kind that the person may read, what bears the name. */
const useFound = (words: string) => {
  const t = useWords();
  const { permissions } = useSession();
  const asked = { search: words, pageSize: SHOWN };
  const may = (permission: string) => ({ enabled: permissions.has(permission) });
  const alliances = useView("alliances", "list", asked, may("alliance.read"));
  const models = useView("models", "list", asked, may("model.read"));
  const sources = useView("sources", "list", asked, may("source.read"));
  const tasks = useView("tasks", "list", asked, may("task.read"));
  const keys = useView("keys", "list", asked, may("key.read"));
  const accounts = useView("accounts", "list", asked, may("platform.accounts"));
  const reads = [alliances, models, sources, tasks, keys, accounts];
  const kinds: Kind[] = [
    { title: t("Alliances", "计算联盟"), path: "/alliances", ...(alliances.data ?? NONE) },
    { title: t("Models", "计算模型"), path: "/models", ...(models.data ?? NONE) },
    { title: t("Data sources", "数据源"), path: "/sources", ...(sources.data ?? NONE) },
    { title: t("Tasks", "计算任务"), path: "/tasks", ...(tasks.data ?? NONE) },
    {
      ...{ title: t("Keys", "密钥"), path: "/keys", total: keys.data?.total ?? 0 },
      items: (keys.data?.items ?? []).map(({ id, alias }) => ({ id, name: alias ?? id })),
    },
    {
      ...{ title: t("Organisations", "机构"), path: "", total: accounts.data?.total ?? 0 },
      items: (accounts.data?.items ?? []).map(({ appId, nickname }) => ({ id: appId, name: nickname })),
    },
  ];
  return {
    found: kinds.filter(({ total }) => total > 0),
    waiting: reads.some(({ isLoading }) => isLoading),
    error: reads.find(({ error }) => error)?.error,
    again: () => reads.filter(({ error }) => error).forEach(({ refetch }) => void refetch()),
  };
};

const NONE = { total: 0, items: [] };

const All = ({ words }: { words: string }) => {
  const t = useWords();
  const { found, waiting, error, again } = useFound(words);
  if (waiting) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  return (
    <>
      {error && <Failure error={error} retry={again} />}
      {found.map((kind) => (
        <Found key={kind.title} kind={kind} words={words} />
      ))}
      {found.length === 0 && !error && (
        <div className="card">
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={t(
              "Nothing found for “{words}”. Try part of the name, or an ID.",
              "没有名称包含“{words}”的内容。请尝试名称的一部分或编号。",
              { words },
            )}
          />
        </div>
      )}
    </>
  );
};

const Found = ({ kind: { title, path, total, items }, words }: { kind: Kind; words: string }) => {
  const t = useWords();
  return (
    <section className="card">
      <div className="spread" style={{ marginBottom: 12 }}>
        <h2 style={{ margin: 0 }}>{title}</h2>
        {total > SHOWN && path !== "" && (
          <Link to={`${path}?search=${encodeURIComponent(words)}`}>
            {t("Show all {n}", "查看全部 {n} 条", { n: total })}
          </Link>
        )}
      </div>
      <ul className="lines">
        {items.map(({ id, name }) => (
          <li key={id}>
            {path === "" ? <span>{name}</span> : <Link to={`${path}/${id}`}>{name}</Link>}
            <Id>{id}</Id>
          </li>
        ))}
      </ul>
    </section>
  );
};
