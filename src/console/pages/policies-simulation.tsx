/** 策略模拟: what these policies would have said to the requests of the past, decided by the nodes' own code. */
import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Pagination, Select, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { KeyPolicy } from "../../rules/key-group.ts";
import { KeyLink } from "../parts/keys.tsx";
import { Member } from "../parts/member.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

interface Props {
  readonly group: string;
  readonly policies: readonly KeyPolicy[];
  /** What is written can be tried. */
  readonly ready: boolean;
}

const PAGE = 10;

export const Simulation = ({ group, policies, ready }: Props) => {
  const t = useWords();
  const { client } = useSession();
  const [days, setDays] = useState(30);
  const [changed, setChanged] = useState(false);
  const run = useMutation({
    mutationFn: (page: number) =>
      client.keyGroups.simulate({ id: group, policies: [...policies], days, changed, page, pageSize: PAGE }),
  });
  const verdict = (is: "allowed" | "denied") => (
    <Tag color={is === "allowed" ? "success" : "error"}>
      {is === "allowed" ? t("Allowed", "允许") : t("Denied", "拒绝")}
    </Tag>
  );
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Simulate on past requests", "使用历史请求模拟")}</h2>
      <div className="row">
        <Select
          aria-label={t("Period", "时间范围")}
          value={days}
          onChange={setDays}
          options={[
            { value: 7, label: t("Last 7 days", "最近 7 天") },
            { value: 30, label: t("Last 30 days", "最近 30 天") },
            { value: 366, label: t("Last year", "最近一年") },
          ]}
        />
        <Checkbox checked={changed} onChange={({ target }) => setChanged(target.checked)}>
          {t("Only changed results", "仅显示结果变化的请求")}
        </Checkbox>
        <Button disabled={!ready} loading={run.isPending} onClick={() => run.mutate(1)}>
          {t("Simulate", "开始模拟")}
        </Button>
        {!ready && <span className="muted">{t("Fix the policies first.", "请先更正策略。")}</span>}
      </div>
      {run.error && <Failure error={run.error} />}
      {run.data?.total === 0 && (
        <span className="muted">{t("No past request is affected.", "没有受影响的历史请求。")}</span>
      )}
      {run.data && run.data.total > 0 && (
        <PlainTable
          rows={run.data.items}
          keyOf={({ request }) => request.stream}
          columns={[
            {
              title: t("Request", "签名请求"),
              cell: ({ request }) => (
                <Link className="mono" to={`/key-requests/${request.id}`}>
                  {request.id}
                </Link>
              ),
            },
            { title: t("Key", "密钥"), cell: ({ key }) => <KeyLink of={key} /> },
            { title: t("Requested by", "请求方"), cell: ({ requester }) => <Member of={requester} /> },
            { title: t("Now", "当前策略"), cell: ({ before }) => verdict(before) },
            {
              title: t("Proposed", "新策略"),
              cell: (one) => (
                <span className="row cell-tags">
                  {verdict(one.after)}
                  {one.changed && <Tag color="warning">{t("Changes", "有变化")}</Tag>}
                </span>
              ),
            },
            {
              title: t("Reason", "原因"),
              cell: ({ reason, decidedBy }) => (
                <span>
                  {t(reason)} {decidedBy.length > 0 && <span className="mono muted">{decidedBy.join(", ")}</span>}
                </span>
              ),
            },
            { title: t("Created", "创建时间"), cell: ({ createdAt }) => <Time at={createdAt} /> },
          ]}
        />
      )}
      {run.data && (
        <Pagination
          {...{ align: "end", current: run.data.page, pageSize: PAGE, total: run.data.total, hideOnSinglePage: true }}
          onChange={(page) => run.mutate(page)}
        />
      )}
    </section>
  );
};
