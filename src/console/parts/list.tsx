/** A list: ten a page as in the seeds, its page and filters in the address, its empty state with the one next step. */
import { Empty, Skeleton, Table, type TableProps } from "antd";
import type { ReactNode } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useWords } from "../preferences.tsx";
import { Failure } from "./said.tsx";

/** Filters in the address, as strings; undefined where there is none. Setting one goes back to the first page. */
export const useFilters = () => {
  const [given, setGiven] = useSearchParams();
  return {
    page: Number(given.get("page") ?? 1),
    pageSize: Number(given.get("size") ?? 10),
    get: (name: string): string | undefined => given.get(name) ?? undefined,
    set(changes: Readonly<Record<string, string | undefined>>) {
      const next = new URLSearchParams(given);
      if (!("page" in changes)) next.delete("page");
      for (const [name, value] of Object.entries(changes))
        if (value === undefined || value === "") next.delete(name);
        else next.set(name, value);
      setGiven(next, { replace: true });
    },
  };
};

interface Read<T> {
  readonly data: { readonly items: readonly T[]; readonly total: number } | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

export interface ListProps<T> {
  readonly read: Read<T>;
  readonly columns: NonNullable<TableProps<T>["columns"]>;
  readonly keyOf: (item: T) => string;
  /** Where a click on a row goes. */
  readonly to?: (item: T) => string;
  /** What to do when there is nothing. */
  readonly empty: ReactNode;
}

export const List = <T extends object>({ read: { data, error, refetch }, columns, keyOf, to, empty }: ListProps<T>) => {
  const t = useWords();
  const go = useNavigate();
  const { page, pageSize, set } = useFilters();
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton active paragraph={{ rows: 8 }} title={false} />;
  if (data.total === 0)
    return (
      <div className="card">
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty} />
      </div>
    );
  return (
    <Table<T>
      columns={columns}
      dataSource={[...data.items]}
      rowKey={keyOf}
      scroll={{ x: "max-content" }}
      {...(to && {
        onRow: (item: T) => ({
          onClick: ({ target }) => (target as Element).closest("a,button,input") ?? void go(to(item)),
          onAuxClick: ({ button }) => button === 1 && void window.open(to(item)),
          style: { cursor: "pointer" },
        }),
      })}
      pagination={{
        ...{ current: page, pageSize, total: data.total, showSizeChanger: true, pageSizeOptions: [10, 20, 50, 100] },
        showTotal: (total) => t("{total} in all", "共 {total} 条", { total }),
        onChange: (next, size) =>
          set({ page: next > 1 ? String(next) : undefined, size: size === 10 ? undefined : String(size) }),
      }}
    />
  );
};
