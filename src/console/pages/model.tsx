/** One model: what it is, who may use it, its versions and its code. */

import { useQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import type { z } from "zod";
import type { Model } from "../../contract/models.ts";
import { KeptSince, NamedMembers } from "../parts/fact.tsx";
import { Markdown } from "../parts/markdown.tsx";
import { WithAppId } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { ChangePermission, PermissionTag } from "../parts/permission.tsx";
import { Id } from "../parts/values.tsx";
import { Withdraw } from "../parts/withdraw.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Versions } from "./model-code.tsx";
import { Revise } from "./model-revise.tsx";

type Shown = z.output<typeof Model>;

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("models", "get", { id });
  const model = read.data;
  return (
    <Frame
      title={model?.name ?? untitled(read, t)}
      within={[[t("Models", "计算模型管理"), "/models"]]}
      beside={
        model && (
          <>
            <Tag>{model.version}</Tag>
            <PermissionTag of={model.permission} />
            {model.state === "withdrawn" && <Tag color="red">{t("Withdrawn", "已撤回")}</Tag>}
          </>
        )
      }
      actions={model && <Actions model={model} />}
    >
      <Loaded of={read}>
        {(shown) => (
          <>
            <Facts model={shown} />
            {shown.description && <Description id={shown.id} digest={shown.description.digest} />}
            <Versions stream={shown.stream} head={shown.head} />
          </>
        )}
      </Loaded>
    </Frame>
  );
};

const Actions = ({ model }: { model: Shown }) => {
  const t = useWords();
  const { permissions } = useSession();
  const [revising, setRevising] = useState(false);
  if (!model.mine || model.state === "withdrawn" || !permissions.has("model.publish")) return null;
  return (
    <>
      <Withdraw what="model" of={model} />
      <ChangePermission what="model" of={model} />
      <Button type="primary" onClick={() => setRevising(true)}>
        {t("New version", "发布新版本")}
      </Button>
      {revising && <Revise model={model} close={() => setRevising(false)} />}
    </>
  );
};

const Facts = ({ model }: { model: Shown }) => {
  const t = useWords();
  const { id, creator, main, runner, open, permission } = model;
  return (
    <section className="card">
      <h2>{t("Basics", "基本信息")}</h2>
      <dl className="facts">
        <dt>{t("Model ID", "模型编号")}</dt>
        <dd>
          <Id>{id}</Id>
        </dd>
        <dt>{t("Created by / APPID", "创建者/APPID")}</dt>
        <dd>
          <WithAppId of={creator} />
        </dd>
        <dt>{t("Main function", "main函数")}</dt>
        <dd>
          <span className="mono">{main}</span> <span className="muted">{runner}</span>
        </dd>
        <dt>{t("Code", "代码")}</dt>
        <dd>
          {open
            ? t("Open: anyone who may use it can read it", "公开，可使用者均可阅读")
            : t("Sealed: only the enclave opens it", "加密，仅可信执行环境可以打开")}
        </dd>
        <NamedMembers of={permission.members} />
        <KeptSince of={model} />
      </dl>
    </section>
  );
};

/** The text that the statement names, compared with its digest before it is shown. */
const Description = ({ id, digest }: { id: string; digest: string }) => {
  const t = useWords();
  const { client } = useSession();
  const read = useQuery({
    queryKey: ["model-description", id, digest],
    queryFn: async () => (await import("./model-description.ts")).describedBy(client, id, digest),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <section className="card">
      <h2>{t("Description", "模型描述")}</h2>
      <Loaded of={read}>{(text) => <Markdown>{text}</Markdown>}</Loaded>
    </section>
  );
};
