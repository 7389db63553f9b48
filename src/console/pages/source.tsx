/** One data source: what it is, its columns, who may use it, what its owner asks of results and agreed to in advance. */

import { Button, Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { SignButton, useAct } from "../parts/act.tsx";
import { KeptSince, NamedMembers } from "../parts/fact.tsx";
import { harmless } from "../parts/harmless.ts";
import { WithAppId } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { ChangePermission, PermissionTag } from "../parts/permission.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { Withdraw } from "../parts/withdraw.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Columns, type Descriptions, tooLong } from "./source-columns.tsx";
import { Grants } from "./source-grants.tsx";
import { SourcePolicy } from "./source-policy.tsx";
import { Reconnect } from "./source-reconnect.tsx";
import type { ShownSource } from "./source-shown.ts";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const { permissions } = useSession();
  const read = useView("sources", "get", { id });
  const source = read.data;
  const may = source?.mine === true && source.state === "registered" && permissions.has("source.register");
  return (
    <Frame
      title={source?.name ?? untitled(read, t)}
      within={[[t("Data sources", "数据源管理"), "/sources"]]}
      beside={
        source && (
          <>
            <PermissionTag of={source.permission} />
            {source.state === "withdrawn" && <Tag color="red">{t("Withdrawn", "已撤回")}</Tag>}
          </>
        )
      }
      actions={
        source &&
        may && (
          <>
            <Withdraw what="source" of={source} />
            <Reconnect source={source} />
            <ChangePermission what="source" of={source} />
          </>
        )
      }
    >
      <Loaded of={read}>
        {(shown) => (
          <>
            <Facts source={shown} />
            <Described source={shown} may={may} />
            <SourcePolicy source={shown} may={may} />
            {(shown.mine || shown.grants.length > 0) && <Grants source={shown} may={may} />}
          </>
        )}
      </Loaded>
    </Frame>
  );
};

const Facts = ({ source }: { source: ShownSource }) => {
  const t = useWords();
  const { id, description, typeLabel, creator, metadata, permission } = source;
  return (
    <section className="card">
      <h2>{t("Basics", "基础信息")}</h2>
      <dl className="facts">
        <dt>{t("Source ID", "数据源编号")}</dt>
        <dd>
          <Id>{id}</Id>
        </dd>
        <dt>{t("Description", "数据源描述")}</dt>
        <dd>{description || "—"}</dd>
        <dt>{t("Type", "数据源类型")}</dt>
        <dd>{t(typeLabel)}</dd>
        {metadata !== "" && (
          <>
            <dt>{t("Columns described by", "元数据表名")}</dt>
            <dd className="mono">{harmless(metadata)}</dd>
          </>
        )}
        <dt>{t("Created by / APPID", "创建者/APPID")}</dt>
        <dd>
          <WithAppId of={creator} />
        </dd>
        <NamedMembers of={permission.members} />
        <KeptSince of={source} />
      </dl>
    </section>
  );
};

/** 表结构信息, its descriptions to be written anew by the owner. */
const Described = ({ source: { id, columns }, may }: { source: ShownSource; may: boolean }) => {
  const t = useWords();
  const [written, setWritten] = useState<Descriptions>();
  const describe = useAct<unknown, Descriptions>(
    async ({ client }, descriptions) => {
      const { describeSource } = await import("../../sdk/workflows/describe-source.ts");
      return describeSource(client, id, { descriptions: () => descriptions });
    },
    () => setWritten(undefined),
  );
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>
          {t("Structure ({n} {n|column|columns})", "表结构信息（{n} 个字段）", { n: columns.length })}
        </h2>
        {may && !written && (
          <Button onClick={() => setWritten({})}>{t("Edit the descriptions", "编辑字段说明")}</Button>
        )}
        {written && (
          <div className="row">
            <Button onClick={() => setWritten(undefined)}>{t("Cancel", "取消")}</Button>
            <SignButton
              onClick={() => describe.mutate(written)}
              loading={describe.isPending}
              disabled={Object.keys(written).length === 0 || tooLong(written)}
            >
              {t("Save and sign", "保存并签名")}
            </SignButton>
          </div>
        )}
      </div>
      {describe.error && <Failure error={describe.error} />}
      <Columns columns={columns} {...(written && { written, onWrite: setWritten })} />
    </section>
  );
};
