/** What runs now, and what ran last. */
import { Link } from "react-router";
import type { z } from "zod";
import type { TaskSummary } from "../../contract/tasks.ts";
import { Loaded } from "../parts/page.tsx";
import { useAgo } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof TaskSummary>;

const SHOWN = 5;

export const Runs = () => {
  const t = useWords();
  const running = useView("tasks", "list", { state: "running", pageSize: SHOWN });
  const newest = useView("tasks", "list", { pageSize: SHOWN });
  const count = running.data?.total ?? 0;
  return (
    <section className="card">
      <div className="spread" style={{ marginBottom: 12 }}>
        <h2 style={{ margin: 0 }}>{t("Tasks", "计算任务")}</h2>
        {running.data && (
          <span className={count > 0 ? "state warn" : "state"} aria-live="polite">
            {count > 0 ? t("{n} running now", "{n} 个正在执行", { n: count }) : t("Nothing running", "当前无任务执行")}
          </span>
        )}
      </div>
      <Loaded of={newest} rows={4}>
        {({ items }) => {
          const now = running.data?.items ?? [];
          const rest = items.filter(({ id }) => !now.some((one) => one.id === id));
          const shown = [...now, ...rest].slice(0, SHOWN);
          return shown.length === 0 ? (
            <p className="muted" style={{ margin: 0 }}>
              {t(
                "A task runs one model on data from several members. ",
                "计算任务以一个模型对多个成员的数据进行计算。",
              )}
              <Link to="/tasks">{t("Create a task", "新建计算任务")}</Link>
            </p>
          ) : (
            <ul className="lines">
              {shown.map((task) => (
                <Line key={task.id} task={task} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </section>
  );
};

const LIGHTS: Partial<Record<Shown["state"], string>> = {
  running: "warn",
  succeeded: "good",
  failed: "bad",
  "authorisation-failed": "bad",
};

const Line = ({ task: { id, name, creator, alliance, state, stateLabel, createdAt } }: { task: Shown }) => {
  const t = useWords();
  const ago = useAgo();
  return (
    <li>
      <div>
        <Link to={`/tasks/${id}`}>{name}</Link>
        <div className="muted">{[alliance.name, creator.nickname, ago(createdAt)].join(" · ")}</div>
      </div>
      <span className={`state ${LIGHTS[state] ?? ""}`}>{t(stateLabel)}</span>
    </li>
  );
};
