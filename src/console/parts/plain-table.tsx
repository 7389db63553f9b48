/** A table that is read and not worked with. On a phone each row stands by itself, every cell with its name before it. */
import type { ReactNode } from "react";
import "./plain-table.css";

export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R, position: number) => ReactNode;
  /** Numbers stand to the right; what is `whole` is not broken. */
  readonly kind?: "number" | "mono" | "whole";
  /** As in CSS. */
  readonly width?: string;
  /** Of all rows; the first column says so. */
  readonly total?: ReactNode;
  /** On a phone it stands over the whole width, without its name. */
  readonly tall?: boolean;
}

export interface PlainTableProps<R> {
  readonly rows: readonly R[];
  readonly columns: readonly Column<R>[];
  readonly keyOf: (row: R) => string | number;
  readonly className?: (row: R) => string;
}

export const PlainTable = <R,>({ rows, columns, keyOf, className }: PlainTableProps<R>) => (
  <div className="scroll">
    <table className="plain">
      <thead>
        <tr>
          {columns.map(({ title, kind, width }) => (
            <th key={title} className={kind === "number" ? kind : ""} style={width === undefined ? {} : { width }}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, position) => (
          <tr key={keyOf(row)} className={className?.(row) ?? ""}>
            {columns.map(({ title, cell, kind = "", tall }) => (
              <td
                key={title}
                data-title={title}
                className={[kind !== "mono" && kind, tall && "tall"].filter(Boolean).join(" ")}
              >
                {kind === "mono" ? <span className={kind}>{cell(row, position)}</span> : cell(row, position)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {columns.some(({ total }) => total !== undefined) && (
        <tfoot>
          <tr>
            {columns.map(({ title, kind = "", total }) => (
              <td key={title} data-title={title} className={kind}>
                {total}
              </td>
            ))}
          </tr>
        </tfoot>
      )}
    </table>
  </div>
);
