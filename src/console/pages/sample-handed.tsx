/** What is handed over once: who the sample's organisations sign in as, and their keys. */
import { Alert, Button, Table, Tag, Typography } from "antd";
import { save } from "../parts/files.ts";
import { useWords } from "../preferences.tsx";
import { handedOver } from "../sample/load.ts";
import type { Handed, Loaded } from "../sample/protocol.ts";

const PEM = "application/x-pem-file";
/** Not encrypted: the password would lie beside it. */
const keysOf = ({ keys }: Handed): string => keys.map(({ certificate, key }) => certificate + key).join("");

export const HandedOver = ({ of: { organisations, resultKey, task, rows, hardware } }: { of: Loaded }) => {
  const t = useWords();
  const saveAll = () => {
    const parts = organisations.map((handed) => {
      const { nickname, appId, login, password } = handed;
      const lines = [`${nickname} (APPID ${appId})`, `${t("User name", "用户名")}: ${login}`];
      return [...lines, `${t("Password", "密码")}: ${password}`, keysOf(handed)].join("\n");
    });
    const first = t(
      "Entente: the sample consortium of {address}. For trying only.",
      "Entente：{address} 的示例联盟，仅供试用。",
      {
        address: location.origin,
      },
    );
    const last = `${t("Opens the result of {task}", "用于打开 {task} 的结果", { task })}:\n${resultKey}`;
    save("sample-consortium.txt", [first, ...parts, last].join("\n\n"), "text/plain");
    handedOver();
  };
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Sign in as any of them", "以任一机构登录")}</h2>
        {!hardware && (
          <Tag color="warning" style={{ color: "var(--warn)" }}>
            {t("Attestation simulated", "证明为模拟")}
          </Tag>
        )}
      </div>
      <Alert
        type="warning"
        title={t("Save them now: they are shown once.", "请立即保存：仅显示一次。")}
        description={t(
          "These are sample accounts. Their signing keys are kept in this browser; elsewhere open the key file under Chain identity. It is not encrypted, so its passphrase may be anything.",
          "这些是示例账号。签名密钥已保管在本浏览器中；在其他浏览器中，请在“链身份”页打开密钥文件。文件未加密，口令可任意填写。",
        )}
      />
      <Table<Handed>
        rowKey="login"
        dataSource={[...organisations]}
        pagination={false}
        columns={[
          { title: t("Organisation", "机构"), dataIndex: "nickname" },
          {
            title: t("User name", "用户名"),
            render: (_, { login }) => <Typography.Text copyable>{login}</Typography.Text>,
          },
          {
            title: t("Password", "密码"),
            render: (_, { password }) => (
              <Typography.Text copyable className="mono">
                {password}
              </Typography.Text>
            ),
          },
          {
            title: t("Key", "密钥"),
            render: (_, handed) => (
              <Button
                type="link"
                style={{ padding: 0 }}
                onClick={() => save(`${handed.login}.pem`, keysOf(handed), PEM)}
              >
                {t("Save the key file", "保存密钥文件")}
              </Button>
            ),
          },
        ]}
      />
      <div className="row">
        <Button type="primary" onClick={saveAll}>
          {t("Save all accounts and keys", "保存全部账号与密钥")}
        </Button>
        <Button onClick={() => save("sample-result.key.pem", resultKey, PEM)}>
          {t("Save the key of the result", "保存结果私钥")}
        </Button>
      </div>
      <h2 style={{ marginBottom: 0 }}>{t("Its result, as the institute reads it", "研究所读到的计算结果")}</h2>
      <dl className="facts">
        {rows.flatMap(({ measure, value }) => [
          <dt key={measure}>{measure}</dt>,
          <dd key={`${measure} value`} style={{ fontVariantNumeric: "tabular-nums" }}>
            {Number.isInteger(value) ? value : value.toFixed(4)}
          </dd>,
        ])}
      </dl>
    </section>
  );
};
