/** 密钥管理: keys that nobody holds. */
import { Button, Select, Tag } from "antd";
import { Link } from "react-router";
import type { z } from "zod";
import type { KeySummary } from "../../contract/keys.ts";
import { codesOf, keySchemeLabels, keyStateLabels } from "../../contract/state-labels.ts";
import { KeyScheme } from "../../rules/key-schemes.ts";
import { GroupLink, StateTag } from "../parts/keys.tsx";
import { List, Parts, SearchBox, useFilters, WIDE } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { CreateKey } from "./keys-create.tsx";

type Shown = z.output<typeof KeySummary>;
const STATES = codesOf(keyStateLabels);
const TABS = ["all", "mine", "requestable"] as const;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, set } = useFilters();
  const tab = TABS.find((one) => one === get("tab")) ?? "all";
  const state = STATES.find((one) => one === get("state"));
  const scheme = KeyScheme.options.find((one) => one === get("scheme"));
  const [search, group] = ["search", "group"].map(get);
  const read = useView("keys", "list", {
    ...{ page, pageSize, tab },
    ...(state && { state }),
    ...(scheme && { scheme }),
    ...(search !== undefined && { search }),
    ...(group !== undefined && { group }),
  });
  const making = get("new");
  return (
    <Frame
      title={t("Keys", "密钥列表")}
      actions={
        <>
          <Button onClick={() => set({ new: "import" })}>{t("Import key", "导入密钥")}</Button>
          <Button type="primary" onClick={() => set({ new: "make" })}>
            {t("Generate key", "生成密钥")}
          </Button>
        </>
      }
    >
      <div className="row">
        <Parts
          options={[
            { value: "all", label: t("All", "全部") },
            { value: "mine", label: t("Created by me", "我创建的") },
            { value: "requestable", label: t("I can use", "可签名的") },
          ]}
        />
        <Select
          allowClear
          placeholder={t("State", "状态")}
          aria-label={t("State", "状态")}
          {...(state && { value: state })}
          onChange={(to?: string) => set({ state: to })}
          options={STATES.map((value) => ({ value, label: t(keyStateLabels[value]) }))}
          style={{ width: 128 }}
        />
        <Select
          allowClear
          placeholder={t("Type", "密钥类型")}
          aria-label={t("Type", "密钥类型")}
          {...(scheme && { value: scheme })}
          onChange={(to?: string) => set({ scheme: to })}
          options={KeyScheme.options.map((value) => ({ value, label: value }))}
          style={{ width: 180 }}
        />
        <SearchBox placeholder={t("Name or ID", "名称或编号")} width={200} />
        {group !== undefined && (
          <Tag closable onClose={() => set({ group: undefined })}>
            {read.data?.items[0]?.group.name ?? group}
          </Tag>
        )}
      </div>
      <List<Shown>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/keys/${id}`}
        empty={
          tab === "requestable" ? (
            t("No key that you may ask to sign", "没有您可请求签名的密钥")
          ) : (
            <>
              {t("No keys yet. Keys belong to a group: ", "尚无密钥。密钥归属于群组：先")}
              <Link to="/key-groups?new=1">{t("create a group", "新建群组")}</Link>
              {t(", then ", "，再")}
              <Link to="/keys?new=make">{t("generate a key", "生成密钥")}</Link>
            </>
          )
        }
        columns={[
          {
            title: t("Name", "密钥名称"),
            render: (_, { id, alias, description }) => (
              <div>
                <Link to={`/keys/${id}`}>{alias ?? t("unnamed", "未命名")}</Link>
                {description && <div className="muted">{description}</div>}
              </div>
            ),
          },
          { title: t("ID", "编号"), responsive: WIDE, render: (_, { id }) => <Id>{id}</Id> },
          {
            title: t("Type", "密钥类型"),
            responsive: WIDE,
            render: (_, { scheme: kind }) => <span title={t(keySchemeLabels[kind])}>{kind}</span>,
          },
          {
            title: t("Threshold", "门限"),
            align: "right",
            responsive: WIDE,
            render: (_, { threshold, shares }) => `${threshold} / ${shares}`,
          },
          {
            title: t("State", "状态"),
            render: (_, { state: now, stateLabel }) => <StateTag state={now} label={stateLabel} />,
          },
          { title: t("Group", "群组"), responsive: WIDE, render: (_, one) => <GroupLink of={one.group} /> },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
          {
            title: t("Actions", "操作"),
            render: (_, { id }) => <Link to={`/keys/${id}`}>{t("View", "查看")}</Link>,
          },
        ]}
      />
      {making && <CreateKey importing={making === "import"} close={() => set({ new: undefined })} />}
    </Frame>
  );
};
