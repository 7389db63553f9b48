/** Rows of a CSV as a table: numbers to the right, in figures that line up. */
import { Table } from "antd";
import { useMemo } from "react";
import { useWords } from "../preferences.tsx";

/** What a model could not compute is written so. */
const NO_FINITE = /^(NaN|[+-]?Infinity)$/;
const isNumber = (field: string | undefined): boolean =>
  field !== undefined && field !== "" && (Number.isFinite(Number(field)) || NO_FINITE.test(field));

/** Positions of the columns that hold numbers only. */
export const numericColumns = (header: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  header.flatMap((_, at) => {
    const filled = rows.filter((row) => row[at] !== "");
    return filled.length > 0 && filled.every((row) => isNumber(row[at])) ? [at] : [];
  });

export interface Csv {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const CsvTable = ({ header, rows }: Csv) => {
  const t = useWords();
  const numeric = useMemo(() => new Set(numericColumns(header, rows)), [header, rows]);
  const data = useMemo(() => rows.map((fields, key) => ({ key, fields })), [rows]);
  return (
    <Table
      size="small"
      dataSource={data}
      pagination={
        rows.length > 20 && {
          ...{ defaultPageSize: 20, showSizeChanger: true, pageSizeOptions: [20, 50, 100] },
          showTotal: (total: number) => t("{total} in all", "共 {total} 条", { total }),
        }
      }
      columns={header.map((title, at) => ({
        title: <span className="mono">{title}</span>,
        // A result's columns are told apart by their place: two may have one name.
        key: at,
        align: numeric.has(at) ? ("right" as const) : ("left" as const),
        render: (_, { fields }) => <span className={numeric.has(at) ? "mono" : undefined}>{fields[at]}</span>,
      }))}
    />
  );
};
