/** 提议变更: nodes and members; policies have a page of their own. Only what differs is proposed. */
import { Form, InputNumber, Modal, Select } from "antd";
import { useAct, useNotice, useObstacle } from "../parts/act.tsx";
import type { ShownGroup as Group } from "../parts/key-shapes.ts";
import type { Someone } from "../parts/member.tsx";
import { People, streamsOf } from "../parts/people.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

interface Given {
  readonly nodes: readonly string[];
  readonly administrators: readonly Someone[];
  readonly approvals: number;
  readonly requesters: readonly Someone[];
  readonly approvers: readonly Someone[];
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

const changeOf = (group: Group, given: Given) => {
  const nodes = [...given.nodes].sort();
  const sets = (["administrators", "requesters", "approvers"] as const).flatMap((field) => {
    const now = streamsOf(given[field]);
    return same(now, streamsOf(group[field])) ? [] : [[field, now] as const];
  });
  return {
    ...Object.fromEntries(sets),
    ...(same(nodes, group.nodes.map(({ stream }) => stream).sort()) ? {} : { nodes }),
    ...(given.approvals === group.approvals ? {} : { approvals: given.approvals }),
  };
};

export const ChangeGroup = ({ of: group, close }: { of: Group; close: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const obstacle = useObstacle();
  const { whole } = useRules();
  const [form] = Form.useForm<Given>();
  const nodes = useView("keyNodes", "list", { pageSize: 100 });
  const propose = useAct<unknown, Given>(
    async ({ client }, given) =>
      (await import("../../sdk/workflows/key-governance.ts")).proposeChange(client, group, changeOf(group, given)),
    () => {
      notice(t("Proposed. It takes effect once enough administrators agree.", "已提议，管理员同意数足够后生效。"));
      close();
    },
  );
  const everybody = [...group.administrators, ...group.requesters, ...group.approvers];
  const known = everybody.filter(({ id }, i) => everybody.findIndex((one) => one.id === id) === i);
  const given = Form.useWatch([], form) as Given | undefined;
  const nothing = given?.nodes === undefined || Object.keys(changeOf(group, given)).length === 0;
  return (
    <Modal
      open
      title={t("Propose a change of {name}", "提议变更【{name}】", { name: group.name })}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Propose and sign", "提议并签名")}
      okButtonProps={{ disabled: nothing || obstacle !== undefined }}
      confirmLoading={propose.isPending}
      width={640}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          nodes: [...group.nodes].sort((a, b) => a.tag.localeCompare(b.tag)).map(({ stream }) => stream),
          administrators: group.administrators,
          approvals: group.approvals,
          requesters: group.requesters,
          approvers: group.approvers,
        }}
        onFinish={(all) => propose.mutate(all)}
      >
        <Form.Item name="nodes" label={t("Key nodes", "密钥节点")}>
          <Select
            mode="multiple"
            options={(nodes.data?.items ?? group.nodes).map(({ stream, tag }) => ({ value: stream, label: tag }))}
          />
        </Form.Item>
        <Form.Item name="administrators" label={t("Administrators", "管理员")}>
          <People known={known} />
        </Form.Item>
        <Form.Item
          name="approvals"
          label={t("Approvals needed for a change", "变更所需的管理员同意数")}
          dependencies={["administrators"]}
          rules={[whole(1, given?.administrators?.length ?? 1)]}
        >
          <InputNumber controls={false} />
        </Form.Item>
        <Form.Item name="requesters" label={t("Requesters", "请求方")}>
          <People known={known} />
        </Form.Item>
        <Form.Item name="approvers" label={t("Approvers", "审批方")}>
          <People known={known} />
        </Form.Item>
      </Form>
      {propose.error && <Failure error={propose.error} />}
    </Modal>
  );
};
