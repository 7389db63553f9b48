/** 新建群组. */
import { Form, Input, InputNumber, Modal, Select } from "antd";
import { useNavigate } from "react-router";
import { useActing } from "../identity/identity.tsx";
import { useAct, useObstacle } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import type { Someone } from "../parts/member.tsx";
import { People, streamsOf } from "../parts/people.tsx";
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

export const CreateGroup = ({ close }: { close: () => void }) => {
  const t = useWords();
  const go = useNavigate();
  const obstacle = useObstacle();
  const { me } = useActing();
  const { account } = useSession();
  const nodes = useView("keyNodes", "list", { pageSize: 100 });
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("key-group", form, KEPT);
  const create = useAct<{ resource: { id: string } }, Given>(
    ({ client }, { name, description = "", administrators = [], approvals, requesters, approvers, ...given }) =>
      client.keyGroups.create({
        nodes: [...given.nodes].sort(),
        administrators: [...new Set([me ?? "", ...streamsOf(administrators)])].sort(),
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
      okText={t("Found and sign", "创建并签名")}
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
          rules={[{ required: true, whitespace: true, message: t("Give it a name", "请输入群组名称") }]}
        >
          <Input maxLength={50} showCount />
        </Form.Item>
        <Form.Item name="description" label={t("Description", "描述")}>
          <Input.TextArea maxLength={100} showCount autoSize={{ minRows: 2 }} />
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
          label={t("Administrators besides you", "其他管理员")}
          extra={t("They change nodes, members and policies.", "管理员可变更节点、成员与策略。")}
        >
          <People />
        </Form.Item>
        <Form.Item name="approvals" label={t("As many administrators agree to a change", "变更所需的管理员同意数")}>
          <InputNumber min={1} max={16} precision={0} />
        </Form.Item>
        <Form.Item name="requesters" label={t("Requesters: who may ask for signatures", "请求方：可请求签名")}>
          <People known={myself} />
        </Form.Item>
        <Form.Item name="approvers" label={t("Approvers", "审批方")}>
          <People known={myself} />
        </Form.Item>
        <Form.Item
          name="start"
          label={t("Policies to begin with", "初始策略")}
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
