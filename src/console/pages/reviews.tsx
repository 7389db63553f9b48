/** 实名审核: the operator looks at what organisations say of themselves. */
import { Button, Form, Input, Modal, Segmented } from "antd";
import { useState } from "react";
import type { z } from "zod";
import { type Account, ReviewReason } from "../../contract/accounts.ts";
import { useAct } from "../parts/act.tsx";
import { harmless } from "../parts/harmless.ts";
import { List, useFilters, WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { Verified } from "../parts/verification.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
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
    <Frame title={t("Reviews", "实名审核")}>
      <div style={{ maxWidth: "100%", overflowX: "auto" }}>
        <Segmented
          aria-label={t("Shown", "显示范围")}
          value={state}
          onChange={(to) => set({ state: to })}
          options={[
            { value: "submitted", label: t("Under review", "审核中") },
            { value: "approved", label: t("Verified", "已认证") },
            { value: "rejected", label: t("Rejected", "未通过") },
            { value: "all", label: t("All", "全部") },
          ]}
        />
      </div>
      <List<Shown>
        read={read}
        keyOf={({ id }) => id}
        empty={t("No organisation is waiting for review.", "没有待审核的机构。")}
        columns={[
          {
            title: t("Organisation", "机构"),
            render: (_, { id, nickname, appId }) => <Member of={{ id, nickname, appId }} />,
          },
          { title: "APPID", responsive: WIDE, render: (_, { appId }) => <Id>{appId}</Id> },
          {
            title: t("Legal name", "机构全称"),
            responsive: WIDE,
            render: (_, { verification }) => harmless(verification.particulars?.legalName ?? "—"),
          },
          { title: t("State", "状态"), render: (_, { verification }) => <Verified of={verification} /> },
          {
            title: t("Submitted", "提交时间"),
            responsive: WIDE,
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
  const { language } = usePreferences();
  const { obeys } = useRules();
  const [form] = Form.useForm<{ reason: string }>();
  const reason = Form.useWatch("reason", form) ?? "";
  const review = useAct<unknown, "approved" | "rejected">(
    ({ client }, decision) => client.accounts.review({ id, decision, reason }),
    close,
  );
  const decide = async (decision: "approved" | "rejected") => {
    // What does not fit is said at its field.
    const fits = await form.validateFields().catch(() => undefined);
    if (fits) review.mutate(decision);
  };
  const { legalName, registrationNumber, contact, phone, country } = verification.particulars ?? {};
  return (
    <Modal
      open
      title={t("Review {nickname}", "审核 {nickname}", { nickname })}
      onCancel={close}
      footer={
        <>
          <Button danger disabled={reason.trim() === "" || review.isPending} onClick={() => void decide("rejected")}>
            {t("Reject", "驳回")}
          </Button>
          <Button type="primary" loading={review.isPending} onClick={() => void decide("approved")}>
            {t("Approve", "通过")}
          </Button>
        </>
      }
    >
      <dl className="facts">
        <dt>{t("Legal name", "机构全称")}</dt>
        <dd>{harmless(legalName ?? "")}</dd>
        <dt>{t("Registration number", "统一社会信用代码")}</dt>
        <dd>{harmless(registrationNumber ?? "")}</dd>
        <dt>{t("Contact", "联系人")}</dt>
        <dd>{harmless(contact ?? "")}</dd>
        <dt>{t("Telephone", "联系电话")}</dt>
        <dd>{harmless(phone ?? "")}</dd>
        <dt>{t("Country", "国家或地区")}</dt>
        <dd>{country && new Intl.DisplayNames(language, { type: "region" }).of(country)}</dd>
      </dl>
      <Form form={form} layout="vertical" style={{ marginTop: 16 }}>
        <Form.Item name="reason" label={t("Reason, needed to reject", "驳回原因")} rules={[obeys(ReviewReason, "")]}>
          <Input.TextArea count={counted(ReviewReason.maxLength ?? 0)} />
        </Form.Item>
      </Form>
      {review.error && <Failure error={review.error} />}
    </Modal>
  );
};
