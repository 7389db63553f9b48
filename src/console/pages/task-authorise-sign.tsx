/** The decision: refuse, or authorise with the member's key in this browser; the receiver says where the result goes. */
import { useState } from "react";
import { authoriseTask, type Part } from "../../sdk/workflows/authorise.ts";
import { useActing } from "../identity/identity.tsx";
import { expectedEnclaves } from "../identity/trusted-enclaves.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { Delivery } from "./task-authorise-delivery.tsx";
import type { Given, Signed } from "./task-authorise-given.ts";
import { Refuse } from "./task-decisions.tsx";
import type { TaskView } from "./task-view.ts";

export const Signing = (props: { task: TaskView; part: Part; done: (signed: Signed) => void }) => {
  const { task, part, done } = props;
  const t = useWords();
  const { account } = useSession();
  const { state } = useActing();
  const [given, setGiven] = useState<Given>({ database: false });
  const authorise = useAct(
    async ({ client, me = "" }) => {
      const { key, destination } = part === "receiver" ? given : {};
      // As it was shown: what somebody changed meanwhile is not signed.
      return authoriseTask(client, task.id, { me, key, destination, ...expectedEnclaves() }, task);
    },
    ({ part, receipt }) => done({ part, receipt }),
  );
  const as = {
    receiver: t("You decide as the result receiver", "您作为结果使用方授权"),
    source: t("You decide as a data provider", "您作为数据源提供方授权"),
    model: t("You decide as the model provider", "您作为模型提供方授权"),
  };
  const ready =
    part !== "receiver" || (given.key !== undefined && (!given.database || given.destination !== undefined));
  const by = {
    kept: t("Signs with {name}'s key, kept in this browser", "使用“{name}”保管在此浏览器中的密钥签名", {
      name: account?.nickname ?? "",
    }),
    opened: t("Signs with {name}'s key, opened for this page", "使用“{name}”仅在本页面打开的密钥签名", {
      name: account?.nickname ?? "",
    }),
    managed: t("Signs with the key that the platform keeps for you", "使用平台托管的密钥签名"),
  };
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{as[part]}</h2>
      {part === "receiver" && <Delivery task={task} given={given} onChange={setGiven} />}
      {task.digest !== null && part !== "receiver" && (
        <div className="row muted">
          {t("Your signature is over everything above:", "您的签名涵盖上述全部内容：")} <Id>{task.digest}</Id>
        </div>
      )}
      {authorise.error && <Failure error={authorise.error} />}
      <div className="spread" style={{ alignItems: "center" }}>
        <span className="muted">{state in by ? by[state as keyof typeof by] : ""}</span>
        <div className="row">
          <Refuse id={task.id} />
          <SignButton disabled={!ready} loading={authorise.isPending} onClick={() => authorise.mutate()}>
            {t("Authorise and sign", "授权并签名")}
          </SignButton>
        </div>
      </div>
    </section>
  );
};
