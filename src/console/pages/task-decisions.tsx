/** Run, refuse, revoke: each a signed act with its consequence said before. */
import { Button, Popconfirm } from "antd";
import { Link } from "react-router";
import { useActing } from "../identity/identity.tsx";
import { SignButton, useAct, useNotice, useObstacle } from "../parts/act.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { mayRevoke, type TaskView } from "./task-view.ts";

/** [Refuse…]: the task ends for everybody. */
export const Refuse = ({ id, done }: { id: string; done?: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const obstacle = useObstacle();
  const refuse = useAct(
    ({ client }) => client.tasks.refuse(id),
    () => {
      notice(t("Refused; the refusal is on the ledger.", "已拒绝，拒绝声明已登记到账本。"));
      done?.();
    },
  );
  return (
    <>
      {refuse.error && <Failure error={refuse.error} />}
      <Popconfirm
        title={t("Refuse this task?", "拒绝该计算任务？")}
        description={t("This ends the task for everyone and cannot be undone.", "任务将对所有成员终止，且无法恢复。")}
        okText={t("Refuse and sign", "拒绝并签名")}
        okButtonProps={{ danger: true }}
        onConfirm={() => refuse.mutate()}
        disabled={obstacle !== undefined}
      >
        <Button danger loading={refuse.isPending} disabled={obstacle !== undefined} title={obstacle}>
          {t("Refuse…", "拒绝")}
        </Button>
      </Popconfirm>
    </>
  );
};

/** Whatever is due of this member. */
export const Decisions = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const notice = useNotice();
  const obstacle = useObstacle();
  const { me } = useActing();
  const { permissions } = useSession();
  const run = useAct(
    ({ client }) => client.tasks.run(task.id),
    () => notice(t("Task started.", "任务开始执行。")),
  );
  const revoke = useAct(
    ({ client }) => client.tasks.revoke(task.id),
    () => notice(t("Authorisation revoked.", "授权已撤销。")),
  );
  const decides = permissions.has("task.authorise");
  return (
    <>
      {run.error && <Failure error={run.error} />}
      {revoke.error && <Failure error={revoke.error} />}
      {decides && mayRevoke(task, me) && (
        <Popconfirm
          title={t("Revoke your authorisation?", "撤销您的授权？")}
          description={t(
            "The task ends for everyone; a run in progress gives no result.",
            "任务将对所有成员终止；正在执行的任务不会产生结果。",
          )}
          okText={t("Revoke and sign", "撤销并签名")}
          okButtonProps={{ danger: true }}
          onConfirm={() => revoke.mutate()}
        >
          <Button danger loading={revoke.isPending} disabled={obstacle !== undefined} title={obstacle}>
            {t("Revoke…", "撤销授权")}
          </Button>
        </Popconfirm>
      )}
      {decides && task.awaitsYou && (
        <>
          <Refuse id={task.id} />
          <Link to={`/tasks/${task.id}/authorise`}>
            <Button type="primary" tabIndex={-1}>
              {t("Review and authorise", "查看并授权")}
            </Button>
          </Link>
        </>
      )}
      {task.runnable && permissions.has("task.create") && (
        <SignButton loading={run.isPending} onClick={() => run.mutate()}>
          {t("Run", "执行任务")}
        </SignButton>
      )}
    </>
  );
};
