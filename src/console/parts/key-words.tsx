/** Name, tags and description of a key: fields `alias`, `tags` and `description` of a form. */
import { Form, Input, Select } from "antd";
import { KeyDetail } from "../../rules/key.ts";
import { useWords } from "../preferences.tsx";
import { counted, useRules } from "./rules.tsx";

const { alias: ALIAS, tags: TAGS, description: DESCRIPTION } = KeyDetail.shape;

/** `name=value`, as tags are written. */
export const tagsOf = (written: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(
    written.map((tag) => {
      const at = tag.indexOf("=");
      return at < 0 ? [tag, ""] : [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );

export const KeyWords = () => {
  const t = useWords();
  const { most, fits } = useRules();
  return (
    <>
      <Form.Item
        name="alias"
        label={t("Name", "密钥名称")}
        validateFirst
        rules={[most(250), fits(ALIAS, t("Letters, digits, / _ -", "仅支持字母、数字和 / _ -"))]}
      >
        <Input placeholder="treasury/payments" />
      </Form.Item>
      <Form.Item
        name="tags"
        label={t("Tags", "标签")}
        extra={t("name=value, Enter after each; policies can go by them", "格式为 名称=值，回车添加；策略可引用标签")}
        rules={[
          {
            async validator(_: unknown, written?: readonly string[]) {
              if (!TAGS.safeParse(tagsOf(written)).success)
                throw new Error(
                  t(
                    "At most 50 tags; names to 128 characters, values to 256, of letters, digits, spaces and _ . : / = + - @",
                    "最多 50 个标签；名称不超过 128 个字符，值不超过 256 个字符，仅支持文字、数字、空格和 _ . : / = + - @",
                  ),
                );
            },
          },
        ]}
      >
        <Select mode="tags" open={false} suffixIcon={null} placeholder="env=production" />
      </Form.Item>
      <Form.Item
        name="description"
        label={t("Description", "描述")}
        validateFirst
        rules={[most(100), fits(DESCRIPTION, t("No control characters", "不能包含控制字符"))]}
      >
        <Input.TextArea count={counted(100)} autoSize={{ minRows: 2 }} />
      </Form.Item>
    </>
  );
};
