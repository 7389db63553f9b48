/** Users of the account and what they may do. */
import { Button, Form, Input, Modal, Select, Switch, Table } from "antd";
import { useState } from "react";
import type { z } from "zod";
import type { User } from "../../contract/accounts.ts";
import { useAccountRules } from "../parts/account-rules.ts";
import { useAct } from "../parts/act.tsx";
import { WIDE } from "../parts/list.tsx";
import { Loaded } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

type Shown = z.output<typeof User>;
type Role = "administrator" | "member" | "auditor";

const useRoles = () => {
  const t = useWords();
  return [
    { value: "administrator" as const, label: t("Administrator", "管理员") },
    { value: "member" as const, label: t("Member", "成员") },
    { value: "auditor" as const, label: t("Auditor", "审计员") },
  ];
};

export const Users = () => {
  const t = useWords();
  const [adding, setAdding] = useState(false);
  const roles = useRoles();
  const read = useView("users", "list", { pageSize: 100 });
  const update = useAct<unknown, { id: string; role?: Role; disabled?: boolean }>(({ client }, given) =>
    client.users.update(given),
  );
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Users", "用户管理")}</h2>
        <Button onClick={() => setAdding(true)}>{t("Add a user", "新建用户")}</Button>
      </div>
      {update.error && <Failure error={update.error} />}
      <Loaded of={read}>
        {({ items }) => (
          <Table<Shown>
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={items}
            columns={[
              { title: t("User name", "用户名"), dataIndex: "login" },
              {
                title: t("Role", "角色"),
                render: (_, { id, role }) => (
                  <Select
                    aria-label={t("Role", "角色")}
                    value={role as Role}
                    options={roles}
                    style={{ width: 140 }}
                    onChange={(to) => update.mutate({ id, role: to })}
                  />
                ),
              },
              {
                title: t("Created", "创建时间"),
                responsive: WIDE,
                render: (_, { createdAt }) => <Time at={createdAt} />,
              },
              {
                title: t("Active", "启用"),
                render: (_, { id, disabledAt, login }) => (
                  <Switch
                    aria-label={t("{login} is active", "启用 {login}", { login })}
                    checked={disabledAt === null}
                    onChange={(active) => update.mutate({ id, disabled: !active })}
                  />
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {adding && <Add close={() => setAdding(false)} />}
    </section>
  );
};

const Add = ({ close }: { close: () => void }) => {
  const t = useWords();
  const roles = useRoles();
  const judged = useAccountRules();
  const [form] = Form.useForm<{ login: string; password: string; role: Role }>();
  const add = useAct<unknown, { login: string; password: string; role: Role }>(
    ({ client }, given) => client.users.create(given),
    close,
  );
  const required = [{ required: true, message: t("This is required", "请填写此项") }];
  return (
    <Modal
      open
      title={t("Add a user", "新建用户")}
      onCancel={close}
      onOk={() => form.submit()}
      confirmLoading={add.isPending}
      okText={t("Add", "确定")}
    >
      <Form form={form} layout="vertical" initialValues={{ role: "member" }} onFinish={(given) => add.mutate(given)}>
        <Form.Item name="login" label={t("User name", "用户名")} validateFirst rules={[...required, judged.login]}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="password" label={t("Password", "密码")} validateFirst rules={[...required, judged.password]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="role" label={t("Role", "角色")}>
          <Select options={roles} />
        </Form.Item>
      </Form>
      {add.error && <Failure error={add.error} />}
    </Modal>
  );
};
