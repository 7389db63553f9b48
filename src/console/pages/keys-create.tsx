/** 生成密钥 and 导入密钥: the nodes make a key together, or one is split here and each share sealed to its node. */
import { Alert, Button, Form, Input, InputNumber, Modal, Select, Upload } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { keySchemeLabels } from "../../contract/state-labels.ts";
import { KeyScheme } from "../../rules/key-schemes.ts";
import { verifyTrustedNodes } from "../identity/trusted-key-nodes.ts";
import { useAct, useObstacle } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { KeyWords, tagsOf } from "../parts/key-words.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

interface Given {
  readonly group: string;
  readonly scheme: KeyScheme;
  readonly nodes: readonly string[];
  readonly threshold: number;
  readonly alias?: string;
  readonly tags?: readonly string[];
  readonly description?: string;
  readonly passphrase?: string;
}
const KEPT = ["scheme", "threshold", "alias", "tags", "description"] as const;
const PEM_MAX = 65_536;

export const CreateKey = ({ importing, close }: { importing: boolean; close: () => void }) => {
  const t = useWords();
  const go = useNavigate();
  const obstacle = useObstacle();
  const [form] = Form.useForm<Given>();
  const [pem, setPem] = useState<string>();
  const acknowledged = useDraft("key", form, KEPT);
  const groups = useView("keyGroups", "list", { pageSize: 100 });
  const usable = groups.data?.items.filter(({ roles }) => roles.some(({ role }) => role !== "approver")) ?? [];
  const chosen = Form.useWatch("group", form) as string | undefined;
  const nodes = usable.find(({ stream }) => stream === chosen)?.nodes ?? [];
  const holders = (Form.useWatch("nodes", form) as readonly string[] | undefined) ?? [];
  const make = useAct<{ resource: { id: string } }, Given>(
    async ({ client }, { passphrase, tags, ...given }) => {
      const { generateKey, importKey } = await import("../../sdk/workflows/keys.ts");
      const expected = await verifyTrustedNodes(client, given.nodes);
      const key = { ...given, alias: given.alias || undefined, tags: tagsOf(tags) };
      if (!importing) return generateKey(client, key, expected);
      return importKey(client, key, { pem: pem ?? "", ...(passphrase && { passphrase }) }, expected);
    },
    ({ resource }) => {
      acknowledged();
      setPem(undefined);
      void go(`/keys/${resource.id}`);
    },
  );
  const takeGroup = (stream: string) => {
    const found = usable.find((one) => one.stream === stream);
    const all = [...(found?.nodes ?? [])].sort((a, b) => a.tag.localeCompare(b.tag)).map((node) => node.stream);
    form.setFieldsValue({ nodes: all, threshold: Math.max(2, Math.floor(all.length / 2) + 1) });
  };
  return (
    <Modal
      open
      title={importing ? t("Import key", "导入密钥") : t("Generate key", "生成密钥")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={importing ? t("Split, seal and sign", "拆分、加密并签名") : t("Generate and sign", "生成并签名")}
      okButtonProps={{ disabled: obstacle !== undefined || (importing && !pem), ...(obstacle && { title: obstacle }) }}
      confirmLoading={make.isPending}
      width={600}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ scheme: "ECDSA_K1", threshold: 2, nodes: [] }}
        onFinish={(given) => make.mutate(given)}
      >
        {importing && <PrivateKey pem={pem} take={setPem} />}
        <Form.Item
          name="group"
          label={t("Group", "群组")}
          rules={[{ required: true, message: t("Choose a group", "请选择群组") }]}
        >
          <Select
            loading={groups.isPending}
            onChange={takeGroup}
            notFoundContent={t("No group in which you may make keys", "没有您可生成密钥的群组")}
            options={usable.map(({ stream, name, id }) => ({ value: stream, label: `${name} · ${id}` }))}
          />
        </Form.Item>
        <Form.Item name="scheme" label={t("Type", "密钥类型")}>
          <Select
            options={KeyScheme.options.map((value) => ({ value, label: `${value} · ${t(keySchemeLabels[value])}` }))}
          />
        </Form.Item>
        <Form.Item
          name="nodes"
          label={t("Nodes that hold a share", "持有分片的节点")}
          extra={t("Each is verified here before anything is sealed to it.", "加密分片前，本浏览器会逐一验证各节点。")}
          rules={[{ required: true, type: "array", min: 2, message: t("At least two nodes", "至少选择两个节点") }]}
        >
          <Select
            mode="multiple"
            options={nodes.map(({ stream, tag, running }) => ({
              value: stream,
              label: running ? tag : t("{tag} (offline)", "{tag}（离线）", { tag }),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="threshold"
          dependencies={["nodes"]}
          label={t("Threshold: nodes needed to sign", "门限：签名所需的节点数")}
          extra={holders.length > 1 && t("of {n} shares", "共 {n} 个分片", { n: holders.length })}
          rules={[
            {
              validator: (_, value: number) =>
                Number.isInteger(value) && value >= 2 && value <= Math.max(2, holders.length)
                  ? Promise.resolve()
                  : Promise.reject(new Error(t("From 2 to the number of nodes", "须为 2 至节点数"))),
            },
          ]}
        >
          <InputNumber controls={false} />
        </Form.Item>
        <KeyWords />
      </Form>
      {make.error && <Failure error={make.error} />}
    </Modal>
  );
};

/** It stays in this page: split here, it leaves as sealed shares alone. */
const PrivateKey = ({ pem, take }: { pem: string | undefined; take: (pem: string | undefined) => void }) => {
  const t = useWords();
  const [wrong, setWrong] = useState<string>();
  const choose = async (file: File) => {
    const text = file.size > PEM_MAX ? "" : await file.text();
    const fits = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----/.test(text);
    setWrong(
      fits ? undefined : t("{name} is not a PEM private key", "该文件不是完整的 PEM 私钥：{name}", { name: file.name }),
    );
    take(fits ? text : undefined);
    return Upload.LIST_IGNORE;
  };
  return (
    <>
      <Alert
        type="info"
        style={{ marginBottom: 16 }}
        title={t(
          "The key is split in this browser; only sealed shares leave it.",
          "私钥在本浏览器内拆分，仅上传加密后的分片。",
        )}
        description={t(
          "Destroy the file once the key is enabled: whoever has it signs without anybody's approval.",
          "密钥启用后请销毁该文件：持有者无需任何审批即可签名。",
        )}
      />
      <Form.Item
        label={t("Private key (.pem)", "私钥文件（.pem）")}
        required
        {...(wrong && { validateStatus: "error" as const, help: wrong })}
      >
        <Upload accept=".pem,.key" maxCount={1} beforeUpload={choose}>
          <Button>{pem ? t("Chosen; choose another", "已选择，重新选择") : t("Choose a file", "选择文件")}</Button>
        </Upload>
      </Form.Item>
      <Form.Item name="passphrase" label={t("Passphrase, if it has one", "私钥口令（如有）")}>
        <Input.Password autoComplete="off" />
      </Form.Item>
    </>
  );
};
