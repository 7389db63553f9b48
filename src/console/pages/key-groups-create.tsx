/** 新建群组. */
import { Form, Input, InputNumber, Modal, Select } from "antd";
import { useNavigate } from "react-router";
import { Description, Name } from "../../rules/shapes.ts";
import { useActing } from "../identity/identity.tsx";
import { useAct, useObstacle } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import type { Someone } from "../parts/member.tsx";
import { People, streamsOf } from "../parts/people.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { EXAMPLES, START } from "./policies-examples.ts";

interface Given {
  readonly name: string;
  readonly description?: string;
  readonly nodes: readonly string[];
  readonly administrators?: readonly Someone[];
  readonly approvals: number;
  readonly requesters: readonly Someone[];
  readonly approvers?: readonly Someone[];
  readonly start: readonly string[];
}
const KEPT = [
  "name",
  "description",
  "nodes",
  "administrators",
  "approvals",
  "requesters",
  "approvers",
  "start",
] as const;

/** Whoever founds it, and others. */
const governorsOf = (me: string | undefined, others: readonly Someone[] | undefined): string[] =>
  [...new Set([me ?? "", ...streamsOf(others)])].sort();

export const CreateGroup = ({ close }: { close: () => void }) => {
  const t = useWords();
  const go = useNavigate();
  const { most, fits, whole } = useRules();
  const obstacle = useObstacle();
  const { me } = useActing();
  const { account } = useSession();
  const nodes = useView("keyNodes", "list", { pageSize: 100 });
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("key-group", form, KEPT);
  const governing = governorsOf(me, Form.useWatch("administrators", form));
  const create = useAct<{ resource: { id: string } }, Given>(
    ({ client }, { name, description = "", administrators = [], approvals, requesters, approvers, ...given }) =>
      client.keyGroups.create({
        nodes: [...given.nodes].sort(),
        administrators: governorsOf(me, administrators),
        approvals,
        requesters: streamsOf(requesters),
        approvers: streamsOf(approvers),
        policies: EXAMPLES.filter(({ id }) => given.start.includes(id)).map(({ id, text }) => ({ id, text })),
        detail: { name, description },
      }),
    ({ resource }) => {
      acknowledged();
      void go(`/key-groups/${resource.id}`);
    },
  );
  const myself: Someone[] = me && account ? [{ id: me, nickname: account.nickname, appId: account.appId }] : [];
  return (
    <Modal
      open
      title={t("New group", "新建群组")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Create and sign", "创建并签名")}
      okButtonProps={{ disabled: obstacle !== undefined, ...(obstacle && { title: obstacle }) }}
      confirmLoading={create.isPending}
      width={640}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ approvals: 1, requesters: myself, start: START }}
        onFinish={(given) => create.mutate(given)}
      >
        <Form.Item
          name="name"
          label={t("Name", "群组名称")}
          validateFirst
          rules={[
            { required: true, whitespace: true, message: t("Enter a name", "请输入群组名称") },
            most(50),
            fits(Name, t("No leading or trailing spaces, no control characters", "首尾不能有空格，且不能包含控制字符")),
          ]}
        >
          <Input count={counted(50)} />
        </Form.Item>
        <Form.Item
          name="description"
          label={t("Description", "描述")}
          validateFirst
          rules={[most(100), fits(Description, t("No control characters", "不能包含控制字符"))]}
        >
          <Input.TextArea count={counted(100)} autoSize={{ minRows: 2 }} />
        </Form.Item>
        <Form.Item
          name="nodes"
          label={t("Key nodes", "密钥节点")}
          extra={t(
            "Nodes of one operator on one machine don't spread trust.",
            "同一运营方、同一机器上的节点不能分散信任。",
          )}
          rules={[{ required: true, type: "array", min: 2, message: t("At least two nodes", "至少选择两个节点") }]}
        >
          <Select
            mode="multiple"
            loading={nodes.isPending}
            options={(nodes.data?.items ?? []).map(({ stream, tag, hardware }) => ({
              value: stream,
              label: hardware ? tag : t("{tag} (simulated)", "{tag}（模拟）", { tag }),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="administrators"
          label={t("Other administrators", "其他管理员")}
          extra={t("They change nodes, members and policies.", "管理员可变更节点、成员与策略。")}
        >
          <People />
        </Form.Item>
        <Form.Item
          name="approvals"
          label={t("Approvals needed for a change", "变更所需的管理员同意数")}
          dependencies={["administrators"]}
          rules={[whole(1, governing.length)]}
        >
          <InputNumber controls={false} />
        </Form.Item>
        <Form.Item name="requesters" label={t("Requesters: who may request signatures", "请求方：可请求签名")}>
          <People known={myself} />
        </Form.Item>
        <Form.Item name="approvers" label={t("Approvers", "审批方")}>
          <People known={myself} />
        </Form.Item>
        <Form.Item
          name="start"
          label={t("Initial policies", "初始策略")}
          extra={t(
            "Nothing is allowed until a policy permits it. Change them later.",
            "未经策略允许的操作一律拒绝，可后续修改。",
          )}
        >
          <Select mode="multiple" options={EXAMPLES.map(({ id, name }) => ({ value: id, label: t(name) }))} />
        </Form.Item>
      </Form>
      {create.error && <Failure error={create.error} />}
    </Modal>
  );
};
