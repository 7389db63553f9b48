/** 签名请求: what keys are asked to sign, and what waits for this person. */
import { Button, Select, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { z } from "zod";
import type { KeyRequestSummary } from "../../contract/key-requests.ts";
import { codesOf, requestStateLabels } from "../../contract/state-labels.ts";
import { GroupLink, KeyLink, StateTag } from "../parts/keys.tsx";
import { List, Parts, SearchBox, useFilters, WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Sign } from "./key-sign.tsx";

type Shown = z.output<typeof KeyRequestSummary>;
const STATES = codesOf(requestStateLabels);
const TABS = ["all", "mine", "awaiting"] as const;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, set } = useFilters();
  const [signing, setSigning] = useState(false);
  const tab = TABS.find((one) => one === get("tab")) ?? "all";
  const state = STATES.find((one) => one === get("state"));
  const [search, key, group] = ["search", "key", "group"].map(get);
  const read = useView("keyRequests", "list", {
    ...{ page, pageSize, tab },
    ...(state !== undefined && { state }),
    ...(search !== undefined && { search }),
    ...(key !== undefined && { key }),
    ...(group !== undefined && { group }),
  });
  // All that is listed is of the one that the address names.
  const one = read.data?.items[0];
  const named = key === undefined ? one?.group.name : one?.key.alias;
  const create = (
    <Button type="primary" onClick={() => setSigning(true)}>
      {t("Request a signature", "发起签名请求")}
    </Button>
  );
  return (
    <Frame title={t("Signing requests", "签名请求")} actions={create}>
      <div className="row">
        <Parts
          options={[
            { value: "all", label: t("All", "全部") },
            { value: "mine", label: t("Requested by me", "我发起的") },
            { value: "awaiting", label: t("Waiting for me", "待审批") },
          ]}
        />
        <Select
          allowClear
          placeholder={t("State", "状态")}
          aria-label={t("State", "状态")}
          {...(state && { value: state })}
          onChange={(to?: string) => set({ state: to })}
          options={STATES.map((value) => ({ value, label: t(requestStateLabels[value]) }))}
          style={{ width: 128 }}
        />
        <SearchBox placeholder={t("ID or note", "请求编号或备注")} />
        {(key ?? group) !== undefined && (
          <Tag closable onClose={() => set({ key: undefined, group: undefined })}>
            {named ?? key ?? group}
          </Tag>
        )}
      </div>
      <List<Shown>
        read={read}
        keyOf={({ stream }) => stream}
        to={({ id }) => `/key-requests/${id}`}
        empty={
          tab === "awaiting" ? (
            t("Nothing is waiting for your approval.", "没有待您审批的请求。")
          ) : (
            <div className="stack" style={{ alignItems: "center" }}>
              {t("No signing requests yet. Make the first one.", "尚无签名请求，请先发起一项。")}
              {create}
            </div>
          )
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
          { title: t("Key", "密钥"), responsive: WIDE, render: (_, one) => <KeyLink of={one.key} /> },
          { title: t("Group", "群组"), responsive: WIDE, render: (_, one) => <GroupLink of={one.group} /> },
          {
            title: t("Requested by", "请求方"),
            responsive: WIDE,
            render: (_, { requester }) => <Member of={requester} />,
          },
          {
            title: t("State", "状态"),
            render: (_, { state: now, stateLabel, awaitsYou }) =>
              awaitsYou ? (
                <Tag color="warning">{t("Waiting for you", "待您审批")}</Tag>
              ) : (
                <StateTag state={now} label={stateLabel} />
              ),
          },
          {
            title: t("Approvals", "审批数"),
            align: "right",
            responsive: WIDE,
            render: (_, { approvals }) => approvals,
          },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
          {
            title: t("Actions", "操作"),
            render: (_, { id, awaitsYou }) => (
              <Link to={`/key-requests/${id}`}>{awaitsYou ? t("Decide", "去审批") : t("View", "查看")}</Link>
            ),
          },
        ]}
      />
      {signing && <Sign close={() => setSigning(false)} />}
    </Frame>
  );
};
