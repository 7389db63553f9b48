/** 群组管理: over which nodes keys are split, who may use them, by which policies. */
import { Tag } from "antd";
import { Link } from "react-router";
import type { z } from "zod";
import type { KeyGroupSummary } from "../../contract/key-groups.ts";
import { SignButton } from "../parts/act.tsx";
import { NodesUp } from "../parts/keys.tsx";
import { List, Parts, SearchBox, useFilters, WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { CreateGroup } from "./key-groups-create.tsx";

type Shown = z.output<typeof KeyGroupSummary>;
const TABS = ["all", "mine", "administered", "awaiting"] as const;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, set } = useFilters();
  const tab = TABS.find((one) => one === get("tab")) ?? "all";
  const search = get("search");
  const read = useView("keyGroups", "list", { page, pageSize, tab, ...(search !== undefined && { search }) });
  const create = <SignButton onClick={() => set({ new: "1" })}>{t("New group", "新建群组")}</SignButton>;
  return (
    <Frame title={t("Key groups", "群组管理")} actions={create}>
      <div className="row">
        <Parts
          options={[
            { value: "all", label: t("All", "全部") },
            { value: "mine", label: t("Created by me", "我创建的") },
            { value: "administered", label: t("I administer", "我管理的") },
            { value: "awaiting", label: t("Waiting for me", "待处理") },
          ]}
        />
        <SearchBox placeholder={t("Name or ID", "名称或编号")} />
      </div>
      <List<Shown>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/key-groups/${id}`}
        empty={
          tab === "awaiting" ? (
            t("No change is waiting for your decision.", "没有待您处理的变更。")
          ) : (
            <div className="stack" style={{ alignItems: "center" }}>
              {t(
                "A group sets which nodes share a key, who may request signatures, and who approves. Create your first group.",
                "群组规定密钥分片所在的节点、请求方与审批方。请先新建群组。",
              )}
              {create}
            </div>
          )
        }
        columns={[
          {
            title: t("Name", "群组名称"),
            render: (_, { id, name, description }) => (
              <div>
                <Link to={`/key-groups/${id}`}>{name}</Link>
                {description && <div className="muted">{description}</div>}
              </div>
            ),
          },
          { title: t("ID", "群组编号"), responsive: WIDE, render: (_, { id }) => <Id>{id}</Id> },
          {
            title: t("You are", "我的角色"),
            render: (_, { roles, awaitsYou }) => (
              <span className="row cell-tags">
                {roles.map(({ role, label }) => (
                  <Tag key={role}>{t(label)}</Tag>
                ))}
                {awaitsYou && <Tag color="warning">{t("Change waiting for you", "有待处理变更")}</Tag>}
              </span>
            ),
          },
          { title: t("Nodes", "节点"), responsive: WIDE, render: (_, { nodes }) => <NodesUp of={nodes} /> },
          {
            title: t("Keys", "密钥数"),
            align: "right",
            responsive: WIDE,
            render: (_, { id, keyCount }) => <Link to={`/keys?group=${id}`}>{keyCount}</Link>,
          },
          { title: t("Policies", "策略数"), align: "right", responsive: WIDE, dataIndex: "policyCount" },
          { title: t("Created by", "创建者"), responsive: WIDE, render: (_, { creator }) => <Member of={creator} /> },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
        ]}
      />
      {get("new") === "1" && <CreateGroup close={() => set({ new: undefined })} />}
    </Frame>
  );
};
