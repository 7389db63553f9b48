/** 链身份: the organisation's own certificate authority, made in this browser, or a key that the platform keeps. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Popconfirm, Upload } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { createAuthority, foundOrganisation, identityOf, issueLeaf } from "../../sdk/workflows/identity.ts";
import { backupOf } from "../identity/backup.ts";
import { useActing } from "../identity/identity.tsx";
import { forget } from "../identity/keeper.ts";
import { fingerprintOf, signerInMemory } from "../identity/keyring.ts";
import { useAct } from "../parts/act.tsx";
import { save } from "../parts/files.ts";
import { Page as Frame } from "../parts/page.tsx";
import { NewPassphrase, Passphrase } from "../parts/passphrase.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { SESSION, useSession } from "../session.tsx";
import { Managed } from "./identity-managed.tsx";
import { ownKeyring } from "./identity-own.ts";
import { Renew } from "./identity-renew.tsx";
import { TrustedEnclaves } from "./identity-trusted.tsx";

export const Page = () => {
  const t = useWords();
  const { state } = useActing();
  return (
    <Frame title={t("Chain identity", "链身份")}>
      {state === "unfounded" && <Found />}
      {state === "absent" && <Open />}
      {(state === "kept" || state === "opened") && <Mine />}
      {state === "managed" && <Managed />}
      <TrustedEnclaves />
    </Frame>
  );
};

const Found = () => {
  const t = useWords();
  const { account, clientOf, client } = useSession();
  const queries = useQueryClient();
  const verified = account?.verification.state === "approved";
  const nickname = account?.nickname ?? "";
  const appId = account?.appId ?? "";
  const found = useAct<unknown, { passphrase: string }>(
    async ({ keepKey, noteFounded }, { passphrase }) => {
      const now = Date.now();
      const authority = createAuthority(nickname, { now });
      const leaf = issueLeaf(authority, { commonName: nickname, organization: nickname }, { now });
      // The backup first: what is on the ledger and lost here could never sign again.
      save(
        `${nickname}.entente-identity.pem`,
        await backupOf({ authority, leaf }, passphrase),
        "application/x-pem-file",
      );
      const kept = await keepKey({ authority, leaf });
      const { resource } = await foundOrganisation(clientOf(identityOf(authority)), authority.certificate, {
        nickname,
        appId,
      });
      await noteFounded(kept, resource.id);
    },
    () => void queries.invalidateQueries({ queryKey: SESSION }),
  );
  const manage = useAct(
    () => client.organisations.manage({}),
    () => void queries.invalidateQueries({ queryKey: SESSION }),
  );
  const submitted = account?.verification.state === "submitted";
  if (!verified)
    return (
      <Alert
        type="info"
        title={t("Your organisation has to be verified first.", "请先完成机构实名认证。")}
        description={
          submitted
            ? t("The platform operator is reviewing what you submitted.", "平台运营方正在审核您提交的资料。")
            : t("Submit your details on the account page.", "请在账号信息页提交认证资料。")
        }
        action={<Link to="/account">{submitted ? t("View", "查看") : t("Submit details", "去认证")}</Link>}
      />
    );
  const failure = found.error ?? manage.error;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Create your organisation's key in this browser", "在浏览器中创建机构密钥")}</h2>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "The key is generated here and never leaves this device. The browser keeps it so that no script can read it; the backup file you save now is the only other copy.",
          "密钥在本机生成，绝不上传。浏览器以不可导出的方式保管；现在保存的备份文件是唯一的副本。",
        )}
      </p>
      <Form
        className="narrow"
        layout="vertical"
        onFinish={(given: { passphrase: string }) => found.mutate(given)}
        disabled={found.isPending}
      >
        <NewPassphrase label={t("Passphrase of the backup", "备份口令")} />
        {failure && (
          <div style={{ marginBottom: 16 }}>
            <Failure error={failure} />
          </div>
        )}
        <div className="row">
          <Button type="primary" htmlType="submit" loading={found.isPending}>
            {t("Create, save the backup, and sign", "创建、保存备份并签名")}
          </Button>
          <Popconfirm
            title={t(
              "The platform then keeps your key, and its operator can sign in your name.",
              "平台将保管您的密钥，平台运营方能够以您的名义签名。",
            )}
            okText={t("Let the platform keep it", "由平台托管")}
            onConfirm={() => manage.mutate()}
          >
            <Button type="text" loading={manage.isPending}>
              {t("Let the platform keep it instead", "改为平台托管")}
            </Button>
          </Popconfirm>
        </div>
      </Form>
    </section>
  );
};

const Open = () => {
  const t = useWords();
  const { client } = useSession();
  const { me, keepKey, openKey } = useActing();
  const [pem, setPem] = useState<string>();
  const open = useMutation<unknown, Error, { passphrase: string; keep?: boolean }>({
    async mutationFn({ passphrase, keep }) {
      const keyring = await ownKeyring(client, me ?? "", pem ?? "", passphrase);
      if (keep) await keepKey(keyring, me);
      else openKey(signerInMemory(keyring, me ?? ""));
    },
  });
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Open your key", "打开密钥")}</h2>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "Choose the backup file of your organisation. It is read on this machine only.",
          "请选择机构的密钥备份文件，仅在本机读取。",
        )}
      </p>
      <Form
        className="narrow"
        layout="vertical"
        initialValues={{ keep: true }}
        onFinish={(given: { passphrase: string; keep?: boolean }) => open.mutate(given)}
      >
        <Form.Item label={t("Backup file (.pem)", "备份文件（.pem）")} required>
          <Upload
            accept=".pem"
            maxCount={1}
            beforeUpload={async (file) => {
              setPem(await file.text());
              return Upload.LIST_IGNORE;
            }}
          >
            <Button>
              {pem === undefined ? t("Choose a file", "选择文件") : t("Chosen; choose another", "已选择，重新选择")}
            </Button>
          </Upload>
        </Form.Item>
        <Passphrase />
        <Form.Item name="keep" valuePropName="checked">
          <Checkbox>{t("Keep the signing key in this browser", "在此浏览器中保管签名密钥")}</Checkbox>
        </Form.Item>
        {open.error && (
          <div style={{ marginBottom: 16 }}>
            <Failure error={open.error} />
          </div>
        )}
        <Button type="primary" htmlType="submit" disabled={pem === undefined} loading={open.isPending}>
          {t("Open", "打开")}
        </Button>
      </Form>
    </section>
  );
};

const Mine = () => {
  const t = useWords();
  const { account } = useSession();
  const { me, certificate, state } = useActing();
  const queries = useQueryClient();
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{account?.nickname}</h2>
      <dl className="facts">
        <dt>{t("Identity on the ledger", "账本上的身份")}</dt>
        <dd>{me && <Id>{me}</Id>}</dd>
        {certificate !== undefined && (
          <>
            <dt>{t("Signing key (SHA-256)", "签名密钥（SHA-256）")}</dt>
            <dd>
              <Id>{fingerprintOf(certificate)}</Id>
            </dd>
          </>
        )}
        <dt>{t("Stored", "保管方式")}</dt>
        <dd>
          {state === "kept"
            ? t("In this browser; no script can read it out", "保管在此浏览器中，不可导出")
            : t("In memory, for this page", "仅在内存中，关闭页面后失效")}
        </dd>
      </dl>
      {state === "kept" && (
        <div className="row">
          <Renew />
          <Popconfirm
            title={t("To sign again you will need the backup file.", "之后需使用备份文件才能再次签名。")}
            okText={t("Remove", "移除")}
            onConfirm={async () => {
              await forget(account?.id ?? "");
              await queries.invalidateQueries({ queryKey: ["identity"] });
            }}
          >
            <Button danger>{t("Remove the key from this browser", "从此浏览器移除密钥")}</Button>
          </Popconfirm>
        </div>
      )}
    </section>
  );
};
