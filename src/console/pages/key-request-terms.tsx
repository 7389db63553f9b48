/** What every request to sign says beside its message. */
import { Form, Input, Select } from "antd";
import { Description } from "../../rules/shapes.ts";
import { counted, useRules } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";

/** Fields `note` and `hours` of a form. */
export const RequestTerms = () => {
  const t = useWords();
  const { most, fits } = useRules();
  return (
    <>
      <Form.Item
        name="note"
        label={t("Note", "备注")}
        extra={t("Visible to approvers.", "审批方可见。")}
        validateFirst
        rules={[most(100), fits(Description, t("No control characters", "不能包含控制字符"))]}
      >
        <Input count={counted(100)} />
      </Form.Item>
      <Form.Item name="hours" label={t("Expires after", "有效期")}>
        <Select
          options={[
            { value: 1, label: t("1 hour", "1 小时") },
            { value: 24, label: t("1 day", "1 天") },
            { value: 167, label: t("7 days", "7 天") },
          ]}
        />
      </Form.Item>
    </>
  );
};
