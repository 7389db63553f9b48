/** 实名审核: the operator looks at what organisations say of themselves. */
import { Button, Form, Input, Modal, Segmented, Tag } from "antd";
import { useState } from "react";
import type { z } from "zod";
import type { Account } from "../../contract/accounts.ts";
import { useAct } from "../parts/act.tsx";
import { List, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof Account>;
type State = Shown["verification"]["state"];

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, set } = useFilters();
  const state = (get("state") ?? "submitted") as State | "all";
  const [chosen, setChosen] = useState<Shown>();
  const read = useView("accounts", "list", { page, pageSize, ...(state !== "all" && { verification: state }) });
  return (
    <Frame
      title={t("Reviews", "实名审核")}
      actions={
        <Segmented
          value={state}
          onChange={(to) => set({ state: to })}
          options={[
            { value: "submitted", label: t("Under review", "审核中") },
            { value: "approved", label: t("Verified", "已认证") },
            { value: "rejected", label: t("Rejected", "未通过") },
            { value: "all", label: t("All", "全部") },
          ]}
        />
      }
    >
      <List<Shown>
        read={read}
        keyOf={({ id }) => id}
        empty={t("Nobody waits for a review.", "没有待审核的机构。")}
        columns={[
          {
            title: t("Organisation", "机构"),
            render: (_, { id, nickname, appId }) => <Member of={{ id, nickname, appId }} />,
          },
          { title: "APPID", render: (_, { appId }) => <Id>{appId}</Id> },
          {
            title: t("Legal name", "机构全称"),
            render: (_, { verification }) => verification.particulars?.legalName ?? "—",
          },
          { title: t("State", "状态"), render: (_, { verification }) => <Tag>{t(verification.label)}</Tag> },
          {
            title: t("Submitted", "提交时间"),
            render: (_, { verification }) => <Time at={verification.submittedAt} />,
          },
          {
            title: t("Actions", "操作"),
            render: (_, account) =>
              account.verification.state === "submitted" && (
                <Button type="link" onClick={() => setChosen(account)}>
                  {t("Review", "审核")}
                </Button>
              ),
          },
        ]}
      />
      {chosen && <Review account={chosen} close={() => setChosen(undefined)} />}
    </Frame>
  );
};

const Review = ({ account: { id, nickname, verification }, close }: { account: Shown; close: () => void }) => {
  const t = useWords();
  const [reason, setReason] = useState("");
  const review = useAct<unknown, "approved" | "rejected">(
    ({ client }, decision) => client.accounts.review({ id, decision, reason }),
    close,
  );
  const { legalName, registrationNumber, contact, phone, country } = verification.particulars ?? {};
  return (
    <Modal
      open
      title={t("Review {nickname}", "审核 {nickname}", { nickname })}
      onCancel={close}
      footer={
        <>
          <Button danger disabled={reason.trim() === "" || review.isPending} onClick={() => review.mutate("rejected")}>
            {t("Reject", "驳回")}
          </Button>
          <Button type="primary" loading={review.isPending} onClick={() => review.mutate("approved")}>
            {t("Approve", "通过")}
          </Button>
        </>
      }
    >
      <dl className="facts">
        <dt>{t("Legal name", "机构全称")}</dt>
        <dd>{legalName}</dd>
        <dt>{t("Registration number", "统一社会信用代码")}</dt>
        <dd>{registrationNumber}</dd>
        <dt>{t("Contact", "联系人")}</dt>
        <dd>{contact}</dd>
        <dt>{t("Telephone", "联系电话")}</dt>
        <dd>{phone}</dd>
        <dt>{t("Country", "国家或地区")}</dt>
        <dd>{country}</dd>
      </dl>
      <Form layout="vertical" style={{ marginTop: 16 }}>
        <Form.Item label={t("Reason, needed to reject", "驳回原因")}>
          <Input.TextArea value={reason} onChange={({ target }) => setReason(target.value)} maxLength={500} showCount />
        </Form.Item>
      </Form>
      {review.error && <Failure error={review.error} />}
    </Modal>
  );
};
