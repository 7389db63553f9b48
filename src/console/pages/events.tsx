/** 事件中心: what waits for this member, and what waited. */
import { Tag } from "antd";
import { Link } from "react-router";
import type { z } from "zod";
import type { Event } from "../../contract/events.ts";
import { List, Parts, useFilters, WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Time, useAgo } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof Event>;
type Tab = "pending" | "handled" | "all";

const TABS: readonly Tab[] = ["pending", "handled", "all"];
const COLOURS = { pending: "processing", succeeded: "success", failed: "error", expired: "default" } as const;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get } = useFilters();
  const tab = TABS.find((one) => one === get("tab")) ?? "all";
  const read = useView("events", "list", { tab, page, pageSize });
  const waiting = useView("events", "unread", {}).data?.pending ?? 0;
  const empty = {
    pending: t("Nothing is waiting for you.", "暂无待处理事件。"),
    handled: t("You have not handled anything yet.", "暂无已处理事件。"),
    all: t(
      "Alliance invitations and authorisation requests appear here.",
      "联盟邀请与计算任务授权等待办将显示在这里。",
    ),
  }[tab];
  return (
    <Frame title={t("Event centre", "事件中心")}>
      <Parts
        options={[
          { value: "all", label: t("All", "全部") },
          {
            value: "pending",
            label:
              waiting > 0 ? t("To be handled ({n})", "待处理（{n}）", { n: waiting }) : t("To be handled", "待处理"),
          },
          { value: "handled", label: t("Handled", "已处理") },
        ]}
      />
      <List<Shown>
        read={read}
        keyOf={({ id }) => id}
        to={({ id }) => `/events/${id}`}
        empty={empty}
        columns={[
          { title: t("Event", "事件名称"), render: (_, event) => <Name of={event} /> },
          { title: t("From", "发起成员"), responsive: WIDE, render: (_, { initiator }) => <Member of={initiator} /> },
          {
            title: t("State", "状态"),
            responsive: WIDE,
            render: (_, { state, stateLabel }) => <Tag color={COLOURS[state]}>{t(stateLabel)}</Tag>,
          },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
          { title: t("Expires", "过期时间"), responsive: WIDE, render: (_, event) => <Expiry of={event} /> },
          {
            title: t("Actions", "操作"),
            render: (_, { id, state }) => (
              <Link to={`/events/${id}`}>{state === "pending" ? t("Handle", "去处理") : t("View", "查看详情")}</Link>
            ),
          },
        ]}
      />
    </Frame>
  );
};

const Name = ({ of: { title, kindLabel, unread, state, stateLabel, expiresAt } }: { of: Shown }) => {
  const t = useWords();
  const ago = useAgo();
  return (
    <div className="event-name">
      <div className={unread ? "unread" : undefined}>{t(title)}</div>
      <div className="muted">{[t(kindLabel), unread && t("unread", "未读")].filter(Boolean).join(" · ")}</div>
      <div className="muted narrow-only">
        {t(stateLabel)}
        {state === "pending" && ` · ${t("expires {when}", "{when}过期", { when: ago(expiresAt) })}`}
      </div>
    </div>
  );
};

const Expiry = ({ of: { state, expiresAt } }: { of: Shown }) => {
  const ago = useAgo();
  return (
    <div>
      <Time at={expiresAt} />
      {state === "pending" && <div className="muted">{ago(expiresAt)}</div>}
    </div>
  );
};
