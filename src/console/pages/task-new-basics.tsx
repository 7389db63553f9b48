/** Step 1, 任务基础信息: name, alliance, receiver, type, description. */
import { Form, type FormInstance, Input, InputNumber, Select } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Schedule as Recurrence } from "../../rules/schedule.ts";
import { Description, PlainName } from "../../rules/shapes.ts";
import { useActing } from "../identity/identity.tsx";
import { EnclaveShield } from "../parts/enclave-shield.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { type NewTaskForm, UNITS } from "./task-new-form.ts";

/** Never an id while its name is being read. */
export const named = ({ label }: { label?: ReactNode }): ReactNode => label ?? "…";

export const Basics = ({ form }: { form: FormInstance<NewTaskForm> }) => {
  const t = useWords();
  const alliance = Form.useWatch("alliance", form);
  const type = Form.useWatch("type", form);
  const { me } = useActing();
  const { most, fits } = useRules();
  const alliances = useView("alliances", "list", { pageSize: 100 });
  const chosen = alliances.data?.items.find(({ stream }) => stream === alliance);
  return (
    <>
      <Form.Item
        name="name"
        label={t("Task name", "任务名称")}
        rules={[
          { required: true, message: t("Enter a name", "请输入任务名称") },
          {
            validator: (_, value: string = "") =>
              value === "" || PlainName.safeParse(value).success
                ? Promise.resolve()
                : Promise.reject(
                    new Error(
                      t(
                        "Chinese characters, letters and digits only, up to 50",
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
          placeholder={t("Chinese, letters, digits; up to 50", "名称仅支持中英文、数字组成，50个字符以内")}
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
          notFoundContent={
            <>
              {t("You are in no alliance yet.", "您尚未加入任何计算联盟。")}{" "}
              <Link to="/alliances">{t("Create or join one", "新建或加入联盟")}</Link>
            </>
          }
        />
      </Form.Item>
      <Form.Item
        name="receiver"
        label={t("Result receiver", "结果使用方")}
        dependencies={["alliance"]}
        rules={[
          { required: true, message: t("Choose a receiver", "请选择使用方") },
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
          placeholder={t("Choose a receiver", "请选择使用方")}
          options={chosen?.members.map(({ id, nickname, appId }) => ({ value: id, label: `${nickname} (${appId})` }))}
        />
      </Form.Item>
      <Form.Item name="type" label={t("Type", "任务类型")}>
        <Select
          options={[
            { value: "ordinary", label: t("Ordinary (runs once)", "普通任务") },
            { value: "scheduled", label: t("Scheduled (runs repeatedly)", "定时任务") },
          ]}
        />
      </Form.Item>
      {type === "scheduled" && <Schedule />}
      <Form.Item
        name="description"
        label={t("Description", "任务描述")}
        validateFirst
        rules={[most(100), fits(Description, t("No control characters", "不能包含控制字符"))]}
      >
        <Input.TextArea
          count={counted(100)}
          autoSize={{ minRows: 2 }}
          placeholder={t("Optional, up to 100 characters", "请输入（选填）100 字以内")}
        />
      </Form.Item>
    </>
  );
};

const Schedule = () => {
  const t = useWords();
  const { whole, wholeOf } = useRules();
  const unit = UNITS[(Form.useWatch("unit") as keyof typeof UNITS | undefined) ?? "day"];
  const { every, runs } = Recurrence.shape;
  const longest = Math.floor((every.maxValue ?? 0) / unit);
  return (
    <div className="inset" style={{ marginBottom: 24 }}>
      <div className="row" style={{ alignItems: "flex-start" }}>
        <Form.Item name="every" label={t("Every", "执行间隔")} dependencies={["unit"]} rules={[whole(1, longest)]}>
          <InputNumber controls={false} style={{ width: 96 }} />
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
        <Form.Item name="runs" label={t("Runs at most", "执行次数上限")} rules={[wholeOf(runs)]}>
          <InputNumber controls={false} style={{ width: 120 }} />
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
