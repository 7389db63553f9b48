/** A list: ten a page as in the seeds, its page and filters in the address, its empty state with the one next step. */
import { Empty, Input, Segmented, Skeleton, Table, type TableProps } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useWords } from "../preferences.tsx";
import { Failure } from "./said.tsx";

/** Where in a list one is, however it counts. */
const PLACES = ["page", "cursor", "before"];

const UNNARROWING = new Set([...PLACES, "size", "sort", "tab", "new"]);

/** Filters in the address, as strings; undefined where there is none. Setting one goes back to the first page. */
export const useFilters = () => {
  const [given, setGiven] = useSearchParams();
  return {
    page: Number(given.get("page") ?? 1),
    pageSize: Number(given.get("size") ?? 10),
    get: (name: string): string | undefined => given.get(name) ?? undefined,
    /** Whether words or filters leave something out; which part of a list is shown is no filter. */
    narrowed: [...given.keys()].some((name) => !UNNARROWING.has(name)),
    set(changes: Readonly<Record<string, string | undefined>>) {
      const next = new URLSearchParams(given);
      for (const place of PLACES) next.delete(place);
      for (const [name, value] of Object.entries(changes))
        if (value === undefined || value === "") next.delete(name);
        else next.set(name, value);
      setGiven(next, { replace: true, flushSync: true });
    },
  };
};

interface WordsFieldProps {
  readonly words: string | undefined;
  readonly look: (words: string) => void;
  readonly placeholder: string;
  readonly label?: string;
  readonly width?: number;
}

/** A field for words to look for. It keeps the focus while what was found changes below it. */
export const WordsField = ({ words = "", look, placeholder, label = placeholder, width = 220 }: WordsFieldProps) => {
  const [typed, setTyped] = useState(words);
  useEffect(() => setTyped(words), [words]);
  return (
    <Input.Search
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onSearch={(given) => look(given.trim())}
      placeholder={placeholder}
      aria-label={label}
      maxLength={64}
      allowClear
      style={{ width, maxWidth: "100%" }}
    />
  );
};

/** Looks for words in names and ids, as `search` in the address, or under another name. */
export const SearchBox = ({
  name = "search",
  ...shown
}: Pick<WordsFieldProps, "placeholder" | "width"> & { readonly name?: string }) => {
  const { get, set } = useFilters();
  return <WordsField {...shown} words={get(name)} look={(words) => set({ [name]: words })} />;
};

/** What a phone leaves out: a name, a state and what to do next stay. */
export const WIDE: "md"[] = ["md"];

/** One part of a list at a time, as `tab` in the address; the first is the usual one. */
export const Parts = ({ options }: { options: readonly { readonly value: string; readonly label: string }[] }) => {
  const t = useWords();
  const { get, set } = useFilters();
  const usual = options[0]?.value ?? "";
  return (
    <div style={{ maxWidth: "100%", overflowX: "auto" }}>
      <Segmented
        aria-label={t("Shown", "显示范围")}
        value={get("tab") ?? usual}
        onChange={(to) => set({ tab: to === usual ? undefined : to })}
        options={[...options]}
      />
    </div>
  );
};

export const NothingFits = () =>
  useWords()("Nothing matches. Try other words or filters.", "没有符合条件的内容，请更换关键词或筛选条件。");

interface Read<T> {
  readonly data: { readonly items: readonly T[]; readonly total: number; readonly more?: true | undefined } | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

export interface ListProps<T> {
  readonly read: Read<T>;
  readonly columns: NonNullable<TableProps<T>["columns"]>;
  readonly keyOf: (item: T) => string;
  /** Where a click on a row goes. */
  readonly to?: (item: T) => string;
  /** What to do when there is nothing at all. */
  readonly empty: ReactNode;
  /** A column's head was clicked that is a `sorter`. @param column its `key` */
  readonly onSort?: (column: string, order: "ascend" | "descend" | undefined) => void;
}

export const List = <T extends object>(props: ListProps<T>) => {
  const { read, columns, keyOf, to, empty, onSort } = props;
  const { data, error, refetch } = read;
  const t = useWords();
  const go = useNavigate();
  const { page, pageSize, narrowed, set } = useFilters();
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton active paragraph={{ rows: 8 }} title={false} />;
  if (data.total === 0)
    return (
      <div className="card">
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={narrowed ? <NothingFits /> : empty} />
      </div>
    );
  return (
    <Table<T>
      className="fits"
      columns={columns}
      dataSource={[...data.items]}
      rowKey={keyOf}
      {...(to && {
        onRow: (item: T) => ({
          onClick: ({ target }) => (target as Element).closest("a,button,input") ?? void go(to(item)),
          onAuxClick: ({ button }) => button === 1 && void window.open(to(item)),
          style: { cursor: "pointer" },
        }),
      })}
      onChange={(_, __, sorted, { action }) => {
        if (action !== "sort" || Array.isArray(sorted)) return;
        onSort?.(String(sorted.columnKey), sorted.order ?? undefined);
      }}
      pagination={{
        ...{ current: page, pageSize, total: data.total, showSizeChanger: true, pageSizeOptions: [10, 20, 50, 100] },
        showTotal: (total) =>
          data.more
            ? t("more than {total}", "共 {total} 条以上", { total })
            : t("{total} in all", "共 {total} 条", { total }),
        onChange: (next, size) =>
          set({ page: next > 1 ? String(next) : undefined, size: size === 10 ? undefined : String(size) }),
      }}
    />
  );
};
