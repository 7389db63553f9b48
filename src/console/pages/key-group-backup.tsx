/** 备份与演练: whom each node seals its shares to, copies of them, and giving them back. */
import { Alert, Button, Form, Input, Modal, Typography, Upload } from "antd";
import { useState } from "react";
import type { NodeBackup } from "../../sdk/workflows/key-backups.ts";
import { verifyTrustedNodes } from "../identity/trusted-key-nodes.ts";
import { useAct, useNotice, useObstacle } from "../parts/act.tsx";
import { save } from "../parts/files.ts";
import type { ShownGroup as Group } from "../parts/key-shapes.ts";
import { NewPassphrase } from "../parts/passphrase.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { Recipient } from "./key-group-proposals.tsx";

export const Backups = ({ of: group }: { of: Group }) => {
  const t = useWords();
  const [open, setOpen] = useState<"keeper" | "restore">();
  const [naming, setNaming] = useState<string>();
  const keeperOf = (stream: string) => group.backup.find(({ node }) => node.stream === stream)?.recipient;
  const copy = useAct<string, string>(async ({ client }, node) => {
    const { backupNode } = await import("../../sdk/workflows/key-backups.ts");
    const made = await backupNode(client, node);
    save(`${made.tag}.backup.json`, `${JSON.stringify(made, null, 2)}\n`, "application/json");
    return t(
      "{tag}: {n} {n|share|shares} saved; {m} {m|key|keys} without a keeper left out.",
      "{tag}：已保存 {n} 个分片；{m} 个密钥未指定保管人，未包含。",
      {
        ...{ tag: made.tag, n: made.shares.length, m: made.without.length },
      },
    );
  });
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Backups and drills", "备份与演练")}</h2>
        <div className="row">
          <Button onClick={() => setOpen("keeper")}>{t("Create a keeper key", "生成保管密钥")}</Button>
          <Button onClick={() => setOpen("restore")}>{t("Drill or restore…", "演练或恢复…")}</Button>
        </div>
      </div>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "Each node seals a copy of its shares to its keeper. Choose a different person for each node: whoever opens as many copies as the threshold holds the keys. Save new copies after every refresh.",
          "各节点将其分片副本加密给对应保管人。请由不同人员担任保管人：打开的副本达到门限数即可获得密钥。每次更新分片后请重新备份。",
        )}
      </p>
      {copy.error && <Failure error={copy.error} />}
      {copy.data && <Alert type="success" title={copy.data} />}
      <PlainTable
        keyOf={({ stream }) => stream}
        rows={[...group.nodes].sort((a, b) => a.tag.localeCompare(b.tag))}
        columns={[
          { title: t("Node", "节点"), cell: ({ tag }) => tag },
          {
            title: t("Sealed to", "加密给"),
            cell: ({ stream }) => {
              const keeper = keeperOf(stream);
              return keeper ? (
                <Recipient>{keeper}</Recipient>
              ) : (
                <span className="muted">{t("No keeper", "未指定保管人")}</span>
              );
            },
          },
          {
            title: t("Actions", "操作"),
            cell: ({ stream, tag, running }) => (
              <span className="row" style={{ columnGap: 16 }}>
                <Button type="link" onClick={() => setNaming(stream)}>
                  {t("Name a keeper…", "指定保管人…")}
                </Button>
                <Button
                  type="link"
                  disabled={!keeperOf(stream) || !running}
                  loading={copy.isPending && copy.variables === tag}
                  onClick={() => copy.mutate(tag)}
                >
                  {t("Save a copy", "保存副本")}
                </Button>
              </span>
            ),
          },
        ]}
      />
      {open === "keeper" && <Keeper close={() => setOpen(undefined)} />}
      {open === "restore" && <Restore close={() => setOpen(undefined)} />}
      {naming !== undefined && <NameKeeper of={group} node={naming} close={() => setNaming(undefined)} />}
    </section>
  );
};

/** Made on the keeper's own machine; only its public half goes anywhere. */
const Keeper = ({ close }: { close: () => void }) => {
  const t = useWords();
  const [form] = Form.useForm<{ passphrase: string }>();
  const make = useAct<string, { passphrase: string }>(async (_, { passphrase }) => {
    const [{ generateKey }, { keyToPem }, { toBase64 }] = await Promise.all([
      import("#crypto"),
      import("../../trust/keys.ts"),
      import("../../base/bytes.ts"),
    ]);
    const key = generateKey("X25519");
    save("keeper.pem", keyToPem(key, passphrase), "application/x-pem-file");
    return toBase64(key.publicKey.spki);
  });
  return (
    <Modal
      open
      title={t("Keeper key", "保管密钥")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Create and save", "生成并保存")}
      confirmLoading={make.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(given) => make.mutate(given)}>
        <NewPassphrase label={t("Passphrase of the file", "文件口令")} />
      </Form>
      {make.error && <Failure error={make.error} />}
      {make.data && (
        <Alert
          type="success"
          title={t(
            "Saved. An administrator names this keeper for one node by:",
            "已保存。管理员以下列公钥为某一节点指定该保管人：",
          )}
          description={<Typography.Text copyable>{make.data}</Typography.Text>}
        />
      )}
    </Modal>
  );
};

const NameKeeper = ({ of: group, node, close }: { of: Group; node: string; close: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const [form] = Form.useForm<{ recipient: string }>();
  const propose = useAct<unknown, { recipient: string }>(
    async ({ client }, { recipient }) => {
      const { proposeChange } = await import("../../sdk/workflows/key-governance.ts");
      const kept = group.backup.filter((one) => one.node.stream !== node);
      const all = kept.map((one) => ({ node: one.node.stream, recipient: one.recipient }));
      return proposeChange(client, group, { backup: [...all, { node, recipient: recipient.trim() }] });
    },
    () => {
      notice(t("Proposed.", "已提议。"));
      close();
    },
  );
  const tag = group.nodes.find(({ stream }) => stream === node)?.tag ?? "";
  return (
    <Modal
      open
      title={t("Keeper of {tag}", "{tag} 的保管人", { tag })}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Propose and sign", "提议并签名")}
      confirmLoading={propose.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(given) => propose.mutate(given)}>
        <Form.Item
          name="recipient"
          label={t("The keeper's public key (X25519, base64)", "保管人公钥（X25519，base64）")}
          extra={t("No two nodes have the same keeper.", "不同节点不得使用同一保管人。")}
          rules={[
            {
              required: true,
              pattern: /^\s*MCowBQYDK2VuAyEA[A-Za-z0-9+/]{43}=\s*$/,
              message: t("As the keeper's page shows it", "请填写保管人页面所示的公钥"),
            },
          ]}
        >
          <Input.TextArea className="mono" autoSize={{ minRows: 2 }} />
        </Form.Item>
      </Form>
      {propose.error && <Failure error={propose.error} />}
    </Modal>
  );
};

const COPY_MAX = 8 << 20;
const readBackup = async (file: File): Promise<NodeBackup | undefined> => {
  try {
    const read = JSON.parse(file.size > COPY_MAX ? "" : await file.text()) as Partial<NodeBackup>;
    return typeof read.node === "string" && Array.isArray(read.shares) ? (read as NodeBackup) : undefined;
  } catch {
    return undefined;
  }
};

/** The shares are opened on this page and sealed to the node; one that has its shares keeps them, so a drill harms nothing. */
const Restore = ({ close }: { close: () => void }) => {
  const t = useWords();
  const obstacle = useObstacle();
  const [form] = Form.useForm<{ passphrase?: string }>();
  const [backup, setBackup] = useState<NodeBackup>();
  const [pem, setPem] = useState<string>();
  const [wrong, setWrong] = useState(false);
  const restore = useAct<readonly string[], { passphrase?: string }>(async ({ client }, { passphrase }) => {
    const [{ restoreNode }, { keyFromPem }] = await Promise.all([
      import("../../sdk/workflows/key-backups.ts"),
      import("../../trust/keys.ts"),
    ]);
    const key = keyFromPem(pem ?? "", { accept: ["X25519"], ...(passphrase && { passphrase }) });
    const { node } = backup as NodeBackup;
    return restoreNode(client, backup as NodeBackup, key, await verifyTrustedNodes(client, [node]));
  });
  return (
    <Modal
      open
      title={t("Drill or restore", "备份演练与恢复")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Open and restore", "打开并恢复")}
      okButtonProps={{ disabled: !backup || !pem || obstacle !== undefined, ...(obstacle && { title: obstacle }) }}
      confirmLoading={restore.isPending}
    >
      <p className="muted">
        {t(
          "Opens a copy with the keeper's key on this machine and seals each share to its node, which takes it only if it is the share that the ledger says it has.",
          "在本机用保管密钥打开副本，并将各分片加密交还节点；节点仅接受与账本记录一致的分片。",
        )}
      </p>
      <Form form={form} layout="vertical" onFinish={(given) => restore.mutate(given)}>
        <Form.Item
          label={t("Copy (.backup.json)", "备份副本（.backup.json）")}
          {...(wrong && {
            validateStatus: "error" as const,
            help: t("This is not a node backup", "该文件不是节点备份"),
          })}
        >
          <Upload
            accept=".json"
            beforeUpload={async (file) => {
              const read = await readBackup(file);
              setBackup(read);
              setWrong(read === undefined);
              return Upload.LIST_IGNORE;
            }}
          >
            <Button>
              {backup
                ? t("{tag}, {n} {n|share|shares}", "{tag}，{n} 个分片", { tag: backup.tag, n: backup.shares.length })
                : t("Choose a file", "选择文件")}
            </Button>
          </Upload>
        </Form.Item>
        <Form.Item label={t("Keeper's key (.pem)", "保管密钥（.pem）")}>
          <Upload
            accept=".pem"
            beforeUpload={async (file) => {
              setPem(await file.text());
              return Upload.LIST_IGNORE;
            }}
          >
            <Button>{pem ? t("Chosen", "已选择") : t("Choose a file", "选择文件")}</Button>
          </Upload>
        </Form.Item>
        <Form.Item name="passphrase" label={t("Its passphrase", "口令")}>
          <Input.Password autoComplete="off" />
        </Form.Item>
      </Form>
      {restore.error && <Failure error={restore.error} />}
      {restore.data && (
        <Alert
          type="success"
          title={t("The node has its shares of {n} {n|key|keys}.", "节点已持有 {n} 个密钥的分片。", {
            n: restore.data.length,
          })}
        />
      )}
    </Modal>
  );
};
