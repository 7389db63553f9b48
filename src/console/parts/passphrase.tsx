/** Passphrases of files: of one that is opened, and of one that is made, which is asked for twice. */
import { Form, Input } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../preferences.tsx";

export const Passphrase = ({ label }: { label?: string }) => {
  const t = useWords();
  return (
    <Form.Item
      name="passphrase"
      label={label ?? t("Passphrase", "口令")}
      rules={[{ required: true, message: t("Enter the passphrase", "请输入口令") }]}
    >
      <Input.Password autoComplete="off" />
    </Form.Item>
  );
};

export const NewPassphrase = ({ label, extra }: { label: string; extra?: ReactNode }) => {
  const t = useWords();
  return (
    <>
      <Form.Item
        name="passphrase"
        label={label}
        extra={extra}
        rules={[{ required: true, min: 10, message: t("At least 10 characters", "至少 10 个字符") }]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("Once more", "再次输入")}
        required
        dependencies={["passphrase"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              value === getFieldValue("passphrase")
                ? Promise.resolve()
                : Promise.reject(new Error(t("The two differ", "两次输入不一致"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </>
  );
};
