/** What an administrator does with a key: stop and start it, give it a successor, have it deleted. */
import { Button, Form, Input, InputNumber, Modal, Popconfirm } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { verifyTrustedNodes } from "../identity/trusted-key-nodes.ts";
import { SignButton, useAct, useNotice, useObstacle } from "../parts/act.tsx";
import type { ShownKey as Shown } from "../parts/key-shapes.ts";
import { KeyWords, tagsOf } from "../parts/key-words.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { AskExport } from "./key-export.tsx";

const WAIT = 120_000;

export const Acts = ({ of: key }: { of: Shown }) => {
  const t = useWords();
  const notice = useNotice();
  const go = useNavigate();
  const { stream, state, participants, attempt } = key;
  const [open, setOpen] = useState<"describe" | "delete" | "export">();
  const disable = useAct(
    ({ client }) => client.keys.disable(stream, {}),
    () => notice(t("Key disabled.", "密钥已停用。")),
  );
  const enable = useAct(
    ({ client }) => client.keys.enable(stream, {}),
    () => notice(t("Key enabled.", "密钥已启用。")),
  );
  const keep = useAct(
    ({ client }) => client.keys.cancelDeletion(stream, {}),
    () => notice(t("Deletion cancelled. The key is disabled.", "已取消删除，密钥处于停用状态。")),
  );
  const rotate = useAct(
    async ({ client }) => {
      const { rotateKey } = await import("../../sdk/workflows/keys.ts");
      const expected = await verifyTrustedNodes(
        client,
        participants.map((one) => one.stream),
      );
      return rotateKey(client, stream, expected, WAIT);
    },
    ({ id }) => void go(`/keys/${id}`),
  );
  const failure = disable.error ?? enable.error ?? keep.error ?? rotate.error;
  const idle = attempt === null;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Administration", "密钥管理操作")}</h2>
      {failure && <Failure error={failure} />}
      <div className="row">
        <SignButton type="default" onClick={() => setOpen("describe")}>
          {t("Rename…", "修改名称与标签…")}
        </SignButton>
        {state === "enabled" && (
          <Popconfirm
            title={t("It signs nothing until it is enabled again.", "停用后不能签名，直至重新启用。")}
            okText={t("Disable and sign", "停用并签名")}
            onConfirm={() => disable.mutate()}
          >
            <SignButton type="default" loading={disable.isPending}>
              {t("Disable", "停用")}
            </SignButton>
          </Popconfirm>
        )}
        {state === "disabled" && (
          <SignButton loading={enable.isPending} onClick={() => enable.mutate()}>
            {t("Enable and sign", "启用并签名")}
          </SignButton>
        )}
        {state === "enabled" && idle && key.rotatedBy === null && (
          <Popconfirm
            title={t(
              "The same nodes generate a new key that takes over the name and tags. Its addresses change.",
              "相同节点将生成新密钥并接替名称与标签，地址随之改变。",
            )}
            okText={t("Rotate and sign", "轮换并签名")}
            onConfirm={() => rotate.mutate()}
          >
            <SignButton type="default" loading={rotate.isPending}>
              {t("Rotate", "轮换")}
            </SignButton>
          </Popconfirm>
        )}
        {state === "enabled" && <Button onClick={() => setOpen("export")}>{t("Export…", "导出密钥…")}</Button>}
        {state === "deletion-scheduled" ? (
          <SignButton loading={keep.isPending} onClick={() => keep.mutate()}>
            {t("Cancel deletion and sign", "取消删除并签名")}
          </SignButton>
        ) : (
          (state === "enabled" || state === "disabled") && (
            <Button danger onClick={() => setOpen("delete")}>
              {t("Schedule deletion…", "计划删除…")}
            </Button>
          )
        )}
      </div>
      {open === "describe" && <Describe of={key} close={() => setOpen(undefined)} />}
      {open === "export" && <AskExport of={key} close={() => setOpen(undefined)} />}
      {open === "delete" && <Delete of={key} close={() => setOpen(undefined)} />}
    </section>
  );
};

interface Words {
  readonly alias?: string;
  readonly tags: readonly string[];
  readonly description?: string;
}

const Describe = ({ of: { stream, alias, tags, description }, close }: { of: Shown; close: () => void }) => {
  const t = useWords();
  const [form] = Form.useForm<Words>();
  const describe = useAct<unknown, Words>(({ client }, given) => {
    const detail = { tags: tagsOf(given.tags), description: given.description ?? "" };
    return client.keys.describe(stream, { detail: given.alias ? { ...detail, alias: given.alias } : detail });
  }, close);
  return (
    <Modal
      open
      title={t("Name, tags and description", "名称、标签与描述")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Change and sign", "修改并签名")}
      confirmLoading={describe.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          ...{ alias: alias ?? "", description },
          tags: Object.entries(tags).map(([name, value]) => (value ? `${name}=${value}` : name)),
        }}
        onFinish={(given) => describe.mutate(given)}
      >
        <KeyWords />
      </Form>
      {describe.error && <Failure error={describe.error} />}
    </Modal>
  );
};

/** Nobody brings a key back: its name is typed first. */
const Delete = ({ of: { stream, id, alias }, close }: { of: Shown; close: () => void }) => {
  const t = useWords();
  const obstacle = useObstacle();
  const name = alias ?? id;
  const { whole } = useRules();
  const schedule = useAct<unknown, { readonly days: number }>(
    ({ client }, { days }) => client.keys.scheduleDeletion(stream, { days }),
    close,
  );
  const [form] = Form.useForm();
  const typed = Form.useWatch("typed", form);
  return (
    <Modal
      open
      title={t("Delete {name}", "删除 {name}", { name })}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Schedule deletion and sign", "计划删除并签名")}
      okButtonProps={{ danger: true, disabled: typed !== name || obstacle !== undefined }}
      confirmLoading={schedule.isPending}
    >
      <p>
        {t(
          "During the waiting period it signs nothing, and the deletion can be cancelled. Afterwards it cannot be recovered, and anything held at its address is lost.",
          "等待期内密钥停止签名，可取消删除；期满后无法恢复，其地址上的资产将永久丢失。",
        )}
      </p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ days: 30 }}
        onFinish={(given) => given.typed === name && schedule.mutate(given)}
      >
        <Form.Item
          name="days"
          label={t("Waiting period in days (7 to 30)", "等待天数（7 至 30）")}
          rules={[whole(7, 30)]}
        >
          <InputNumber controls={false} />
        </Form.Item>
        <Form.Item name="typed" required label={t("Type {name} to confirm", "请输入 {name} 以确认", { name })}>
          <Input autoComplete="off" />
        </Form.Item>
      </Form>
      {schedule.error && <Failure error={schedule.error} />}
    </Modal>
  );
};
