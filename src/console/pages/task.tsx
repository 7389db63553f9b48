/** One task: what is asked for, who has decided, how it runs, what came of it. */
import { Tag } from "antd";
import { useParams } from "react-router";
import { useActing } from "../identity/identity.tsx";
import { EnclaveShield } from "../parts/enclave-shield.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Decisions } from "./task-decisions.tsx";
import { Diagnosis } from "./task-diagnostics.tsx";
import { TaskFacts, TaskParts } from "./task-facts.tsx";
import { Result } from "./task-result.tsx";
import { Run } from "./task-run.tsx";
import { Runs } from "./task-runs.tsx";
import { Steps } from "./task-steps.tsx";
import { taskColours } from "./task-view.ts";
import "./task.css";

export const Page = () => {
  const t = useWords();
  const { me } = useActing();
  const { id = "" } = useParams();
  const read = useView("tasks", "get", { id });
  const { data } = read;
  // A page of another task must not show the one before while it loads.
  const task = data && (data.id === id || data.stream === id) ? data : undefined;
  return (
    <Frame
      title={task?.name || task?.id || untitled(read, t)}
      within={[[t("Tasks", "计算任务管理"), "/tasks"]]}
      beside={
        task && (
          <>
            <Tag color={taskColours[task.state]}>{t(task.stateLabel)}</Tag>
            <EnclaveShield id={task.runsIn} />
          </>
        )
      }
      actions={task && <Decisions task={task} />}
    >
      <Loaded of={{ ...read, data: task }}>
        {(task) => (
          <div className="beside">
            <div className="stack" style={{ minWidth: 0 }}>
              <Run task={task} />
              {task.result && task.receiver.id === me && <Result key={task.stream} task={task} />}
              {task.state === "failed" && task.receipt === null && <Diagnosis task={task} />}
              {task.schedule && <Runs id={task.id} />}
              <section className="card">
                <h2>{t("Task", "计算任务信息")}</h2>
                <TaskFacts task={task} />
              </section>
              <TaskParts task={task} />
            </div>
            <section className="card">
              <h2>{t("Progress", "授权流程")}</h2>
              <Steps steps={task.steps} {...(task.deciders.length > 0 && { expiresAt: task.expiresAt })} />
            </section>
          </div>
        )}
      </Loaded>
    </Frame>
  );
};
