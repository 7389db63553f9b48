/** 预先授权: consents in advance, to tasks of one shape, until a day. */
import { Button, Form, Input, InputNumber, Modal, Popconfirm, Select, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { DAY, iso } from "../../base/clock.ts";
import { GrantTerms } from "../../rules/grant.ts";
import { useActing } from "../identity/identity.tsx";
import { SignOrCancel, useAct } from "../parts/act.tsx";
import { harmless } from "../parts/harmless.ts";
import { Member, type Someone } from "../parts/member.tsx";
import { useFellows } from "../parts/permission.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import type { ShownSource } from "./source-shown.ts";

type Of = Pick<ShownSource, "id" | "name" | "columns" | "grants">;
type Grant = ShownSource["grants"][number];

export const Grants = ({ source, may }: { source: Of; may: boolean }) => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  const withdraw = useAct<unknown, string>(({ client }, grant) => client.sources.withdrawGrant(source.id, { grant }));
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Advance authorisations", "预先授权")}</h2>
        {may && <Button onClick={() => setOpen(true)}>{t("Authorise in advance", "新建预先授权")}</Button>}
      </div>
      {withdraw.error && <Failure error={withdraw.error} />}
      {source.grants.length === 0 ? (
        <p className="muted" style={{ margin: 0 }}>
          {t("Every task waits for your own authorisation.", "每个计算任务均需您单独授权。")}
        </p>
      ) : (
        <PlainTable<Grant>
          keyOf={({ grant }) => grant}
          rows={source.grants}
          columns={[
            { title: t("Tasks of", "任务创建方"), kind: "whole", cell: ({ member }) => <MemberOf id={member} /> },
            { title: t("Results to", "结果使用方"), kind: "whole", cell: ({ receiver }) => <MemberOf id={receiver} /> },
            { title: t("Model", "计算模型"), cell: ({ model }) => <ModelOf id={model} /> },
            {
              title: t("As table", "数据表"),
              kind: "whole",
              cell: ({ table }) => <span className="mono">{table}</span>,
            },
            {
              title: t("Columns", "字段"),
              cell: ({ columns }) =>
                columns
                  ? columns.map((at) => harmless(source.columns[at]?.name ?? `#${at}`)).join(" · ")
                  : t("all", "全部"),
            },
            { title: t("Rows", "结果行数"), kind: "number", cell: ({ rows }) => `≤ ${rows.toLocaleString()}` },
            { title: t("Runs", "运行次数"), kind: "number", cell: ({ runs }) => `≤ ${runs.toLocaleString()}` },
            { title: t("Until", "有效期至"), kind: "whole", cell: ({ expires }) => <Time at={expires} /> },
            {
              title: t("Actions", "操作"),
              cell: ({ grant, withdrawn, expires }) => {
                if (withdrawn) return <Tag>{t("Withdrawn", "已撤回")}</Tag>;
                if (Date.parse(expires) < Date.now()) return <Tag>{t("Expired", "已过期")}</Tag>;
                if (!may) return <Tag color="success">{t("In force", "有效")}</Tag>;
                return (
                  <Popconfirm
                    title={t("Tasks from now on need your own authorisation.", "此后的任务需要您单独授权。")}
                    okText={t("Withdraw and sign", "撤回并签名")}
                    okButtonProps={{ danger: true }}
                    onConfirm={() => withdraw.mutateAsync(grant).catch(() => undefined)}
                  >
                    <Button type="link" size="small" danger style={{ padding: 0 }}>
                      {t("Withdraw", "撤回")}
                    </Button>
                  </Popconfirm>
                );
              },
            },
          ]}
        />
      )}
      {open && <Agree source={source} close={() => setOpen(false)} />}
    </section>
  );
};

const MemberOf = ({ id }: { id: string }) => {
  const { data } = useView("organisations", "get", { id });
  return data ? <Member of={data} /> : <Id>{id}</Id>;
};

const ModelOf = ({ id }: { id: string }) => {
  const { data } = useView("models", "get", { id });
  return data ? (
    <Link to={`/models/${data.id}`}>
      {data.name} <span className="muted">{data.version}</span>
    </Link>
  ) : (
    <Id>{id}</Id>
  );
};

interface Given {
  readonly member: string;
  readonly receiver: string;
  readonly model: string;
  readonly table: string;
  readonly columns?: readonly string[];
  readonly rows: number;
  readonly runs: number;
  readonly days: number;
}

const Agree = ({ source, close }: { source: Of; close: () => void }) => {
  const t = useWords();
  const { required, obeys, whole, wholeOf } = useRules();
  const [form] = Form.useForm<Given>();
  const { account } = useSession();
  const { me = "" } = useActing();
  const fellows = useFellows();
  const models = useView("models", "list", { pageSize: 100 });
  const agree = useAct<unknown, Given>(async ({ client }, { days, columns = [], ...rest }) => {
    const { grantSource } = await import("../../sdk/workflows/grant-source.ts");
    return grantSource(client, source.id, {
      ...rest,
      ...(columns.length > 0 && { columns }),
      expires: iso(Date.now() + days * DAY),
    });
  }, close);
  const own: Someone = { id: me, nickname: account?.nickname ?? "", appId: account?.appId ?? "" };
  const people = [...fellows, own].map(({ id, nickname, appId }) => ({ value: id, label: `${nickname} · ${appId}` }));
  const amount = (name: "rows" | "runs" | "days", en: string, zh: string, rule: ReturnType<typeof whole>) => (
    <Form.Item name={name} label={t(en, zh)} rules={[rule]}>
      <InputNumber controls={false} style={{ width: 200 }} />
    </Form.Item>
  );
  const choice = (name: "member" | "receiver", en: string, zh: string) => (
    <Form.Item name={name} label={t(en, zh)} rules={[required]}>
      <Select showSearch={{ optionFilterProp: "label" }} options={people} />
    </Form.Item>
  );
  return (
    <Modal
      open
      title={t("Authorise tasks with {name} in advance", "预先授权使用【{name}】", { name: source.name })}
      onCancel={close}
      footer={
        <SignOrCancel cancel={close} onClick={() => form.submit()} loading={agree.isPending}>
          {t("Agree and sign", "授权并签名")}
        </SignOrCancel>
      }
    >
      <p className="muted">
        {t(
          "Tasks of exactly this shape run without asking you again: this model in its newest version now, these members, these limits.",
          "完全符合以下条件的任务无需您再次授权：该模型的当前最新版本、以下成员与限制。",
        )}
      </p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ rows: 100, runs: 10, days: 30 }}
        disabled={agree.isPending}
        onFinish={(given) => agree.mutate(given)}
      >
        {choice("member", "Who may create such tasks", "任务创建方")}
        {choice("receiver", "Who receives the results", "结果使用方")}
        <Form.Item name="model" label={t("Model", "计算模型")} rules={[required]}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={models.data?.items
              .filter(({ state }) => state === "published")
              .map(({ id, name, version, creator }) => ({
                value: id,
                label: `${name} ${version} · ${creator.nickname}`,
              }))}
          />
        </Form.Item>
        <Form.Item
          name="table"
          label={t("The model's table that it fills", "对应模型的数据表")}
          extra={t("As entente.json of the model names it", "模型 entente.json 中声明的表名")}
          validateFirst
          rules={[required, obeys(GrantTerms.shape.table, t("Another name", "请更换表名"))]}
        >
          <Input className="mono" />
        </Form.Item>
        <Form.Item name="columns" label={t("Columns that it may read", "允许读取的字段")}>
          <Select
            mode="multiple"
            placeholder={t("All", "全部")}
            options={source.columns.map(({ name }) => ({ value: name, label: harmless(name) }))}
          />
        </Form.Item>
        {amount("rows", "Rows of a result, at most", "结果最大行数", wholeOf(GrantTerms.shape.rows))}
        {amount("runs", "Runs, at most", "最多运行次数", wholeOf(GrantTerms.shape.runs))}
        {amount("days", "Days from now", "有效天数", whole(1, 365))}
      </Form>
      {agree.error && <Failure error={agree.error} />}
    </Modal>
  );
};
