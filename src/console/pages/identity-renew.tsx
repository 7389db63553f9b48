/** What the backup is for: another signing key, an older one revoked, the authority's certificate renewed. */
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Modal, Radio } from "antd";
import { useState } from "react";
import { fromBase64 } from "../../base/bytes.ts";
import { identityOf, issueLeaf, publishRevocations, renewAuthority } from "../../sdk/workflows/identity.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import { backupOf } from "../identity/backup.ts";
import { useActing } from "../identity/identity.tsx";
import { FileField } from "../parts/file-field.tsx";
import { save } from "../parts/files.ts";
import { useOnce } from "../parts/once.ts";
import { Passphrase } from "../parts/passphrase.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { ownKeyring } from "./identity-own.ts";

interface Given {
  readonly backup: File;
  readonly passphrase: string;
  readonly what: "leaf" | "authority";
  readonly revoke?: boolean;
}

export const Renew = () => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("Renew or revoke", "更新或吊销")}</Button>
      {open && <Dialog close={() => setOpen(false)} />}
    </>
  );
};

const useRenew = (done: () => void) => {
  const { account, client, clientOf } = useSession();
  const { me = "", keepKey, certificate } = useActing();
  const once = useOnce(async ({ backup, passphrase, what, revoke = false }: Given): Promise<void> => {
    const now = Date.now();
    const { authority, leaf } = await ownKeyring(client, me, await backup.text(), passphrase);
    const nickname = account?.nickname ?? "";
    const signing =
      what === "leaf" ? issueLeaf(authority, { commonName: nickname, organization: nickname }, { now }) : leaf;
    const signer = clientOf(identityOf(signing, me));
    // A key that signed and is nowhere else would be lost with this browser: the file comes first.
    const file = async (keyring: Parameters<typeof backupOf>[0]) =>
      save(`${nickname}.entente-identity.pem`, await backupOf(keyring, passphrase), "application/x-pem-file");
    if (what === "authority") {
      const renewed = { key: authority.key, certificate: await renewAuthority(signer, me, authority, now) };
      await file({ authority: renewed, leaf });
      await keepKey({ authority: renewed, leaf }, me);
      return;
    }
    await file({ authority, leaf: signing });
    await keepKey({ authority, leaf: signing }, me);
    if (!revoke) return;
    const before = [leaf.certificate, ...(certificate ? [parseCertificate(fromBase64(certificate))] : [])];
    const serials = [...new Set(before.map(({ serial }) => serial))];
    const revoked = serials.map((serial) => ({ serial, reason: "superseded" as const }));
    await publishRevocations(signer, me, authority, revoked, now);
  });
  return useMutation({ mutationFn: once, onSuccess: done });
};

const Dialog = ({ close }: { close: () => void }) => {
  const t = useWords();
  const [form] = Form.useForm<Given>();
  const what = Form.useWatch("what", form) ?? "leaf";
  const [finished, setFinished] = useState(false);
  const renew = useRenew(() => setFinished(true));
  return (
    <Modal
      open
      title={t("Renew or revoke with the backup", "使用备份更新或吊销")}
      onCancel={close}
      footer={
        finished ? (
          <Button type="primary" onClick={close}>
            {t("Close", "关闭")}
          </Button>
        ) : (
          <Button type="primary" loading={renew.isPending} onClick={() => form.submit()}>
            {what === "leaf"
              ? t("Make the new key and save the backup", "生成新密钥并保存备份")
              : t("Renew, sign and save the backup", "更新、签名并保存备份")}
          </Button>
        )
      }
    >
      {finished ? (
        <Alert
          type="success"
          role="status"
          title={t(
            "Done. Keep the new backup file; it replaces the one before.",
            "已完成。请保管新的备份文件，它将取代之前的备份。",
          )}
        />
      ) : (
        <Form
          form={form}
          layout="vertical"
          initialValues={{ what: "leaf", revoke: false }}
          disabled={renew.isPending}
          onFinish={(given) => renew.mutate(given)}
        >
          <Form.Item name="what" label={t("Action", "操作")}>
            <Radio.Group
              options={[
                { value: "leaf", label: t("A new signing key", "更换签名密钥") },
                { value: "authority", label: t("Ten more years for the authority", "颁发机构证书延期十年") },
              ]}
            />
          </Form.Item>
          {what === "leaf" && (
            <Form.Item name="revoke" valuePropName="checked">
              <Checkbox>
                {t("Revoke the key before: it was lost, or others may have it", "吊销原签名密钥：已遗失或可能泄露")}
              </Checkbox>
            </Form.Item>
          )}
          <Form.Item
            name="backup"
            label={t("Backup file (.pem)", "备份文件（.pem）")}
            rules={[{ required: true, message: t("Choose the backup file", "请选择备份文件") }]}
          >
            <FileField accept=".pem" hint={t("Read on this machine only", "仅在本机读取")} />
          </Form.Item>
          <Passphrase />
          {renew.error && <Failure error={renew.error} />}
        </Form>
      )}
    </Modal>
  );
};
