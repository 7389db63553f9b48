/** Columns of a table: 字段名称, 字段类型, 字段说明, the last one to be written in place. */
import { Input, Modal, Table } from "antd";
import { useState } from "react";
import { harmless } from "../parts/harmless.ts";
import { WIDE } from "../parts/list.tsx";
import { characters } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";

export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly description?: string | undefined;
}
export type Descriptions = Readonly<Record<string, string>>;
const MAX = 200;

export const tooLong = (descriptions: Descriptions): boolean =>
  Object.values(descriptions).some((text) => characters(text) > MAX);

interface Props {
  readonly columns: readonly ShownColumn[];
  /** What was written over what the columns bring along. */
  readonly written?: Descriptions;
  /** To be written, where it is given. */
  readonly onWrite?: (descriptions: Descriptions) => void;
}

export const Columns = ({ columns, written = {}, onWrite }: Props) => {
  const t = useWords();
  const textOf = ({ name, description = "" }: ShownColumn) => written[name] ?? description;
  return (
    <Table<ShownColumn>
      className="fits"
      size="small"
      rowKey="name"
      pagination={columns.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
      dataSource={[...columns]}
      columns={[
        { title: t("Column", "字段名称"), render: (_, { name }) => <span className="mono">{harmless(name)}</span> },
        {
          title: t("Type", "字段类型"),
          // Beside a field to write in there is no room for it.
          ...(onWrite && { responsive: WIDE }),
          render: (_, { type }) => <span className="mono muted">{type}</span>,
        },
        {
          title: t("Description", "字段说明"),
          render: (_, column) =>
            onWrite ? (
              <Input
                size="small"
                aria-label={t("Description of {name}", "{name} 的字段说明", { name: harmless(column.name) })}
                placeholder={t("Describe it", "补充字段说明")}
                value={textOf(column)}
                status={characters(textOf(column)) > MAX ? "error" : ""}
                count={{ max: MAX, strategy: characters }}
                onChange={({ target }) => onWrite({ ...written, [column.name]: target.value })}
                style={{ minWidth: 120 }}
              />
            ) : (
              harmless(textOf(column)) || <span className="muted">—</span>
            ),
        },
      ]}
    />
  );
};

interface DialogProps extends Required<Omit<Props, "onWrite">> {
  readonly rows: number;
  readonly done: (descriptions: Descriptions) => void;
  readonly close: () => void;
}

/** 表结构信息 */
export const StructureDialog = ({ columns, written, rows, done, close }: DialogProps) => {
  const t = useWords();
  const [draft, setDraft] = useState(written);
  const isTooLong = tooLong(draft);
  return (
    <Modal
      open
      width={720}
      title={t("Structure of the table", "表结构信息")}
      onCancel={close}
      onOk={() => done(draft)}
      okText={t("Use these descriptions", "确定")}
      okButtonProps={{ disabled: isTooLong }}
    >
      <p className="muted">
        {t(
          "The enclave found {n} {n|column|columns} and {rows} {rows|row|rows}. Describe the columns.",
          "可信执行环境已读取表结构：{n} 个字段，{rows} 行，请补充字段说明。",
          { n: columns.length, rows },
        )}
      </p>
      <div style={{ maxHeight: "56vh", overflow: "auto" }}>
        <Columns columns={columns} written={draft} onWrite={setDraft} />
      </div>
      {isTooLong && (
        <p role="alert" style={{ color: "var(--bad)" }}>
          {t("A description has at most 200 characters.", "字段说明最多 200 个字符。")}
        </p>
      )}
    </Modal>
  );
};
