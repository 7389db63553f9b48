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
    ...{ done: t("Done", "已完成"), failed: t("Failed", "失败") },
  };
  // Whoever was not asked before it ended never is.
  const over = steps.some(({ state }) => state === "failed");
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
              <li key={decision.member.id} className="row" style={{ rowGap: 0 }}>
                <Member of={decision.member} />
                <Decided decision={decision} state={state} over={over} invitation={step === "answered"} />
              </li>
            ))}
          </ul>
          {at === 0 && expiresAt !== undefined && (
            <div className="muted">
              {t("Open for 7 days, until", "自发起之日起 7 天内有效，到期时间")} <Time at={expiresAt} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
};

interface DecidedProps {
  readonly decision: Decision;
  readonly state: StepView["state"];
  /** The whole has failed. */
  readonly over: boolean;
  /** To an alliance: one joins it. */
  readonly invitation: boolean;
}

const Decided = ({ decision: { decision, at }, state, over, invitation }: DecidedProps) => {
  const t = useWords();
  const words = {
    asked: t("requested", "发起"),
    authorised: invitation ? t("joined", "已同意加入") : t("authorised", "已确认授权"),
    refused: t("refused", "已拒绝"),
    revoked: t("revoked", "已撤销授权"),
    expired: t("expired", "逾期未确认"),
  };
  if (decision === null)
    return (
      <span className="muted">
        {over
          ? t("did not decide", "未作决定")
          : state === "current"
            ? t("pending", "待确认")
            : t("not yet asked", "尚未轮到")}
      </span>
    );
  const bad = decision === "refused" || decision === "revoked" || decision === "expired";
  return (
    <>
      <span className={bad ? undefined : "muted"} style={bad ? { color: "var(--bad)" } : undefined}>
        {words[decision]}
      </span>
      {at !== null && (
        <span className="muted" style={{ flexBasis: "100%" }}>
          <Time at={at} />
        </span>
      )}
    </>
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
