/** 数据源管理: the list of data sources. */
import { Button, Input, Tabs, Tag } from "antd";
import { Link, useNavigate } from "react-router";
import type { z } from "zod";
import type { Source } from "../../contract/sources.ts";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { ChangePermission, PermissionTag } from "../parts/permission.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof Source>;
type Tab = "all" | "mine" | "public";

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { permissions } = useSession();
  const { page, pageSize, get, set } = useFilters();
  const tab = (get("tab") ?? "all") as Tab;
  const search = get("search");
  const read = useView("sources", "list", { tab, page, pageSize, ...(search !== undefined && { search }) });
  const registers = permissions.has("source.register");
  const create = registers && (
    <Button type="primary" onClick={() => void go("/sources/new")}>
      {t("New data source", "新建数据源")}
    </Button>
  );
  return (
    <Frame
      title={t("Data sources", "数据源管理")}
      actions={
        <>
          <Input.Search
            placeholder={t("Name or number", "数据源名称或编号")}
            aria-label={t("Search data sources", "搜索数据源")}
            defaultValue={search}
            maxLength={64}
            onSearch={(value) => set({ search: value })}
            allowClear
            style={{ width: 220 }}
          />
          {create}
        </>
      }
    >
      <Tabs
        activeKey={tab}
        onChange={(to) => set({ tab: to === "all" ? undefined : to })}
        items={[
          { key: "all", label: t("All", "全部") },
          { key: "mine", label: t("Mine", "我创建的") },
          { key: "public", label: t("Public data sources", "公开数据源") },
        ]}
      />
      <List<Shown>
        read={read}
        keyOf={({ id }) => id}
        to={({ id }) => `/sources/${id}`}
        empty={
          search === undefined ? (
            <div className="stack" style={{ alignItems: "center" }}>
              {t(
                "A data source says where a table is; only the enclave reads it. None is here yet.",
                "数据源描述数据表的位置，仅可信执行环境能够读取，目前还没有数据源。",
              )}
              {create}
            </div>
          ) : (
            t("Nothing is called so.", "没有符合条件的数据源。")
          )
        }
        columns={[
          {
            title: t("Source name", "数据源名称"),
            render: (_, { id, name, state }) => (
              <span className="row">
                <Link to={`/sources/${id}`}>{name}</Link>
                {state === "withdrawn" && <Tag>{t("Withdrawn", "已撤回")}</Tag>}
              </span>
            ),
          },
          { title: t("Source number", "数据源编号"), render: (_, { id }) => <Id>{id}</Id> },
          {
            title: t("Created by / APPID", "创建者/APPID"),
            render: (_, { creator }) => (
              <>
                <Member of={creator} /> <span className="muted mono">{creator.appId}</span>
              </>
            ),
          },
          {
            title: t("Permission", "数据源权限"),
            render: (_, { permission }) => <PermissionTag of={permission} />,
          },
          { title: t("Created", "创建时间"), render: (_, { createdAt }) => <Time at={createdAt} /> },
          { title: t("Type", "类型"), render: (_, { typeLabel }) => t(typeLabel) },
          {
            title: t("Actions", "操作"),
            render: (_, source) => (
              <span className="row" style={{ gap: 16 }}>
                <Link to={`/sources/${source.id}`}>{t("Details", "查看")}</Link>
                {registers && source.mine && source.state === "registered" && (
                  <ChangePermission what="source" of={source} link />
                )}
              </span>
            ),
          },
        ]}
      />
    </Frame>
  );
};
