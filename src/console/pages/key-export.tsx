/** 导出密钥: asked for with a key made here that opens what comes; the shares are put together here, and nowhere else. */
import { Alert, Button, Form, Modal, Upload } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { expectedKeyNodes } from "../identity/trusted-key-nodes.ts";
import { SignButton, useAct, useObstacle } from "../parts/act.tsx";
import { save } from "../parts/files.ts";
import type { ShownRequest as Request, ShownKey as Shown } from "../parts/key-shapes.ts";
import { NewPassphrase, Passphrase } from "../parts/passphrase.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { RequestTerms } from "./key-request-terms.tsx";

const HOUR = 3_600_000;
const PEM = "application/x-pem-file";
const PEM_MAX = 65_536;
const fileOf = ({ alias, id }: { alias: string | null; id: string }): string => (alias ?? id).replaceAll("/", "-");

interface Given {
  readonly passphrase: string;
  readonly note?: string;
  readonly hours: number;
}

/** Asks for the key itself. */
export const AskExport = ({ of, close }: { of: Shown; close: () => void }) => {
  const t = useWords();
  const go = useNavigate();
  const obstacle = useObstacle();
  const [form] = Form.useForm<Given>();
  const ask = useAct<{ id: string }, Given>(
    async ({ client }, { passphrase, note, hours }) => {
      const [{ generateKey }, { keyToPem }, { requestExport }] = await Promise.all([
        import("#crypto"),
        import("../../trust/keys.ts"),
        import("../../sdk/workflows/export-key.ts"),
      ]);
      const opener = generateKey("X25519");
      // Without it what comes could never be opened: it is on the person's disk before anything is asked for.
      save(`${fileOf(of)}.opener.pem`, keyToPem(opener, passphrase), PEM);
      return requestExport(client, { key: of.stream, recipient: opener.publicKey, note, expiresIn: hours * HOUR });
    },
    ({ id }) => void go(`/key-requests/${id}`),
  );
  return (
    <Modal
      open
      title={t("Export {name}", "导出 {name}", { name: of.alias ?? of.id })}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Save the opener, request and sign", "保存开启密钥、请求并签名")}
      okButtonProps={{ danger: true, disabled: obstacle !== undefined, ...(obstacle && { title: obstacle }) }}
      confirmLoading={ask.isPending}
      width={600}
    >
      <Alert
        type="warning"
        style={{ marginBottom: 16 }}
        title={t("The key itself is exported to you.", "密钥本身将导出给您。")}
        description={t(
          "Whoever holds it can sign without approval from then on. The policies must permit exportKey, and approvers see your request.",
          "此后持有者无需任何审批即可签名。策略须允许 exportKey，审批方可看到您的请求。",
        )}
      />
      <Form form={form} layout="vertical" initialValues={{ hours: 24 }} onFinish={(given) => ask.mutate(given)}>
        <NewPassphrase
          label={t("Passphrase of the opener", "开启密钥的口令")}
          extra={t(
            "A key that opens the shares is made here and saved to your disk. Without its file and passphrase what the nodes hand out is lost.",
            "开启分片的密钥在本浏览器生成并保存到您的磁盘。缺少该文件或口令，将无法打开导出的分片。",
          )}
        />
        <RequestTerms />
      </Form>
      {ask.error && <Failure error={ask.error} />}
    </Modal>
  );
};

/** What the nodes handed out, sealed to the opener: put together in this page, saved under a passphrase. */
export const OpenExport = ({ of: { id, key } }: { of: Request }) => {
  const t = useWords();
  const [opener, setOpener] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const open = useAct<string, { passphrase: string }>(async ({ client }, { passphrase }) => {
    const [{ openExport }, { keyFromPem }] = await Promise.all([
      import("../../sdk/workflows/export-key.ts"),
      import("../../trust/keys.ts"),
    ]);
    const recipient = keyFromPem(opener ?? "", { accept: ["X25519"], passphrase });
    const whole = await openExport(client, id, recipient, expectedKeyNodes());
    const name = `${fileOf(key)}.private.pem`;
    save(name, whole.toPem(passphrase), PEM);
    return name;
  });
  const choose = async (file: File) => {
    const text = file.size > PEM_MAX ? "" : await file.text();
    const fits = /-----BEGIN ENCRYPTED PRIVATE KEY-----[\s\S]+-----END ENCRYPTED PRIVATE KEY-----/.test(text);
    setWrong(fits ? undefined : t("{name} is not an opener", "该文件不是开启密钥：{name}", { name: file.name }));
    setOpener(fits ? text : undefined);
    return Upload.LIST_IGNORE;
  };
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Put the key together", "合成密钥")}</h2>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "The shares are opened and combined in this page, held to the public key on the ledger, and saved as an encrypted PEM under the same passphrase. The server sees none of it.",
          "分片在本页面打开并合成，与账本上的公钥核对后，以相同口令保存为加密 PEM 文件。服务器无法看到其内容。",
        )}
      </p>
      <Form layout="vertical" className="narrow" onFinish={(given: { passphrase: string }) => open.mutate(given)}>
        <Form.Item
          label={t("Opener (.opener.pem)", "开启密钥（.opener.pem）")}
          required
          {...(wrong && { validateStatus: "error" as const, help: wrong })}
        >
          <Upload accept=".pem" maxCount={1} beforeUpload={choose}>
            <Button>{opener ? t("Chosen; choose another", "已选择，重新选择") : t("Choose a file", "选择文件")}</Button>
          </Upload>
        </Form.Item>
        <Passphrase label={t("Its passphrase", "口令")} />
        <SignButton htmlType="submit" disabled={!opener} loading={open.isPending}>
          {t("Open, combine and save", "打开、合成并保存")}
        </SignButton>
      </Form>
      {open.error && <Failure error={open.error} />}
      {open.data && (
        <Alert
          type="success"
          title={t("{name} holds the whole key.", "{name} 中是完整私钥。", { name: open.data })}
          description={t(
            "Guard it: from now on the policies do not. Destroy the opener.",
            "请妥善保管：策略已无法约束该私钥。请销毁开启密钥文件。",
          )}
        />
      )}
    </section>
  );
};
