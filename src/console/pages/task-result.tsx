/** The receiver's result: opened on this machine with the receiver's private key, shown, saved, and acknowledged. */
import { Button, Segmented, Skeleton } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { refuse } from "../../sdk/workflows/errors.ts";
import { pinsOf } from "../identity/trusted-enclaves.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { parseCsv } from "../parts/csv.ts";
import { Drop } from "../parts/drop.tsx";
import { save } from "../parts/files.ts";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { CsvTable } from "./task-csv-table.tsx";
import { KeyFile } from "./task-key-file.tsx";
import type { TaskView } from "./task-view.ts";
import { beside } from "./task-work.ts";

const Chart = lazy(async () => ({ default: (await import("./task-chart.tsx")).Chart }));

/** More rows are in the file that is saved. */
const SHOWN = 10_000;

export const Result = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const [csv, setCsv] = useState<string>();
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
          <Acknowledge task={task} opened={csv !== undefined} />
        </div>
      </div>
      {csv === undefined ? <Opening task={task} done={setCsv} /> : <Opened csv={csv} />}
    </section>
  );
};

const Opening = ({ task, done }: { task: TaskView; done: (csv: string) => void }) => {
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
        <div className="narrow">
          <Drop
            accept="*"
            chosen={sealed?.name}
            onFile={async (file) => setSealed({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })}
          >
            {t(
              "The sealed result from your database (the parts of its row, joined)",
              "您的数据库中的加密结果（该行各部分依次拼接）",
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
  const { rows, total } = useMemo(() => parseCsv(csv, SHOWN + 1), [csv]);
  const [header = [], ...body] = rows;
  return (
    <>
      <div className="spread">
        <Segmented
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
const Acknowledge = ({ task: { id, result, acknowledgedAt }, opened }: { task: TaskView; opened: boolean }) => {
  const t = useWords();
  const notice = useNotice();
  const acknowledge = useAct(
    ({ client }) => client.tasks.acknowledge(id, { result: result?.digest ?? "" }),
    () => notice(t("Confirmed; it is on the ledger.", "已确认收到，声明已登记到账本。")),
  );
  if (acknowledgedAt !== null) return null;
  return (
    <>
      {acknowledge.error && <Failure error={acknowledge.error} />}
      {opened && (
        <SignButton loading={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
          {t("Confirm receipt and sign", "确认收到并签名")}
        </SignButton>
      )}
    </>
  );
};
