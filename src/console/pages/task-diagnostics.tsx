/** 失败诊断: what a failed model said, for its author, when every data provider agrees. */
import { Button, Tag } from "antd";
import { useState } from "react";
import { refuse } from "../../sdk/workflows/errors.ts";
import { useActing } from "../identity/identity.tsx";
import { pinsOf } from "../identity/trusted-enclaves.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { harmless } from "../parts/harmless.ts";
import { Member } from "../parts/member.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { KeyFile } from "./task-key-file.tsx";
import { ReceivingKey } from "./task-receiving-key.tsx";
import type { TaskView } from "./task-view.ts";
import { beside } from "./task-work.ts";

type Asked = NonNullable<TaskView["diagnostics"]>;

export const Diagnosis = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { me } = useActing();
  const { diagnostics: asked, model } = task;
  const mine = model.owner.id === me;
  const open = asked?.state === "open" || asked?.state === "authorised";
  if (!asked && !mine) return null;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Diagnostics", "失败诊断")}</h2>
        {asked && <Tag>{t(asked.stateLabel)}</Tag>}
      </div>
      {asked && <Request asked={asked} />}
      {asked && <DecideDiagnostics task={task} asked={asked} />}
      {asked?.state === "authorised" && asked.by.id === me && <Read task={task} />}
      {mine && !open && <Ask id={task.id} />}
    </section>
  );
};

const Request = ({ asked: { by, createdAt, expiresAt, decisions } }: { asked: Asked }) => {
  const t = useWords();
  return (
    <dl className="facts">
      <dt>{t("Requested by", "申请方")}</dt>
      <dd className="row">
        <Member of={by} /> <Time at={createdAt} />
      </dd>
      <dt>{t("Open until", "有效期至")}</dt>
      <dd>
        <Time at={expiresAt} />
      </dd>
      <dt>{t("Decisions", "授权情况")}</dt>
      <dd className="stack" style={{ gap: 4 }}>
        {decisions.map(({ member, decision, at }) => (
          <span key={member.id} className="row">
            <Member of={member} />
            <span className="muted">
              {decision === "authorised"
                ? t("Agreed", "已同意")
                : decision
                  ? t("refused", "已拒绝")
                  : t("Pending", "待确认")}
            </span>
            {at && <Time at={at} />}
          </span>
        ))}
      </dd>
    </dl>
  );
};

/** What leaves is said before anybody agrees. */
export const DecideDiagnostics = ({ task, asked }: { task: TaskView; asked: Asked }) => {
  const t = useWords();
  const { me } = useActing();
  const { permissions } = useSession();
  const agree = useAct(async ({ client }) =>
    // To the request that is shown: what the server shows by now in its place is not agreed to.
    (await import("../../sdk/workflows/diagnostics.ts")).authoriseDiagnostics(client, task.stream, {
      review(_, now) {
        if (now.request !== asked.request || now.by.id !== asked.by.id)
          throw refuse("task.other", { id: asked.request, found: now.request });
      },
    }),
  );
  const decline = useAct(async ({ client }) =>
    (await import("../../sdk/workflows/diagnostics.ts")).refuseDiagnostics(client, task.id),
  );
  const own = asked.decisions.find(({ member }) => member.id === me);
  const may = own && asked.by.id !== me && permissions.has("task.authorise");
  if (!may || (asked.state !== "open" && asked.state !== "authorised") || own.decision === "refused") return null;
  return (
    <div className="inset stack">
      <div>
        {t(
          "If you agree, up to 16 KiB of text leave the enclave, chosen by the model and past every policy of yours. They may hold rows of your table.",
          "同意后，至多 16 KiB 由模型选择的文本将离开可信执行环境，不受您的结果策略约束，其中可能包含您的数据。",
        )}
      </div>
      {(agree.error ?? decline.error) && <Failure error={agree.error ?? decline.error} />}
      <div className="row">
        <SignButton type="default" danger loading={decline.isPending} onClick={() => decline.mutate()}>
          {own.decision ? t("Withdraw and sign", "撤回并签名") : t("Refuse and sign", "拒绝并签名")}
        </SignButton>
        {own.decision === null && (
          <SignButton loading={agree.isPending} onClick={() => agree.mutate()}>
            {t("Agree and sign", "同意并签名")}
          </SignButton>
        )}
      </div>
    </div>
  );
};

const Ask = ({ id }: { id: string }) => {
  const t = useWords();
  const [key, setKey] = useState<string>();
  const [asking, setAsking] = useState(false);
  const ask = useAct(async ({ client }, pem: string) =>
    (await import("../../sdk/workflows/diagnostics.ts")).requestDiagnostics(client, id, pem),
  );
  if (!asking)
    return (
      <div className="spread">
        <span className="muted">
          {t(
            "As the model's owner you can ask every data provider to let you read why it failed.",
            "作为模型提供方，您可以请全部数据提供方同意您查看失败原因。",
          )}
        </span>
        <Button onClick={() => setAsking(true)}>{t("Ask for diagnostics…", "申请失败诊断")}</Button>
      </div>
    );
  return (
    <div className="stack narrow">
      <ReceivingKey name={`${id}.diagnostics-key.pem`} value={key} onChange={setKey} />
      {ask.error && <Failure error={ask.error} />}
      <div>
        <SignButton disabled={!key} loading={ask.isPending} onClick={() => key && ask.mutate(key)}>
          {t("Request and sign", "申请并签名")}
        </SignButton>
      </div>
    </div>
  );
};

const Read = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { client } = useSession();
  const [text, setText] = useState<string>();
  if (text !== undefined) return <pre className="pre inset">{harmless(text)}</pre>;
  return (
    <KeyFile
      say={t("Open the diagnostics here", "在本机解密诊断信息")}
      open={async ({ pem, passphrase }) => {
        const [enclave, released] = await Promise.all([
          client.enclaves.get({ id: task.runsIn }),
          client.tasks.diagnostics({ id: task.id }),
        ]);
        setText(await beside("diagnostics", { task, pem, passphrase, enclave, released, pins: pinsOf() }));
      }}
    />
  );
};
