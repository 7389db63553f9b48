/** Which of a key's children signs: field `path` of a form. */
import { Form, Input } from "antd";
import { useWords } from "../preferences.tsx";
import { pathOf } from "./key-path.ts";

export const KeyPath = () => {
  const t = useWords();
  return (
    <Form.Item
      name="path"
      label={t("Child key (path)", "子密钥（派生路径）")}
      extra={t("As m/0/5; empty for the key itself.", "例如 m/0/5；留空则使用密钥本身。")}
      rules={[
        {
          validator: (_, value?: string) =>
            pathOf(value) === undefined
              ? Promise.reject(
                  new Error(t("Numbers up to 2147483647 after m/", "格式为 m/数字/…，每个数字不超过 2147483647")),
                )
              : Promise.resolve(),
        },
      ]}
    >
      <Input className="mono" placeholder="m/0/5" spellCheck={false} autoComplete="off" />
    </Form.Item>
  );
};
