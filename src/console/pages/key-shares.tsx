/** 分片: who holds which, what is being made anew, and what other administrators have to agree to. */
import { Button, Form, InputNumber, Modal, Popconfirm, Progress, Select } from "antd";
import { useState } from "react";
import { verifyTrustedNodes } from "../identity/trusted-key-nodes.ts";
import { SignButton, useAct, useNotice, useObstacle } from "../parts/act.tsx";
import type { ShownKey as Shown } from "../parts/key-shapes.ts";
import { NodeTag, NodeTags, NotYet } from "../parts/keys.tsx";
import { Member } from "../parts/member.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

export const Shares = ({ of: key }: { of: Shown }) => {
  const t = useWords();
  const notice = useNotice();
  const [handing, setHanding] = useState(false);
  const { participants, epoch, threshold, stream, state, attempt, administrable } = key;
  const nodes = participants.map((one) => one.stream);
  const refresh = useAct(
    ({ client }) =>
      client.keys.reshare(stream, { epoch: (epoch ?? 0) + 1, kind: "refresh", threshold, participants: nodes }),
    () => notice(t("The nodes are refreshing all shares.", "节点正在更新全部分片。")),
  );
  const recover = useAct<unknown, number>(
    ({ client }, index) =>
      client.keys.reshare(stream, {
        ...{ epoch: (epoch ?? 0) + 1, kind: "recover", threshold, participants: nodes, lost: [index] },
      }),
    () => notice(t("The other nodes are restoring its share.", "其他节点正在为其恢复分片。")),
  );
  const may = administrable && attempt === null && (state === "enabled" || state === "disabled");
  const failure = refresh.error ?? recover.error;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Shares ({n})", "密钥分片（共 {n} 个）", { n: participants.length })}</h2>
        {may && (
          <div className="row">
            <Button onClick={() => setHanding(true)}>{t("Hand over…", "重新分片…")}</Button>
            <Popconfirm
              title={t("All shares are refreshed. The public key stays the same.", "将更新全部分片，公钥不变。")}
              okText={t("Refresh and sign", "更新并签名")}
              onConfirm={() => refresh.mutate()}
            >
              <SignButton type="default" loading={refresh.isPending}>
                {t("Refresh shares", "更新分片")}
              </SignButton>
            </Popconfirm>
          </div>
        )}
      </div>
      {failure && <Failure error={failure} />}
      <PlainTable
        rows={participants}
        keyOf={({ index }) => index}
        columns={[
          { title: t("Share", "分片"), cell: ({ index }) => index },
          { title: t("Held by", "持有节点"), cell: (one) => <NodeTag of={one} /> },
          {
            title: t("Verifying share", "验证分片"),
            cell: ({ verifyingShare }) => (verifyingShare ? <Id>{verifyingShare}</Id> : "—"),
          },
          ...(may
            ? [
                {
                  title: t("Actions", "操作"),
                  cell: (one: Shown["participants"][number]) => (
                    <Popconfirm
                      title={t("For a node that has lost its share.", "用于丢失分片的节点。")}
                      okText={t("Recover and sign", "恢复并签名")}
                      onConfirm={() => recover.mutate(one.index)}
                    >
                      <Button type="link" loading={recover.isPending && recover.variables === one.index}>
                        {t("Recover", "恢复分片")}
                      </Button>
                    </Popconfirm>
                  ),
                },
              ]
            : []),
        ]}
      />
      {handing && <HandOver of={key} close={() => setHanding(false)} />}
    </section>
  );
};

/** What is being made, by how many already; and, where others have to agree, who has. */
export const Attempt = ({ of, shown }: { of: NonNullable<Shown["attempt"]>; shown: Shown }) => {
  const t = useWords();
  const { kindLabel, participants, done, agreed, needed, awaitsYou, expiresAt, threshold, kind, reason } = of;
  // As it is shown here, and to nodes that this browser trusts.
  const agree = useAct(async ({ client }) => {
    await verifyTrustedNodes(client, streamsOf(participants));
    return (await import("../../sdk/workflows/key-governance.ts")).approveReshare(client, shown);
  });
  return (
    <section className="card stack" aria-live="polite">
      <h2 style={{ margin: 0 }}>{t(kindLabel)}</h2>
      <Progress
        percent={Math.round((100 * done.length) / participants.length)}
        format={() => t("{done} of {n} nodes", "{done} / {n} 个节点", { done: done.length, n: participants.length })}
        style={{ maxWidth: 480 }}
      />
      {kind === "reshare" && (
        <div className="row">
          {t("Threshold {threshold}, held by", "门限 {threshold}，持有节点", { threshold })}{" "}
          <NodeTags of={participants} />
        </div>
      )}
      {needed > 0 && (
        <div className="row">
          {t("Agreed by {n} of {needed} administrators:", "{n} / {needed} 位管理员已同意：", {
            n: agreed.length,
            needed,
          })}
          {agreed.map((member) => (
            <Member key={member.id} of={member} />
          ))}
        </div>
      )}
      {reason && <NotYet of={reason} />}
      <span className="muted">
        {t("Open until", "截止")} <Time at={expiresAt} />
      </span>
      {agree.error && <Failure error={agree.error} />}
      {awaitsYou && (
        <div>
          <SignButton loading={agree.isPending} onClick={() => agree.mutate()}>
            {t("Agree and sign", "同意并签名")}
          </SignButton>
        </div>
      )}
    </section>
  );
};

const streamsOf = (nodes: readonly { readonly stream: string }[]): string[] => nodes.map(({ stream }) => stream);

interface Given {
  readonly nodes: string[];
  readonly threshold: number;
}

/** 重新分片: other holders, another threshold. */
const HandOver = ({
  of: { stream, group, epoch, participants, threshold },
  close,
}: {
  of: Shown;
  close: () => void;
}) => {
  const t = useWords();
  const notice = useNotice();
  const obstacle = useObstacle();
  const { whole } = useRules();
  const [form] = Form.useForm<Given>();
  const holders = (Form.useWatch("nodes", form) as readonly string[] | undefined) ?? [];
  const read = useView("keyGroups", "get", { id: group.id });
  const hand = useAct<unknown, Given>(
    async ({ client }, { nodes, threshold: to }) => {
      await verifyTrustedNodes(client, nodes);
      return client.keys.reshare(stream, {
        epoch: (epoch ?? 0) + 1,
        kind: "reshare",
        threshold: to,
        participants: nodes,
      });
    },
    () => {
      notice(
        t("Requested. It needs as many approvals as a change of the group.", "已提交，所需同意数与群组变更相同。"),
      );
      close();
    },
  );
  return (
    <Modal
      open
      title={t("Change holders or threshold", "更换分片持有节点或门限")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Request and sign", "提交并签名")}
      okButtonProps={{ disabled: obstacle !== undefined }}
      confirmLoading={hand.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ nodes: participants.map((one) => one.stream), threshold }}
        onFinish={(given) => hand.mutate(given)}
      >
        <Form.Item
          name="nodes"
          label={t("Nodes that hold a share", "持有分片的节点")}
          rules={[{ required: true, type: "array", min: 2, message: t("At least two nodes", "至少选择两个节点") }]}
        >
          <Select
            mode="multiple"
            loading={read.isPending}
            options={(read.data?.nodes ?? participants).map((one) => ({ value: one.stream, label: one.tag }))}
          />
        </Form.Item>
        <Form.Item
          name="threshold"
          label={t("Threshold", "门限")}
          dependencies={["nodes"]}
          rules={[whole(2, Math.max(2, holders.length))]}
        >
          <InputNumber controls={false} />
        </Form.Item>
      </Form>
      {hand.error && <Failure error={hand.error} />}
    </Modal>
  );
};
