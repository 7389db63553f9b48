/** What an administrator does with a key: stop and start it, give it a successor, have it deleted. */
import { Button, Form, Input, InputNumber, Modal, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { verifyTrustedNodes } from "../identity/trusted-key-nodes.ts";
import { SignButton, useAct, useNotice, useObstacle } from "../parts/act.tsx";
import type { ShownKey as Shown } from "../parts/key-shapes.ts";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";

const WAIT = 120_000;

export const Acts = ({ of: key }: { of: Shown }) => {
  const t = useWords();
  const notice = useNotice();
  const go = useNavigate();
  const { stream, state, participants, attempt } = key;
  const [open, setOpen] = useState<"describe" | "delete">();
  const disable = useAct(
    ({ client }) => client.keys.disable(stream, {}),
    () => notice(t("It signs nothing for now.", "密钥已停用。")),
  );
  const enable = useAct(
    ({ client }) => client.keys.enable(stream, {}),
    () => notice(t("It signs again.", "密钥已启用。")),
  );
  const keep = useAct(
    ({ client }) => client.keys.cancelDeletion(stream, {}),
    () => notice(t("It is kept, and disabled.", "已取消删除，密钥处于停用状态。")),
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
            title={t("It signs nothing until somebody enables it.", "停用后不能签名，直至重新启用。")}
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
              "The same nodes make a new key, which takes over name and tags. Addresses change.",
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
        {state === "deletion-scheduled" ? (
          <SignButton loading={keep.isPending} onClick={() => keep.mutate()}>
            {t("Keep it, and sign", "取消删除并签名")}
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
    const pairs = given.tags.map((tag) => {
      const at = tag.indexOf("=");
      return at < 0 ? [tag, ""] : [tag.slice(0, at), tag.slice(at + 1)];
    });
    const detail = { tags: Object.fromEntries(pairs), description: given.description ?? "" };
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
        <Form.Item
          name="alias"
          label={t("Name", "密钥名称")}
          rules={[
            { pattern: /^[A-Za-z0-9/_-]{1,250}$/, message: t("Letters, digits, / _ -", "仅支持字母、数字和 / _ -") },
          ]}
        >
          <Input maxLength={250} />
        </Form.Item>
        <Form.Item name="tags" label={t("Tags (name=value)", "标签（名称=值）")}>
          <Select mode="tags" open={false} suffixIcon={null} />
        </Form.Item>
        <Form.Item name="description" label={t("Description", "描述")}>
          <Input.TextArea maxLength={100} showCount autoSize={{ minRows: 2 }} />
        </Form.Item>
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
  const [days, setDays] = useState(30);
  const [typed, setTyped] = useState("");
  const schedule = useAct(({ client }) => client.keys.scheduleDeletion(stream, { days }), close);
  return (
    <Modal
      open
      title={t("Delete {name}", "删除 {name}", { name })}
      onCancel={close}
      onOk={() => schedule.mutate()}
      okText={t("Schedule deletion and sign", "计划删除并签名")}
      okButtonProps={{ danger: true, disabled: typed !== name || obstacle !== undefined }}
      confirmLoading={schedule.isPending}
    >
      <Form layout="vertical">
        <p>
          {t(
            "Until then it signs nothing and can be kept. After that nobody can bring it back, and what lies at its address is lost.",
            "在此之前密钥停止签名，可取消删除；之后无法恢复，其地址上的资产将永久丢失。",
          )}
        </p>
        <Form.Item label={t("In so many days (7 to 30)", "等待天数（7 至 30）")} htmlFor="delete-days">
          <InputNumber
            id="delete-days"
            min={7}
            max={30}
            precision={0}
            value={days}
            onChange={(to) => setDays(to ?? 30)}
          />
        </Form.Item>
        <Form.Item label={t("Type {name}", "请输入 {name} 以确认", { name })} htmlFor="delete-name">
          <Input id="delete-name" value={typed} onChange={({ target }) => setTyped(target.value)} autoComplete="off" />
        </Form.Item>
      </Form>
      {schedule.error && <Failure error={schedule.error} />}
    </Modal>
  );
};
