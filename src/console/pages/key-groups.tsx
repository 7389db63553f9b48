/** 群组管理: over which nodes keys are split, who may use them, by which policies. */
import { Input, Segmented, Tag } from "antd";
import { Link } from "react-router";
import type { z } from "zod";
import type { KeyGroupSummary } from "../../contract/key-groups.ts";
import { SignButton } from "../parts/act.tsx";
import { NodeTags } from "../parts/keys.tsx";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
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
  return (
    <Frame
      title={t("Key groups", "群组管理")}
      actions={<SignButton onClick={() => set({ new: "1" })}>{t("New group", "新建群组")}</SignButton>}
    >
      <div className="row">
        <div style={{ maxWidth: "100%", overflowX: "auto" }}>
          <Segmented
            value={tab}
            onChange={(to) => set({ tab: to === "all" ? undefined : to })}
            options={[
              { value: "all", label: t("All", "全部") },
              { value: "mine", label: t("Founded by me", "我创建的") },
              { value: "administered", label: t("I administer", "我管理的") },
              { value: "awaiting", label: t("Waiting for me", "待处理") },
            ]}
          />
        </div>
        <Input.Search
          placeholder={t("Name or id", "名称或编号")}
          defaultValue={search}
          onSearch={(value) => set({ search: value })}
          allowClear
          style={{ width: 220 }}
        />
      </div>
      <List<Shown>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/key-groups/${id}`}
        empty={
          tab === "awaiting"
            ? t("No change waits for your decision.", "没有待您处理的变更。")
            : t(
                "A group says over which nodes keys are split, who asks, and who approves. Found the first.",
                "群组规定密钥分片所在的节点、请求方与审批方。请先新建群组。",
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
          { title: t("Id", "群组编号"), render: (_, { id }) => <span className="mono">{id}</span> },
          {
            title: t("You are", "我的角色"),
            render: (_, { roles, awaitsYou }) => (
              <>
                {roles.map(({ role, label }) => (
                  <Tag key={role}>{t(label)}</Tag>
                ))}
                {awaitsYou && <Tag color="warning">{t("A change waits for you", "有待处理变更")}</Tag>}
              </>
            ),
          },
          { title: t("Nodes", "节点"), render: (_, { nodes }) => <NodeTags of={nodes} /> },
          {
            title: t("Keys", "密钥数"),
            align: "right",
            render: (_, { id, keyCount }) => <Link to={`/keys?group=${id}`}>{keyCount}</Link>,
          },
          { title: t("Policies", "策略数"), align: "right", dataIndex: "policyCount" },
          { title: t("Founded by", "创建者"), render: (_, { creator }) => <Member of={creator} /> },
          { title: t("Created", "创建时间"), render: (_, { createdAt }) => <Time at={createdAt} /> },
        ]}
      />
      {get("new") === "1" && <CreateGroup close={() => set({ new: undefined })} />}
    </Frame>
  );
};
