/** 概览: what waits for me, what runs now, and the health of what I rely on. */
import { Page as Frame } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { Activity } from "./overview-activity.tsx";
import { FirstSteps } from "./overview-first-steps.tsx";
import { Health } from "./overview-health.tsx";
import { Runs } from "./overview-runs.tsx";
import { Submitted, Waiting } from "./overview-waiting.tsx";

export const Page = () => {
  const t = useWords();
  const { permissions } = useSession();
  const may = (permission: string) => permissions.has(permission);
  return (
    <Frame title={t("Overview", "概览")}>
      <FirstSteps />
      <div className="columns">
        <div className="stack">
          {may("event.read") && <Waiting />}
          {may("verification.review") && <Submitted />}
          {may("task.read") && <Runs />}
        </div>
        <div className="stack">
          {may("ledger.read") && <Health />}
          {may("ledger.read") && <Activity />}
        </div>
      </div>
    </Frame>
  );
};
