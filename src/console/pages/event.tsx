/** 事件详情: what is asked of this member, about what, and who has decided. */
import { Alert, Button, Tag } from "antd";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import type { z } from "zod";
import type { EventDetail } from "../../contract/events.ts";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { About, Answer } from "./event-invitation.tsx";
import { Refuse } from "./task-decisions.tsx";
import { DecideDiagnostics } from "./task-diagnostics.tsx";
import { TaskFacts, TaskParts } from "./task-facts.tsx";
import { Steps, Until } from "./task-steps.tsx";
import type { TaskView } from "./task-view.ts";
import "./task.css";

type Event = z.output<typeof EventDetail>;
const COLOURS = { pending: "processing", succeeded: "success", failed: "error", expired: "default" } as const;

export const Page = () => {
  const t = useWords();
  const { client } = useSession();
  const { id = "" } = useParams();
  const read = useView("events", "get", { id });
  const event = read.data?.id === id ? read.data : undefined;
  const unread = event?.unread ?? false;
  useEffect(() => {
    // Whether it was noted does not matter to who reads; the next visit notes it again.
    if (unread) client.events.markRead({ id }).catch(() => undefined);
  }, [client, id, unread]);
  return (
    <Frame
      title={event ? t(event.title) : untitled(read, t)}
      within={[[t("Event centre", "事件中心"), "/events"]]}
      beside={
        event && (
          <>
            <Tag>{t(event.kindLabel)}</Tag>
            <Tag color={COLOURS[event.state]}>{t(event.stateLabel)}</Tag>
          </>
        )
      }
      actions={event && (event.state === "pending" ? <Actions event={event} /> : <Onward event={event} />)}
    >
      <Loaded of={{ ...read, data: event }}>{(event) => <Detail event={event} />}</Loaded>
    </Frame>
  );
};

const Go = ({ to, children }: { to: string; children: string }) => (
  <Link to={to}>
    <Button type="primary" tabIndex={-1}>
      {children}
    </Button>
  </Link>
);

/** Where one goes on, once it is settled. */
const Onward = ({ event: { kind, state, alliance } }: { event: Event }) => {
  const t = useWords();
  if (kind !== "invitation" || state !== "succeeded" || !alliance) return null;
  return <Go to={`/alliances/${alliance.id}`}>{t("View alliance", "查看联盟")}</Go>;
};

/** What can be answered, at the top. */
const Actions = ({ event: { kind, task, request, group, stream } }: { event: Event }) => {
  const t = useWords();
  const { permissions } = useSession();
  const go = (to: string, en: string, zh: string) => <Go to={to}>{t(en, zh)}</Go>;
  if (kind === "invitation") return permissions.has("event.handle") && <Answer stream={stream} />;
  if (kind === "authorisation" && task?.awaitsYou && permissions.has("task.authorise"))
    return (
      <>
        <Refuse id={task.id} />
        {go(`/tasks/${task.id}/authorise`, "Review and authorise", "查看并授权")}
      </>
    );
  if (request) return go(`/key-requests/${request.id}`, "Look at the request", "查看签名请求");
  return group ? go(`/key-groups/${group.id}`, "Look at the group", "查看群组") : null;
};

const Detail = ({ event }: { event: Event }) => {
  const t = useWords();
  const { task, alliance, initiator, createdAt, expiresAt, state, steps, kind } = event;
  return (
    <>
      <div className="row" style={{ columnGap: 16 }}>
        <Member of={initiator} />
        <span className="muted">
          {t("requested on", "发起于")} <Time at={createdAt} />
        </span>
        {state === "pending" && <Until at={expiresAt} />}
      </div>
      <div className="beside">
        <div className="stack" style={{ minWidth: 0 }}>
          {kind === "diagnostics" && task?.diagnostics && <Diagnostics task={task} />}
          {task && <AboutTask task={task} />}
          {alliance && <About alliance={alliance} />}
          {kind === "invitation" && !alliance && (
            <Alert
              type="info"
              title={t(
                "You are not a member of this alliance, so its details are hidden.",
                "您不在该联盟中，无法查看联盟信息。",
              )}
            />
          )}
          {!task && !alliance && kind !== "invitation" && (
            <section className="card">
              <p style={{ margin: 0 }}>{t(event.title)}</p>
            </section>
          )}
        </div>
        <section className="card">
          <h2>{t("Steps", "事件流程")}</h2>
          <Steps steps={steps} expiresAt={expiresAt} />
        </section>
      </div>
    </>
  );
};

const Diagnostics = ({ task }: { task: TaskView }) => {
  const t = useWords();
  if (!task.diagnostics) return null;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Diagnostics of the failed task", "失败诊断")}</h2>
      {task.failure && <div>{t(task.failure.text)}</div>}
      <DecideDiagnostics task={task} asked={task.diagnostics} />
    </section>
  );
};

const AboutTask = ({ task }: { task: TaskView }) => {
  const t = useWords();
  return (
    <>
      <section className="card">
        <div className="spread">
          <h2>{t("Task", "计算任务信息")}</h2>
          <Link to={`/tasks/${task.id}`}>{t("View task", "查看任务详情")}</Link>
        </div>
        <TaskFacts task={task} />
      </section>
      <TaskParts task={task} />
    </>
  );
};
