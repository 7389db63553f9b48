/** 新建计算任务: two steps as in the seed; what is typed stays until the task is on the ledger. */
import { Button, Form, Steps } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { expectedEnclaves } from "../identity/trusted-enclaves.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { Basics } from "./task-new-basics.tsx";
import { type NewTaskForm, type SourceGiven, UNITS } from "./task-new-form.ts";
import { Parts } from "./task-new-parts.tsx";
import "./task.css";

const FIRST = ["name", "alliance", "receiver", "type", "every", "unit", "runs", "first", "description"] as const;
const SECOND = ["provider", "model", "sources", "parameters", "rows", "seconds", "memory", "start"] as const;
const KEPT = [...FIRST, ...SECOND] as const;

const sourceOf = ({ id, table, columns, grant }: SourceGiven) => ({
  ...{ id, table },
  ...(columns && columns.length > 0 && { columns }),
  ...(grant && { grant }),
});

const taskOf = (given: NewTaskForm) => {
  const { name, description, alliance, receiver, model, sources, parameters = {}, rows, seconds, memory } = given;
  const { type, every = 1, unit = "day", runs = 1, first } = given;
  const scheduled = type === "scheduled";
  const filled = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined || value === null || value === "" ? [] : [[key, value] as const],
  );
  return {
    ...{ name, description: description?.trim() ?? "", alliance, receiver, model },
    sources: sources.map(sourceOf),
    parameters: Object.fromEntries(filled),
    limits: { rows, seconds, memory },
    start: scheduled ? ("automatic" as const) : given.start,
    ...(scheduled && {
      schedule: { every: every * UNITS[unit], runs, ...(first && { first: new Date(first).toISOString() }) },
    }),
  };
};

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const notice = useNotice();
  const [form] = Form.useForm<NewTaskForm>();
  const [step, setStep] = useState(0);
  const acknowledged = useDraft("task", form, KEPT);
  const create = useAct(
    async ({ client }, given: NewTaskForm) => {
      const { createTask } = await import("../../sdk/workflows/create-task.ts");
      return createTask(client, taskOf(given), expectedEnclaves());
    },
    ({ resource }) => {
      acknowledged();
      notice(t("The task is on the ledger. The receiver is asked next.", "任务已登记到账本，下一步由结果使用方授权。"));
      void go(`/tasks/${resource.id}`);
    },
  );
  const next = async () => {
    try {
      await form.validateFields([...FIRST]);
      setStep(1);
    } catch {
      // The fields say what is missing.
    }
  };
  return (
    <Frame title={t("New task", "新建计算任务")} within={[[t("Tasks", "计算任务管理"), "/tasks"]]}>
      <Steps
        current={step}
        size="small"
        responsive={false}
        style={{ maxWidth: 560 }}
        onChange={(to) => (to === 0 ? setStep(0) : void next())}
        items={[{ title: t("Basics", "任务基础信息") }, { title: t("Configuration", "计算任务配置") }]}
      />
      <section className="card">
        <Form
          form={form}
          layout="vertical"
          scrollToFirstError
          initialValues={{
            ...{ type: "ordinary", unit: "day", every: 1, runs: 10, start: "automatic" },
            ...{ rows: 10_000, seconds: 600, memory: 1_024, sources: [{}] },
          }}
          onFinish={() => create.mutate(form.getFieldsValue(true))}
          onFinishFailed={({ errorFields }) =>
            errorFields.some(({ name: [field] }) => (FIRST as readonly unknown[]).includes(field)) && setStep(0)
          }
        >
          {/* Both stay, so that nothing typed goes when one steps back. */}
          <div hidden={step !== 0} className="narrow">
            <Basics form={form} />
          </div>
          <div hidden={step !== 1}>
            <Parts form={form} />
          </div>
          {create.error && <Failure error={create.error} />}
          <div className="row">
            {step === 0 ? (
              <>
                <Button type="primary" onClick={() => void next()}>
                  {t("Next", "下一步")}
                </Button>
                <Button onClick={() => void go("/tasks")}>{t("Cancel", "取消")}</Button>
              </>
            ) : (
              <>
                <SignButton htmlType="submit" loading={create.isPending}>
                  {t("Create and sign", "确定并签名")}
                </SignButton>
                <Button onClick={() => setStep(0)}>{t("Back", "上一步")}</Button>
              </>
            )}
          </div>
        </Form>
      </section>
    </Frame>
  );
};
