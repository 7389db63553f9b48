/** Step 1, 任务基础信息: name, alliance, receiver, type, description. */
import { Form, type FormInstance, Input, InputNumber, Select } from "antd";
import type { ReactNode } from "react";
import { PlainName } from "../../rules/shapes.ts";
import { useActing } from "../identity/identity.tsx";
import { EnclaveShield } from "../parts/enclave-shield.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import type { NewTaskForm } from "./task-new-form.ts";

/** Characters, not UTF-16 units, as the ledger counts. */
export const counted = (max: number) => ({ max, strategy: (text: string) => [...text].length, show: true });

/** Never an id while its name is being read. */
export const named = ({ label }: { label?: ReactNode }): ReactNode => label ?? "…";

export const Basics = ({ form }: { form: FormInstance<NewTaskForm> }) => {
  const t = useWords();
  const alliance = Form.useWatch("alliance", form);
  const type = Form.useWatch("type", form);
  const { me } = useActing();
  const alliances = useView("alliances", "list", { pageSize: 100 });
  const chosen = alliances.data?.items.find(({ stream }) => stream === alliance);
  return (
    <>
      <Form.Item
        name="name"
        label={t("Task name", "任务名称")}
        rules={[
          { required: true, message: t("Give it a name", "请输入任务名称") },
          {
            validator: (_, value: string = "") =>
              value === "" || PlainName.safeParse(value).success
                ? Promise.resolve()
                : Promise.reject(
                    new Error(
                      t(
                        "Chinese characters, letters and digits only, within 50",
                        "名称仅支持中英文、数字组成，50 个字符以内",
                      ),
                    ),
                  ),
          },
        ]}
      >
        <Input
          autoFocus
          count={counted(50)}
          placeholder={t(
            "Letters, digits and Chinese, within 50 characters",
            "名称仅支持中英文、数字组成，50个字符以内",
          )}
        />
      </Form.Item>
      <Form.Item
        name="alliance"
        label={t("Alliance", "计算联盟")}
        rules={[{ required: true, message: t("Choose an alliance", "请选择所属计算联盟") }]}
        extra={chosen && <EnclaveShield id={chosen.enclave} />}
      >
        <Select
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t("Choose an alliance", "请选择所属计算联盟")}
          loading={alliances.isPending}
          labelRender={named}
          // Whoever was in the former alliance may not be in this one.
          onChange={() =>
            form.setFieldsValue({ receiver: me, provider: undefined, model: undefined, sources: [{}] } as never)
          }
          options={alliances.data?.items
            .filter(({ joinedAt }) => joinedAt !== null)
            .map(({ stream, name }) => ({ value: stream, label: name }))}
          notFoundContent={t("You are in no alliance yet.", "您尚未加入任何计算联盟。")}
        />
      </Form.Item>
      <Form.Item
        name="receiver"
        label={t("Result receiver", "结果使用方")}
        dependencies={["alliance"]}
        rules={[
          { required: true, message: t("Choose who receives", "请选择使用方") },
          {
            validator: (_, value) =>
              !chosen || !value || chosen.members.some(({ id }) => id === value)
                ? Promise.resolve()
                : Promise.reject(new Error(t("Not a member of this alliance", "不是该联盟的成员"))),
          },
        ]}
      >
        <Select
          showSearch={{ optionFilterProp: "label" }}
          disabled={!chosen}
          labelRender={named}
          placeholder={t("Choose who receives", "请选择使用方")}
          options={chosen?.members.map(({ id, nickname, appId }) => ({ value: id, label: `${nickname} (${appId})` }))}
        />
      </Form.Item>
      <Form.Item name="type" label={t("Type", "任务类型")}>
        <Select
          options={[
            { value: "ordinary", label: t("Ordinary: runs once", "普通任务") },
            { value: "scheduled", label: t("Scheduled: runs again and again", "定时任务") },
          ]}
        />
      </Form.Item>
      {type === "scheduled" && <Schedule />}
      <Form.Item name="description" label={t("Description", "任务描述")}>
        <Input.TextArea
          count={{ ...counted(100), exceedFormatter: (text, { max }) => [...text].slice(0, max).join("") }}
          autoSize={{ minRows: 2 }}
          placeholder={t("Optional, within 100 characters", "请输入（选填）100 字以内")}
        />
      </Form.Item>
    </>
  );
};

const Schedule = () => {
  const t = useWords();
  const needed = (min: number, max: number) => [
    {
      required: true,
      type: "integer" as const,
      min,
      max,
      message: t("{min} to {max}", "请输入 {min} 至 {max}", { min, max }),
    },
  ];
  return (
    <div className="inset" style={{ marginBottom: 24 }}>
      <div className="row" style={{ alignItems: "flex-start" }}>
        <Form.Item name="every" label={t("Every", "执行间隔")} rules={needed(1, 44_640)}>
          <InputNumber min={1} style={{ width: 96 }} />
        </Form.Item>
        <Form.Item name="unit" label={t("Unit", "单位")}>
          <Select
            style={{ width: 120 }}
            options={[
              { value: "minute", label: t("minutes", "分钟") },
              { value: "hour", label: t("hours", "小时") },
              { value: "day", label: t("days", "天") },
              { value: "week", label: t("weeks", "周") },
            ]}
          />
        </Form.Item>
        <Form.Item name="runs" label={t("Runs at most", "执行次数上限")} rules={needed(1, 1_000)}>
          <InputNumber min={1} style={{ width: 120 }} />
        </Form.Item>
      </div>
      <Form.Item
        name="first"
        label={t("First run (your local time)", "首次执行时间（本地时间）")}
        extra={t(
          "Empty: as soon as everybody has authorised. One authorisation is for all runs.",
          "留空表示授权完成后立即执行。一次授权适用于每次执行。",
        )}
        style={{ marginBottom: 0 }}
      >
        <Input type="datetime-local" style={{ width: 240 }} />
      </Form.Item>
    </div>
  );
};
