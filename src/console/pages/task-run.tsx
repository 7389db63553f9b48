/** The run: its phases with their time, what the enclave signed, why it failed. */
import { skipToken, useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { useAct } from "../parts/act.tsx";
import { save } from "../parts/files.ts";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { PROGRESS, type Progress } from "../views.ts";
import type { TaskView } from "./task-view.ts";

/** Nothing to say before everybody has authorised, but where it failed. */
export const Run = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { state, failure } = task;
  if (failure)
    return (
      <Alert
        type="error"
        showIcon
        title={t(failure.text)}
        description={
          <span className="row muted">
            {failure.by && t("By {name}", "操作方：{name}", { name: failure.by.nickname })}
            <Id>{failure.code}</Id>
            <Time at={task.endedAt} />
            {task.receipt && <BundleButton id={task.id} />}
          </span>
        }
      />
    );
  if (state === "running") return <Running task={task} />;
  if (state === "authorised" && !task.schedule)
    return (
      <Alert
        type="info"
        showIcon
        title={t("Everybody has authorised.", "全部成员已授权。")}
        description={
          task.runnable
            ? t("Press “Run” when you want it to start.", "需要时请点击“执行任务”。")
            : t("{name} starts it.", "由 {name} 手动执行。", { name: task.creator.nickname })
        }
      />
    );
  return task.receipt ? <Done task={task} receipt={task.receipt} /> : null;
};

const Running = ({ task: { stream, steps } }: { task: TaskView }) => {
  const t = useWords();
  const { data = [] } = useQuery<readonly Progress[]>({ queryKey: [PROGRESS, stream], queryFn: skipToken });
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const authorised = steps.find(({ step }) => step === "model")?.decisions[0]?.at;
  const started = data.findLast(({ phase }) => phase === "started");
  const retrying = data.at(-1)?.phase === "retrying";
  const ended = data.at(-1)?.phase === "ended";
  const since = (at: number) => t("{n} s", "{n} 秒", { n: Math.max(0, Math.round((now - at) / 1_000)) });
  const phases = [
    { name: t("Authorised by all", "全部授权"), state: "done", note: authorised ? <Time at={authorised} /> : null },
    {
      name: t("The enclave replays every statement and opens the tables", "可信执行环境核验全部声明并打开数据"),
      state: started ? "done" : "current",
      note: retrying ? t("interrupted; it is tried again", "执行中断，正在重试") : null,
    },
    {
      name: t("The model runs", "模型执行"),
      state: ended ? "done" : started ? "current" : "waiting",
      note: started && !ended ? since(started.at) : null,
    },
    {
      name: t("The result is sealed and its receipt signed", "加密结果并签署回执"),
      state: ended ? "current" : "waiting",
      note: null,
    },
  ];
  return (
    <section className="card" aria-live="polite">
      <h2>{t("Running", "执行进度")}</h2>
      <ol className="flow">
        {phases.map(({ name, state, note }, at) => (
          <li key={name} data-state={state}>
            <span className="flow-mark" aria-hidden>
              {state === "done" ? "✓" : at + 1}
            </span>
            <div className="flow-title">{name}</div>
            {note && <div className="muted">{note}</div>}
          </li>
        ))}
      </ol>
    </section>
  );
};

const Done = ({ task, receipt }: { task: TaskView; receipt: NonNullable<TaskView["receipt"]> }) => {
  const t = useWords();
  const seconds = (Date.parse(receipt.finished) - Date.parse(receipt.started)) / 1_000;
  const rowsOf = (at: number) => receipt.sources[at]?.rows.toLocaleString() ?? "—";
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Run", "执行结果")}</h2>
        <div className="row">
          <BundleButton id={task.id} />
          <Link to={`/evidence?task=${task.id}`}>
            <Button tabIndex={-1}>{t("Open the evidence", "查看证据")}</Button>
          </Link>
        </div>
      </div>
      <dl className="facts">
        <dt>{t("Started", "开始时间")}</dt>
        <dd>
          <Time at={receipt.started} />{" "}
          <span className="muted">
            {seconds >= 1
              ? t("took {n} s", "用时 {n} 秒", { n: seconds })
              : t("took less than a second", "用时不到 1 秒")}
          </span>
        </dd>
        <dt>{t("Rows read", "读取行数")}</dt>
        <dd>{task.sources.map(({ name, id }, at) => `${name || id} ${rowsOf(at)}`).join(" · ")}</dd>
        {task.result && (
          <>
            <dt>{t("Result", "计算结果")}</dt>
            <dd>
              {t("{n} {n|row|rows}, {size} bytes sealed", "{n} 行，密文 {size} 字节", {
                n: task.result.rows.toLocaleString(),
                size: task.result.size.toLocaleString(),
              })}{" "}
              <Id>{task.result.digest}</Id>
            </dd>
          </>
        )}
        <dt>{t("Receiver", "结果使用方")}</dt>
        <dd>
          {task.acknowledgedAt ? (
            <>
              {t("has confirmed receipt", "已确认收到")} <Time at={task.acknowledgedAt} />
            </>
          ) : (
            <span className="muted">{t("has not confirmed receipt yet", "尚未确认收到")}</span>
          )}
        </dd>
        <dt>{t("Ledger at the time", "执行时的账本")}</dt>
        <dd>
          {t("{n} {n|statement|statements}, root", "{n} 条声明，根", { n: receipt.checkpoint.size })}{" "}
          <Id>{receipt.checkpoint.root}</Id>
        </dd>
      </dl>
    </section>
  );
};

const BundleButton = ({ id }: { id: string }) => {
  const t = useWords();
  const fetch = useAct(async ({ client }) => {
    const file = await client.tasks.bundle({ id });
    save(file.fileName ?? `${id}.evidence.json`, await file.bytes(), "application/json");
  });
  return (
    <>
      {fetch.error && <Failure error={fetch.error} />}
      <Button onClick={() => fetch.mutate()} loading={fetch.isPending}>
        {t("Download evidence bundle", "下载证据包")}
      </Button>
    </>
  );
};
