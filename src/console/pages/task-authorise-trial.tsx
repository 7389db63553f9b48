/** 试运行: what the model gives for made-up rows, in the enclave's signed word. No source is opened for it. */
import { useMutation } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useMemo, useState } from "react";
import type { DryRun } from "../../rules/dry-run.ts";
import { expectedEnclaves } from "../identity/trusted-enclaves.ts";
import { parseCsv } from "../parts/csv.ts";
import { harmless } from "../parts/harmless.ts";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { CsvTable } from "./task-csv-table.tsx";
import type { TaskView } from "./task-view.ts";

export const Trial = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { client, permissions } = useSession();
  const [run, setRun] = useState<{ readonly answer: DryRun; readonly ms: number }>();
  const start = useMutation({
    async mutationFn() {
      const { dryRunTask } = await import("../../sdk/workflows/dry-run.ts");
      const began = performance.now();
      const answer = await dryRunTask(client, task.stream, expectedEnclaves());
      return { answer, ms: Math.round(performance.now() - began) };
    },
    onSuccess: setRun,
  });
  return (
    <>
      <div className="spread">
        <span className="muted" style={{ flex: "1 1 280px" }}>
          {t(
            "The enclave makes up rows of your columns' types, runs the model on them and signs the output. No real data is read.",
            "可信执行环境按字段类型生成合成数据，运行模型并对输出签名，不读取真实数据。",
          )}
        </span>
        <Button onClick={() => start.mutate()} loading={start.isPending} disabled={!permissions.has("task.authorise")}>
          {run ? t("Try again", "再次试运行") : t("Run a trial", "试运行")}
        </Button>
      </div>
      {start.error && <Failure error={start.error} />}
      {run && <Answered {...run} />}
    </>
  );
};

const Answered = ({ answer: { failure, csv, rows, log, made }, ms }: { answer: DryRun; ms: number }) => {
  const t = useWords();
  const [header = [], ...body] = useMemo(() => parseCsv(csv, 201).rows, [csv]);
  return (
    <div className="stack" style={{ gap: 12 }} role="status">
      {failure ? (
        <Alert
          type="warning"
          showIcon
          title={t("The model failed on synthetic data.", "模型在合成数据上执行失败。")}
          description={
            <>
              <div className="pre">{harmless(failure.reason)}</div>
              <span className="muted">{t("Real data may behave differently.", "真实数据的情况可能不同。")}</span>
            </>
          }
        />
      ) : (
        <>
          <div>
            {t(
              "Finished in {ms} ms on {made} synthetic rows per table: {rows} {rows|row|rows} out.",
              "用时 {ms} 毫秒，每张表 {made} 行合成数据，输出 {rows} 行。",
              {
                ...{ ms, rows, made: made.toLocaleString() },
              },
            )}{" "}
            <span style={{ color: "var(--good)" }}>{t("Signed by the enclave.", "已由可信执行环境签名。")}</span>
          </div>
          <CsvTable header={header} rows={body} />
        </>
      )}
      {log !== "" && (
        <details>
          <summary>{t("Model output", "模型输出日志")}</summary>
          <pre className="pre">{harmless(log)}</pre>
        </details>
      )}
    </div>
  );
};
