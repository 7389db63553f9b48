/** Sign in, or sign an organisation up. What was asked for opens afterwards: its address stays. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Segmented } from "antd";
import { useRef, useState } from "react";
import { useAccountRules } from "../parts/account-rules.ts";
import { useOnce } from "../parts/once.ts";
import { useTitle } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { SESSION, type SignedIn, useAnonymousClient } from "../session.tsx";
import { wantedNext, wantNext } from "../shell/organisations.ts";
import { Brand, LanguageSwitch, ThemeSwitch } from "../shell/switches.tsx";

interface Given {
  readonly nickname: string;
  readonly login: string;
  readonly password: string;
}

type Mode = "in" | "up";

export const Door = () => {
  const t = useWords();
  const [mode, setMode] = useState<Mode>("in");
  const title = mode === "in" ? t("Sign in", "登录") : t("Register an organisation", "注册机构账号");
  useTitle(title);
  return (
    <div className="door">
      <main className="stack">
        <div className="spread">
          <Brand />
          <div className="row">
            <LanguageSwitch />
            <ThemeSwitch />
          </div>
        </div>
        <div className="card stack">
          <h1>{title}</h1>
          <Segmented
            aria-label={t("Account", "账号")}
            block
            value={mode}
            onChange={setMode}
            options={[
              { value: "in" as const, label: t("I have an account", "已有账号") },
              { value: "up" as const, label: t("New organisation", "新机构") },
            ]}
          />
          <Enter mode={mode} />
        </div>
        <p className="muted" style={{ textAlign: "center", margin: 0 }}>
          {t(
            "Organisations that do not trust one another share a ledger, compute on private data, and hold keys that none holds alone.",
            "互不信任的机构在此共享账本、联合计算隐私数据，并共同持有任何一方都无法单独掌握的密钥。",
          )}
        </p>
      </main>
    </div>
  );
};

/** Over a page whose session has ended. */
export const Again = ({ who }: { who: SignedIn["user"] }) => {
  const t = useWords();
  const box = useRef<HTMLDivElement>(null);
  return (
    <Modal
      open
      closable={false}
      keyboard={false}
      footer={null}
      zIndex={2_000}
      title={t("Sign in again", "请重新登录")}
      afterOpenChange={() => box.current?.querySelector<HTMLInputElement>("input[type=password]")?.focus()}
    >
      <div ref={box}>
        <p className="muted">
          {t("Your session has ended. What you have typed is kept.", "会话已结束，您填写的内容仍然保留。")}
        </p>
        <Enter mode="in" who={who} />
      </div>
    </Modal>
  );
};

const Enter = ({ mode, who }: { mode: Mode; who?: SignedIn["user"] }) => {
  const t = useWords();
  const judged = useAccountRules();
  const client = useAnonymousClient();
  const queries = useQueryClient();
  const [form] = Form.useForm<Given>();
  const once = useOnce(async ({ nickname, login, password }: Given) => {
    if (mode === "up") await client.accounts.create({ nickname, login, password });
    return client.sessions.create({ login, password });
  });
  const enter = useMutation({
    mutationFn: once,
    async onSuccess() {
      wantNext(undefined);
      // First: what was read for somebody else is forgotten then, and not read again.
      await queries.invalidateQueries({ queryKey: SESSION });
      await queries.invalidateQueries();
    },
  });
  const login = who ? (who.role === "operator" ? undefined : who.login) : wantedNext();
  const required = (en: string, zh: string) => [{ required: true, message: t(en, zh) }];
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(given) => enter.mutate(given)}
      disabled={enter.isPending}
      {...(login !== undefined && { initialValues: { login } })}
    >
      {mode === "up" && (
        <Form.Item
          name="nickname"
          label={t("Account nickname", "账号昵称")}
          extra={t(
            "Chinese, letters, digits, _ and -; at most 50. Others invite you by it.",
            "支持中英文、数字、_ 和 -，50 个字符以内，其他成员据此邀请您。",
          )}
          validateFirst
          rules={[...required("Say what your organisation is called", "请输入账号昵称"), judged.nickname]}
        >
          <Input autoComplete="organization" />
        </Form.Item>
      )}
      <Form.Item
        name="login"
        label={t("User name", "用户名")}
        validateFirst
        rules={[...required("Enter your user name", "请输入用户名"), ...(mode === "up" ? [judged.login] : [])]}
        {...(mode === "in" && {
          extra: t(
            "The platform's operator signs in with an access key: its ID, and its secret as password.",
            "平台运营方以访问密钥登录：编号为用户名，密钥为密码。",
          ),
        })}
      >
        <Input autoComplete="username" autoFocus={login === undefined} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t("Password", "密码")}
        validateFirst
        rules={[...required("Enter your password", "请输入密码"), ...(mode === "up" ? [judged.password] : [])]}
      >
        <Input.Password autoComplete={mode === "in" ? "current-password" : "new-password"} />
      </Form.Item>
      {enter.error && (
        <div style={{ marginBottom: 16 }}>
          <Failure error={enter.error} />
        </div>
      )}
      <Button type="primary" htmlType="submit" block loading={enter.isPending}>
        {mode === "in" ? t("Sign in", "登录") : t("Sign up and sign in", "注册并登录")}
      </Button>
    </Form>
  );
};
