/** 计算模型管理: the list of models. */
import { Button, Input, Tabs, Tag } from "antd";
import { Link, useNavigate } from "react-router";
import type { z } from "zod";
import type { Model } from "../../contract/models.ts";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { ChangePermission, PermissionTag } from "../parts/permission.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof Model>;
type Tab = "all" | "mine" | "public";

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { permissions } = useSession();
  const { page, pageSize, get, set } = useFilters();
  const tab = (get("tab") ?? "all") as Tab;
  const search = get("search");
  const read = useView("models", "list", { tab, page, pageSize, ...(search !== undefined && { search }) });
  const publishes = permissions.has("model.publish");
  const create = publishes && (
    <Button type="primary" onClick={() => void go("/models/new")}>
      {t("New model", "新建计算模型")}
    </Button>
  );
  return (
    <Frame
      title={t("Models", "计算模型管理")}
      actions={
        <>
          <Input.Search
            placeholder={t("Name or number", "模型名称或编号")}
            aria-label={t("Search models", "搜索计算模型")}
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
          { key: "public", label: t("Public models", "公开模型") },
        ]}
      />
      <List<Shown>
        read={read}
        keyOf={({ id }) => id}
        to={({ id }) => `/models/${id}`}
        empty={
          search === undefined ? (
            <div className="stack" style={{ alignItems: "center" }}>
              {t(
                "A model is the logic that tasks run on private data. None is here yet.",
                "计算模型是计算任务在隐私数据上运行的逻辑，目前还没有模型。",
              )}
              {create}
            </div>
          ) : (
            t("Nothing is called so.", "没有符合条件的计算模型。")
          )
        }
        columns={[
          {
            title: t("Model name", "计算模型名称"),
            render: (_, { id, name, version, state }) => (
              <span className="row">
                <Link to={`/models/${id}`}>{name}</Link>
                <span className="muted">{version}</span>
                {state === "withdrawn" && <Tag>{t("Withdrawn", "已撤回")}</Tag>}
              </span>
            ),
          },
          { title: t("Model number", "模型编号"), render: (_, { id }) => <Id>{id}</Id> },
          { title: t("Created by / APPID", "创建者/APPID"), render: (_, { creator }) => <Owner of={creator} /> },
          {
            title: t("Permission", "模型权限"),
            render: (_, { permission }) => <PermissionTag of={permission} />,
          },
          { title: t("Created", "创建时间"), render: (_, { createdAt }) => <Time at={createdAt} /> },
          {
            title: t("Actions", "操作"),
            render: (_, model) => (
              <span className="row" style={{ gap: 16 }}>
                <Link to={`/models/${model.id}`}>{t("Details", "查看")}</Link>
                {publishes && model.mine && model.state === "published" && (
                  <ChangePermission what="model" of={model} link />
                )}
              </span>
            ),
          },
        ]}
      />
    </Frame>
  );
};

/** Name and APPID one above the other, as the column says. */
const Owner = ({ of }: { of: Shown["creator"] }) => (
  <span>
    <Member of={of} /> <span className="muted mono">{of.appId}</span>
  </span>
);
