/** 账号信息: nickname, APPID, real-name verification, users and access keys. */
import { Button, Form, Input, type FormRule as Rule } from "antd";
import type { z } from "zod";
import { isUnifiedCreditCode } from "../../base/credit-code.ts";
import { type Account, Particulars } from "../../contract/accounts.ts";
import { useAct, useNotice } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { harmless } from "../parts/harmless.ts";
import { Page as Frame } from "../parts/page.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { Verified } from "../parts/verification.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { AccessKeys } from "./account-access-keys.tsx";
import { Users } from "./account-users.tsx";

type Shown = z.output<typeof Account>;
type Given = z.input<typeof Particulars>;
const { shape } = Particulars;
const KEPT = ["legalName", "registrationNumber", "contact", "phone", "country"] as const;

export const Page = () => {
  const t = useWords();
  const { account, user, permissions } = useSession();
  return (
    <Frame title={t("Account", "账号信息")}>
      <section className="card">
        <h2>{account?.nickname ?? t("Platform operator", "平台运营方")}</h2>
        <dl className="facts">
          {account && (
            <>
              <dt>APPID</dt>
              <dd>
                <Id>{account.appId}</Id>
              </dd>
            </>
          )}
          <dt>{t("User name", "用户名")}</dt>
          <dd>{user.login}</dd>
          {account && (
            <>
              <dt>{t("Real-name verification", "实名认证")}</dt>
              <dd>
                <Verified of={account.verification} />
              </dd>
              <dt>{t("Created", "创建时间")}</dt>
              <dd>
                <Time at={account.createdAt} />
              </dd>
            </>
          )}
        </dl>
      </section>
      {account && permissions.has("verification.submit") && <Verification account={account} />}
      {account && permissions.has("user.manage") && <Users />}
      {permissions.has("access-key.manage") && <AccessKeys />}
    </Frame>
  );
};

const Verification = ({ account: { verification } }: { account: Shown }) => {
  const t = useWords();
  const notice = useNotice();
  const { required, obeys } = useRules();
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("verification", form, KEPT);
  const submit = useAct<unknown, Given>(
    ({ client }, given) => client.accounts.submitVerification(given),
    () => {
      acknowledged();
      notice(t("Submitted for review.", "已提交审核。"));
    },
  );
  if (verification.state === "approved" || verification.state === "submitted")
    return verification.state === "approved" ? null : (
      <section className="card">
        <h2>{t("Real-name verification", "实名认证")}</h2>
        <p className="muted">
          {t("The platform operator is reviewing what you submitted.", "平台运营方正在审核您提交的资料。")}
        </p>
      </section>
    );
  const said = t("No control characters", "不能包含控制字符");
  const number = t(
    "Digits, spaces and ( ) -, five at least; + before them",
    "请输入 5 至 25 位数字，可含空格、括号和 -，可以 + 开头",
  );
  /** What the operator's office looks up has its own check digit. */
  const code = {
    async validator(_: unknown, written = "") {
      if (form.getFieldValue("country") === "CN" && !isUnifiedCreditCode(written.trim()))
        throw new Error(
          t("No unified credit code: its check digit is another", "统一社会信用代码有误，请核对 18 位代码"),
        );
    },
  };
  const field = (name: keyof Given, en: string, zh: string, judged: Rule, ...more: Rule[]) => (
    <Form.Item
      name={name}
      label={t(en, zh)}
      validateFirst
      dependencies={more.length > 0 ? ["country"] : []}
      rules={[required, judged, ...more]}
    >
      <Input />
    </Form.Item>
  );
  return (
    <section className="card">
      <h2>{t("Real-name verification", "实名认证")}</h2>
      {verification.state === "rejected" && (
        <p style={{ color: "var(--bad)" }}>
          {t("Not approved: {reason}", "未通过：{reason}", { reason: harmless(verification.reason ?? "") })}
        </p>
      )}
      <Form
        form={form}
        layout="vertical"
        className="narrow"
        initialValues={{ country: "CN" }}
        onFinish={(given) => submit.mutate(given)}
      >
        {field("legalName", "Legal name", "机构全称", obeys(shape.legalName, said))}
        {field(
          "registrationNumber",
          "Registration number",
          "统一社会信用代码",
          obeys(shape.registrationNumber, said),
          code,
        )}
        {field("contact", "Contact", "联系人", obeys(shape.contact, said))}
        {field("phone", "Telephone", "联系电话", obeys(shape.phone, number))}
        <Form.Item
          name="country"
          label={t("Country", "国家或地区")}
          validateFirst
          rules={[required, obeys(shape.country, t("Two capital letters, such as CN", "两位大写字母，例如 CN"))]}
        >
          <Input style={{ width: 96 }} />
        </Form.Item>
        {submit.error && (
          <div style={{ marginBottom: 16 }}>
            <Failure error={submit.error} />
          </div>
        )}
        <Button type="primary" htmlType="submit" loading={submit.isPending}>
          {t("Submit for review", "提交审核")}
        </Button>
      </Form>
    </section>
  );
};
