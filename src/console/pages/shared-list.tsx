/** 计算模型管理 and 数据源管理 as lists: what members share, by who may use it. */
import { Button, Tag } from "antd";
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { List, type ListProps, Parts, SearchBox, useFilters, WIDE } from "../parts/list.tsx";
import { type Someone, WithAppId } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { ChangePermission, PermissionTag, type Permitted, type Shared } from "../parts/permission.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

interface Item extends Permitted {
  readonly creator: Someone;
  readonly createdAt: string;
  readonly mine: boolean;
  readonly state: string;
}

/** In the person's language. */
export interface SharedWords {
  readonly title: string;
  readonly search: string;
  readonly create: string;
  readonly public: string;
  /** What it is, where there is none. */
  readonly about: string;
  readonly name: string;
  readonly number: string;
  readonly permission: string;
}

export type SharedTab = "all" | "mine" | "public";

/** What the list asks for, of the address. */
export const useSharedFilters = () => {
  const { page, pageSize, get } = useFilters();
  const search = get("search");
  return { tab: (get("tab") ?? "all") as SharedTab, page, pageSize, ...(search !== undefined && { search }) };
};

export interface SharedListProps<T extends Item> extends Pick<ListProps<T>, "read"> {
  readonly what: Shared;
  readonly words: SharedWords;
  /** This person may make one, and change its permission. */
  readonly makes: boolean;
  /** Behind the name. */
  readonly beside?: (item: T) => ReactNode;
  /** After the seed's columns. */
  readonly more?: ListProps<T>["columns"];
}

export const SharedList = <T extends Item>({ read, what, words, makes, beside, more = [] }: SharedListProps<T>) => {
  const t = useWords();
  const go = useNavigate();
  const place = `/${what}s`;
  const create = makes && (
    <Button type="primary" onClick={() => void go(`${place}/new`)}>
      {words.create}
    </Button>
  );
  return (
    <Frame title={words.title} actions={create}>
      <div className="row">
        <Parts
          options={[
            { value: "all", label: t("All", "全部") },
            { value: "mine", label: t("Created by me", "我创建的") },
            { value: "public", label: words.public },
          ]}
        />
        <SearchBox placeholder={words.search} />
      </div>
      <List<T>
        read={read}
        keyOf={({ id }) => id}
        to={({ id }) => `${place}/${id}`}
        empty={
          <div className="stack" style={{ alignItems: "center" }}>
            {words.about}
            {create}
          </div>
        }
        columns={[
          {
            title: words.name,
            render: (_, item) => (
              <span className="row">
                <Link to={`${place}/${item.id}`}>{item.name}</Link>
                {beside?.(item)}
                {item.state === "withdrawn" && <Tag>{t("Withdrawn", "已撤回")}</Tag>}
              </span>
            ),
          },
          { title: words.number, responsive: WIDE, render: (_, { id }) => <Id>{id}</Id> },
          {
            title: t("Created by / APPID", "创建者/APPID"),
            responsive: WIDE,
            render: (_, { creator }) => <WithAppId of={creator} />,
          },
          { title: words.permission, render: (_, { permission }) => <PermissionTag of={permission} /> },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
          ...more,
          {
            title: t("Actions", "操作"),
            render: (_, item) => (
              <span className="row" style={{ columnGap: 16, alignItems: "baseline" }}>
                <Link to={`${place}/${item.id}`}>{t("View", "查看")}</Link>
                {makes && item.mine && item.state !== "withdrawn" && <ChangePermission what={what} of={item} link />}
              </span>
            ),
          },
        ]}
      />
    </Frame>
  );
};
