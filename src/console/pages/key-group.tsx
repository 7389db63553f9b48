/** One group: who is in it, its nodes, its policies, open changes, backups. */
import { Button, Tag } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { SignButton } from "../parts/act.tsx";
import { administers, type ShownGroup as Group } from "../parts/key-shapes.ts";
import { Code } from "../parts/keys.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { All } from "../parts/people.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Backups } from "./key-group-backup.tsx";
import { ChangeGroup } from "./key-group-change.tsx";
import { Nodes } from "./key-group-nodes.tsx";
import { Proposals } from "./key-group-proposals.tsx";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("keyGroups", "get", { id });
  const [changing, setChanging] = useState(false);
  const group = read.data;
  return (
    <Frame
      title={group?.name ?? untitled(read, t)}
      within={[[t("Key groups", "群组管理"), "/key-groups"]]}
      beside={group?.roles.map(({ role, label }) => <Tag key={role}>{t(label)}</Tag>)}
      actions={
        group && (
          <>
            <Link to={`/policies?group=${group.id}`}>
              <Button>{t("Policies", "策略管理")}</Button>
            </Link>
            {administers(group) && (
              <SignButton onClick={() => setChanging(true)}>{t("Propose a change", "提议变更")}</SignButton>
            )}
          </>
        )
      }
    >
      <Loaded of={read}>
        {(one) => (
          <>
            <Proposals of={one} />
            <Members of={one} />
            <Nodes of={one} />
            <Policies of={one} />
            {administers(one) && <Backups of={one} />}
            {changing && <ChangeGroup of={one} close={() => setChanging(false)} />}
          </>
        )}
      </Loaded>
    </Frame>
  );
};

const Members = ({ of: group }: { of: Group }) => {
  const t = useWords();
  const { administrators, requesters, approvers, approvals, creator, createdAt, changedAt, id, keyCount } = group;
  return (
    <section className="card">
      <h2>{t("Members", "群组成员")}</h2>
      <dl className="facts">
        <dt>{t("Administrators", "管理员")}</dt>
        <dd>
          <All of={administrators} />
          <div className="muted">
            {t("Changes need {n} of {all} administrators", "变更须 {n} / {all} 位管理员同意", {
              n: approvals,
              all: administrators.length,
            })}
          </div>
        </dd>
        <dt>{t("Requesters", "请求方")}</dt>
        <dd>
          <All of={requesters} />
        </dd>
        <dt>{t("Approvers", "审批方")}</dt>
        <dd>
          <All of={approvers} />
        </dd>
        <dt>{t("Keys", "密钥数")}</dt>
        <dd>
          <Link to={`/keys?group=${id}`}>{keyCount}</Link>
        </dd>
        <dt>{t("Group ID", "群组编号")}</dt>
        <dd>
          <Id>{id}</Id>
        </dd>
        <dt>{t("Created by", "创建者")}</dt>
        <dd className="row">
          <Member of={creator} /> <Time at={createdAt} />
        </dd>
        <dt>{t("In effect since", "当前版本生效时间")}</dt>
        <dd>
          <Time at={changedAt} />
        </dd>
        {group.description && (
          <>
            <dt>{t("Description", "描述")}</dt>
            <dd>{group.description}</dd>
          </>
        )}
      </dl>
    </section>
  );
};

const Policies = ({ of: { policies, id } }: { of: Group }) => {
  const t = useWords();
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Policies ({n})", "策略（共 {n} 条）", { n: policies.length })}</h2>
        <Link to={`/policies?group=${id}`}>{t("Edit and simulate", "编辑与模拟")}</Link>
      </div>
      {policies.length === 0 && (
        <span className="muted">
          {t("Nothing is allowed until a policy permits it.", "未经策略允许的操作一律拒绝。")}
        </span>
      )}
      {policies.map((policy) => (
        <details key={policy.id}>
          <summary className="mono" style={{ cursor: "pointer" }}>
            {policy.id}
          </summary>
          <Code>{policy.text}</Code>
        </details>
      ))}
    </section>
  );
};
