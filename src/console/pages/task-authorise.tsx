/** Before a member authorises: what runs, on what, for whom, under which limits, on which enclave; then the signature. */
import { Alert } from "antd";
import { type ReactNode, useState } from "react";
import { Link, useParams } from "react-router";
import { partDue } from "../../sdk/workflows/authorise.ts";
import { useActing } from "../identity/identity.tsx";
import { EnclaveChecked, EnclaveShield } from "../parts/enclave-shield.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Code } from "./task-authorise-code.tsx";
import type { Signed } from "./task-authorise-given.ts";
import { Signing } from "./task-authorise-sign.tsx";
import { Data, Limits, Receiver } from "./task-authorise-terms.tsx";
import { Trial } from "./task-authorise-trial.tsx";
import { Steps, Until } from "./task-steps.tsx";
import type { TaskView } from "./task-view.ts";
import "./task.css";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("tasks", "get", { id });
  const task = read.data && (read.data.id === id || read.data.stream === id) ? read.data : undefined;
  const name = task ? task.name || id : untitled(read, t);
  return (
    <Frame
      title={t("Authorise: {name}", "授权：{name}", { name })}
      within={[
        [t("Tasks", "计算任务管理"), "/tasks"],
        [name, `/tasks/${id}`],
      ]}
      beside={
        (task || !read.error) && (
          <>
            <EnclaveShield id={task?.definition.enclave ?? ""} />
            {task ? task.endedAt === null && <Until at={task.expiresAt} /> : <span className="muted">…</span>}
          </>
        )
      }
    >
      <Loaded of={{ ...read, data: task }}>{(task) => <Terms key={task.stream} task={task} />}</Loaded>
    </Frame>
  );
};

/** One question of the page, with its number. */
const Part = ({ number, title, children }: { number: number; title: string; children: ReactNode }) => (
  <section className="card">
    <h2>
      <span className="part-number" aria-hidden>
        {number}
      </span>
      {title}
    </h2>
    <div className="stack">{children}</div>
  </section>
);

const Terms = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { me = "" } = useActing();
  const { permissions } = useSession();
  const [signed, setSigned] = useState<readonly Signed[]>([]);
  const part = permissions.has("task.authorise") ? partDue(task, me) : undefined;
  return (
    <div className="beside">
      <div className="stack" style={{ minWidth: 0 }}>
        <Part number={1} title={t("What will run", "将运行的代码")}>
          <Code task={task} />
        </Part>
        <Part number={2} title={t("Data used", "使用的数据")}>
          <Data task={task} />
        </Part>
        <Part number={3} title={t("Who receives the result", "结果由谁接收")}>
          <Receiver task={task} />
        </Part>
        <Part number={4} title={t("Under which limits", "受哪些限制")}>
          <Limits task={task} />
        </Part>
        <Part number={5} title={t("In which enclave", "在哪个可信执行环境中")}>
          <EnclaveChecked id={task.definition.enclave} />
          {task.definition.workers && (
            <div className="muted">
              {t("Or in {n} others of the very same program.", "或在另外 {n} 个完全相同的环境中执行。", {
                n: task.definition.workers.length,
              })}
            </div>
          )}
        </Part>
        <Part number={6} title={t("Trial run on synthetic data", "使用合成数据试运行")}>
          <Trial task={task} />
        </Part>
        {signed.map((one) => (
          <Signature key={one.receipt.head} signed={one} />
        ))}
        {part ? (
          <Signing key={part} task={task} part={part} done={(one) => setSigned((known) => [...known, one])} />
        ) : (
          <NotDue task={task} signed={signed.length > 0} />
        )}
      </div>
      <section className="card">
        <h2>{t("Progress", "授权流程")}</h2>
        <Steps steps={task.steps} {...(task.deciders.length > 0 && { expiresAt: task.expiresAt })} />
      </section>
    </div>
  );
};

/** The ledger's receipt, in place. */
const Signature = ({ signed: { part, receipt } }: { signed: Signed }) => {
  const t = useWords();
  const as = {
    receiver: t("You have authorised as the result receiver.", "您已作为结果使用方授权。"),
    source: t("You have authorised as a data provider.", "您已作为数据源提供方授权。"),
    model: t("You have authorised as the model provider.", "您已作为模型提供方授权。"),
  };
  return (
    <Alert
      type="success"
      showIcon
      role="status"
      title={as[part]}
      description={
        <span className="row">
          {t("Statement {n} of the ledger,", "账本第 {n} 条声明，", { n: receipt.index + 1 })}
          <Time at={receipt.time} />
          <Id>{receipt.head}</Id>
        </span>
      }
    />
  );
};

const NotDue = ({ task, signed }: { task: TaskView; signed: boolean }) => {
  const t = useWords();
  const next = task.deciders.map(({ nickname }) => nickname).join(", ");
  return (
    <div className="card spread">
      <span className="muted">
        {signed
          ? next
            ? t("Next: {next}.", "下一步：{next}。", { next })
            : t("Nothing more is needed from you.", "您无需再做任何操作。")
          : t("Nothing is needed from you now: {state}.", "当前无需您授权：{state}。", { state: t(task.stateLabel) })}
      </span>
      <Link to={`/tasks/${task.id}`}>{t("View task", "查看任务详情")}</Link>
    </div>
  );
};
