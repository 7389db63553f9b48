/** 签名请求: what keys are asked to sign, and what waits for this person. */
import { Button, Input, Segmented, Select, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { z } from "zod";
import { type KeyRequestSummary, RequestState, requestStateLabels } from "../../contract/key-requests.ts";
import { GroupLink, KeyLink, StateTag } from "../parts/keys.tsx";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Sign } from "./key-sign.tsx";

type Shown = z.output<typeof KeyRequestSummary>;
type State = z.output<typeof RequestState>;
const TABS = ["all", "mine", "awaiting"] as const;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, set } = useFilters();
  const [signing, setSigning] = useState(false);
  const tab = TABS.find((one) => one === get("tab")) ?? "all";
  const state = RequestState.options.find((one) => one === get("state")) as State | undefined;
  const [search, key, group] = ["search", "key", "group"].map(get);
  const read = useView("keyRequests", "list", {
    ...{ page, pageSize, tab },
    ...(state !== undefined && { state }),
    ...(search !== undefined && { search }),
    ...(key !== undefined && { key }),
    ...(group !== undefined && { group }),
  });
  return (
    <Frame
      title={t("Signing requests", "签名请求")}
      actions={
        <Button type="primary" onClick={() => setSigning(true)}>
          {t("Ask for a signature", "发起签名请求")}
        </Button>
      }
    >
      <div className="row">
        <div style={{ maxWidth: "100%", overflowX: "auto" }}>
          <Segmented
            value={tab}
            onChange={(to) => set({ tab: to === "all" ? undefined : to })}
            options={[
              { value: "all", label: t("All", "全部") },
              { value: "mine", label: t("Asked by me", "我发起的") },
              { value: "awaiting", label: t("Waiting for me", "待审批") },
            ]}
          />
        </div>
        <Select
          allowClear
          placeholder={t("State", "状态")}
          aria-label={t("State", "状态")}
          {...(state && { value: state })}
          onChange={(to?: string) => set({ state: to })}
          options={RequestState.options.map((value) => ({ value, label: t(requestStateLabels[value]) }))}
          style={{ width: 128 }}
        />
        <Input.Search
          placeholder={t("Id or note", "请求编号或备注")}
          defaultValue={search}
          onSearch={(value) => set({ search: value })}
          allowClear
          style={{ width: 220 }}
        />
        {(key ?? group) !== undefined && (
          <Tag closable onClose={() => set({ key: undefined, group: undefined })}>
            {key ?? group}
          </Tag>
        )}
      </div>
      <List<Shown>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/key-requests/${id}`}
        empty={
          tab === "awaiting"
            ? t("Nothing waits for your approval.", "没有待您审批的请求。")
            : t("Nobody has asked a key to sign yet. Ask for the first signature.", "尚无签名请求，请先发起一项。")
        }
        columns={[
          {
            title: t("Request", "签名请求"),
            render: (_, { id, note }) => (
              <div>
                <Link to={`/key-requests/${id}`}>{note || t("without a note", "无备注")}</Link>
                <div className="muted mono">{id}</div>
              </div>
            ),
          },
          { title: t("Key", "密钥"), render: (_, one) => <KeyLink of={one.key} /> },
          { title: t("Group", "群组"), render: (_, one) => <GroupLink of={one.group} /> },
          { title: t("Asked by", "请求方"), render: (_, { requester }) => <Member of={requester} /> },
          {
            title: t("State", "状态"),
            render: (_, { state: now, stateLabel, awaitsYou }) => (
              <>
                <StateTag state={now} label={stateLabel} />
                {awaitsYou && <Tag color="warning">{t("Waits for you", "待您审批")}</Tag>}
              </>
            ),
          },
          { title: t("Approvals", "审批数"), align: "right", render: (_, { approvals }) => approvals },
          { title: t("Created", "创建时间"), render: (_, { createdAt }) => <Time at={createdAt} /> },
          {
            title: t("Actions", "操作"),
            render: (_, { id, awaitsYou }) => (
              <Link to={`/key-requests/${id}`}>{awaitsYou ? t("Decide", "去审批") : t("Look", "查看")}</Link>
            ),
          },
        ]}
      />
      {signing && <Sign close={() => setSigning(false)} />}
    </Frame>
  );
};
