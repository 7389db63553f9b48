/** 事件流程: the steps of an authorisation, who has decided, and until when it is open. */
import { Member } from "../parts/member.tsx";
import { Time, useAgo } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import type { StepView } from "./task-view.ts";

type Decision = StepView["decisions"][number];

const MARKS = { done: "✓", failed: "✕" } as const;

export const Steps = ({ steps, expiresAt }: { steps: readonly StepView[]; expiresAt?: string }) => {
  const t = useWords();
  const states = {
    ...{ waiting: t("not yet", "未开始"), current: t("now", "进行中") },
    ...{ done: t("done", "已完成"), failed: t("failed", "失败") },
  };
  return (
    <ol className="flow">
      {steps.map(({ step, label, state, decided, of, decisions }, at) => (
        <li key={step} data-state={state} {...(state === "current" && { "aria-current": "step" as const })}>
          <span className="flow-mark" aria-hidden>
            {state in MARKS ? MARKS[state as keyof typeof MARKS] : at + 1}
          </span>
          <div className="flow-title">
            {t(label)} <span className="sr-only">{states[state]}</span>
            {of > 1 && (
              <span className="muted">
                {" "}
                {decided}/{of}
              </span>
            )}
          </div>
          <ul className="flow-people">
            {decisions.map((decision) => (
              <li key={decision.member.id} className="row">
                <Member of={decision.member} />
                <Decided decision={decision} state={state} />
              </li>
            ))}
          </ul>
          {at === 0 && expiresAt !== undefined && (
            <div className="muted">
              {t("Open for seven days, until", "自发起之日起 7 天内有效，到期时间")} <Time at={expiresAt} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
};

const Decided = ({ decision: { decision, at }, state }: { decision: Decision; state: StepView["state"] }) => {
  const t = useWords();
  const words = {
    asked: t("asked for it", "发起"),
    authorised: t("has authorised", "已确认授权"),
    refused: t("has refused", "已拒绝"),
    revoked: t("has taken it back", "已撤销授权"),
    expired: t("let it lapse", "逾期未确认"),
  };
  if (decision === null)
    return (
      <span className="muted">
        {state === "current" ? t("is asked now", "待确认") : t("is asked later", "尚未轮到")}
      </span>
    );
  const bad = decision === "refused" || decision === "revoked" || decision === "expired";
  return (
    <span className={bad ? undefined : "muted"} style={bad ? { color: "var(--bad)" } : undefined}>
      {words[decision]} {at !== null && <Time at={at} />}
    </span>
  );
};

/** 请在 … 前确认 */
export const Until = ({ at }: { at: string }) => {
  const t = useWords();
  const ago = useAgo();
  const { language } = usePreferences();
  const said = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
  return (
    <time className="muted" dateTime={at} title={at}>
      {t("Please decide before {at} ({ago})", "请在 {at} 前确认（{ago}）", { at: said, ago: ago(at) })}
    </time>
  );
};
