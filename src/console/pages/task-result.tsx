/** The receiver's result: opened on this machine with the receiver's private key, shown, saved, and acknowledged. */
import { Alert, Button, Segmented, Skeleton } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { fromHex, fromUtf8 } from "../../base/bytes.ts";
import { refuse } from "../../sdk/workflows/errors.ts";
import { pinsOf } from "../identity/trusted-enclaves.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { parseCsv } from "../parts/csv.ts";
import { Drop } from "../parts/drop.tsx";
import { save } from "../parts/files.ts";
import { Code } from "../parts/keys.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { CsvTable } from "./task-csv-table.tsx";
import { KeyFile } from "./task-key-file.tsx";
import type { TaskView } from "./task-view.ts";
import { beside } from "./task-work.ts";
import type { OpenedResult } from "./task-worker.ts";

const Chart = lazy(async () => ({ default: (await import("./task-chart.tsx")).Chart }));

/** More rows are in the file that is saved. */
const SHOWN = 10_000;

/** How the receiver reads it out of its own table. */
const READ = {
  mysql: (digest: string) => `SELECT HEX(content) FROM <table> WHERE task = '${digest}' ORDER BY part;`,
  postgresql: (digest: string) => `SELECT encode(content, 'hex') FROM <table> WHERE task = '${digest}' ORDER BY part;`,
} as const;

/** What a database prints is hexadecimal, in lines; an envelope itself never is. */
const sealedOf = (bytes: Uint8Array): Uint8Array => {
  if (!bytes.every((byte) => HEX.includes(byte))) return bytes;
  return fromHex(fromUtf8(bytes).replaceAll(/\s/g, "").toLowerCase());
};
const HEX = new TextEncoder().encode("0123456789abcdefABCDEF\r\n\t ");

export const Result = ({ task }: { task: TaskView }) => {
  const t = useWords();
  // What was opened, and what it was opened as: that is what is confirmed.
  const [opened, setOpened] = useState<OpenedResult>();
  const csv = opened?.csv;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Your result", "您的计算结果")}</h2>
        <div className="row">
          {csv !== undefined && (
            <Button onClick={() => save(`${task.id}.csv`, `\ufeff${csv}`, "text/csv;charset=utf-8")}>
              {t("Save as CSV", "下载 CSV")}
            </Button>
          )}
          <Acknowledge task={task} opened={opened?.digest} />
        </div>
      </div>
      {csv === undefined ? <Opening task={task} done={setOpened} /> : <Opened csv={csv} />}
    </section>
  );
};

const Opening = ({ task, done }: { task: TaskView; done: (opened: OpenedResult) => void }) => {
  const t = useWords();
  const { client } = useSession();
  const [sealed, setSealed] = useState<{ name: string; bytes: Uint8Array }>();
  const elsewhere = task.delivery?.destination !== undefined;
  return (
    <>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "It is sealed to your key. Here the evidence of the run is verified first, then the result is opened on this machine.",
          "结果已使用您的公钥加密。先在本机验证执行证据，再用您的私钥解密，私钥与明文均不会上传。",
        )}
      </p>
      {elsewhere && (
        <div className="narrow stack">
          <div>
            <div className="muted">
              {t(
                "Your database has it, sealed. Save what this prints, and choose that file:",
                "加密结果在您的数据库中。将以下查询的输出保存为文件后选择：",
              )}
            </div>
            <Code>{READ[task.delivery?.sink as keyof typeof READ]?.(task.digest ?? "") ?? ""}</Code>
          </div>
          <Drop
            accept="*"
            chosen={sealed?.name}
            onFile={async (file) =>
              setSealed({ name: file.name, bytes: sealedOf(new Uint8Array(await file.arrayBuffer())) })
            }
          >
            {t(
              "The sealed result from your database, in hexadecimal or as it is",
              "您的数据库中的加密结果（十六进制或原始字节）",
            )}
          </Drop>
        </div>
      )}
      <KeyFile
        say={t("Open the result here", "在本机解密")}
        open={async ({ pem, passphrase }) => {
          const { id, receiver } = task;
          const fetched = async () => (await client.tasks.result({ id })).bytes();
          if (elsewhere && !sealed) throw refuse("result.elsewhere", { id, sink: task.delivery?.sink ?? "" });
          const [bytes, bundle] = await Promise.all([
            sealed?.bytes ?? fetched(),
            client.tasks.bundle({ id }).then((file) => file.bytes()),
          ]);
          done(
            await beside("result", {
              ...{ task, pem, passphrase, pins: pinsOf(), me: receiver.id },
              ...{ sealed: bytes, bundle },
            }),
          );
        }}
      />
    </>
  );
};

const Opened = ({ csv }: { csv: string }) => {
  const t = useWords();
  const [view, setView] = useState<"table" | "chart">("table");
  const { rows, total, formulas } = useMemo(() => parseCsv(csv, SHOWN + 1), [csv]);
  const [header = [], ...body] = rows;
  return (
    <>
      <div className="spread">
        <Segmented
          aria-label={t("How the result is shown", "结果显示方式")}
          value={view}
          onChange={setView}
          options={[
            { value: "table", label: t("Table", "表格") },
            { value: "chart", label: t("Chart", "图表") },
          ]}
        />
        {total > SHOWN + 1 && (
          <span className="muted">
            {t(
              "The first {n} of {all} rows; the rest is in the CSV.",
              "显示前 {n} 行，共 {all} 行，其余见 CSV 文件。",
              {
                n: SHOWN.toLocaleString(),
                all: (total - 1).toLocaleString(),
              },
            )}
          </span>
        )}
      </div>
      {formulas && (
        <Alert
          type="warning"
          title={t(
            "Some cells begin with =, +, - or @: a spreadsheet may take them for formulas. The CSV has them as they are.",
            "部分单元格以 =、+、- 或 @ 开头，电子表格软件可能将其当作公式执行。CSV 文件保留原始内容。",
          )}
        />
      )}
      {view === "table" ? (
        <CsvTable header={header} rows={body} />
      ) : (
        <Suspense fallback={<Skeleton active paragraph={{ rows: 8 }} title={false} />}>
          <Chart header={header} rows={body} />
        </Suspense>
      )}
    </>
  );
};

/** 确认收到: signed over the result's digest, after it was opened. */
const Acknowledge = ({ task, opened }: { task: TaskView; opened: string | undefined }) => {
  const { stream, acknowledgedAt } = task;
  const t = useWords();
  const notice = useNotice();
  const acknowledge = useAct(
    ({ client }) => client.tasks.acknowledge(stream, { result: opened ?? "" }),
    () => notice(t("Confirmed; it is on the ledger.", "已确认收到，声明已登记到账本。")),
  );
  if (acknowledgedAt !== null) return null;
  return (
    <>
      {acknowledge.error && <Failure error={acknowledge.error} />}
      {opened !== undefined && (
        <SignButton loading={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
          {t("Confirm receipt and sign", "确认收到并签名")}
        </SignButton>
      )}
    </>
  );
};
