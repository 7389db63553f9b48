/** 结果策略: what the owner asks of every result that the source takes part in; the enclave enforces it. */
import { Button, Form, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import type { Policy } from "../../rules/policy.ts";
import type { NamedPolicy } from "../../sdk/workflows/policy.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import type { ShownSource } from "./source-shown.ts";

type Of = Pick<ShownSource, "id" | "name" | "columns" | "policy">;

const useValueRules = () => {
  const t = useWords();
  return {
    numbers: t("Numbers only: no text, no dates", "仅数值，不含文本和日期"),
    noised: t("Numbers with noise", "带噪声的数值"),
    bounded: t("One row of bounded numbers with noise", "一行有界的带噪声数值"),
  };
};

export const SourcePolicy = ({ source, may }: { source: Of; may: boolean }) => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("What results must keep to", "结果策略")}</h2>
        {may && <Button onClick={() => setOpen(true)}>{t("Change", "修改")}</Button>}
      </div>
      {source.policy ? (
        <Shown policy={source.policy} columns={source.columns} />
      ) : (
        <p className="muted" style={{ margin: 0 }}>
          {t("Nothing is asked beyond what each task states.", "未设置，仅受各计算任务自身限制约束。")}
        </p>
      )}
      {open && <Govern source={source} close={() => setOpen(false)} />}
    </section>
  );
};

const Shown = ({ policy, columns }: { policy: Policy; columns: Of["columns"] }) => {
  const t = useWords();
  const rules = useValueRules();
  const nameOf = (position: number) => columns[position]?.name ?? `#${position}`;
  const { maxRows, minGroup, values, budget } = policy;
  const lines: readonly (readonly [string, string | undefined])[] = [
    [t("Rows of a result", "结果最大行数"), maxRows?.toLocaleString()],
    [
      t("Smallest group", "最小分组"),
      minGroup &&
        `≥ ${minGroup.size}${minGroup.distinct === undefined ? "" : ` ${nameOf(minGroup.distinct)}`} · ${
          minGroup.columns.map(nameOf).join(" · ") || t("not grouped", "不分组")
        }`,
    ],
    [t("Values", "取值"), values && rules[values]],
    [t("Runs in all", "累计运行次数"), budget?.runs?.toLocaleString()],
    [t("Rows in all", "累计结果行数"), budget?.rows?.toLocaleString()],
    [
      t("Privacy loss in all", "累计隐私预算 ε"),
      budget?.epsilon === undefined ? undefined : `ε ${budget.epsilon / 1e6}`,
    ],
  ];
  return (
    <dl className="facts">
      {lines.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name} style={{ display: "contents" }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
};

interface Given {
  readonly maxRows?: number | null;
  readonly groupSize?: number | null;
  readonly groupColumns?: readonly string[];
  readonly distinct?: string;
  readonly values?: Policy["values"];
  readonly runs?: number | null;
  readonly rows?: number | null;
  /** As people write it, not in millionths. */
  readonly epsilon?: number | null;
}

/** Empty fields ask nothing. */
const policyGiven = (given: Given): NamedPolicy | undefined => {
  const { maxRows, groupSize, groupColumns = [], distinct, values, runs, rows, epsilon } = given;
  const budget = {
    ...(runs && { runs }),
    ...(rows && { rows }),
    ...(epsilon && { epsilon: Math.round(epsilon * 1e6) }),
  };
  const policy = {
    ...(maxRows && { maxRows }),
    ...(groupSize && { minGroup: { size: groupSize, columns: [...groupColumns], ...(distinct && { distinct }) } }),
    ...(values && { values }),
    ...(Object.keys(budget).length > 0 && { budget }),
  };
  return Object.keys(policy).length > 0 ? policy : undefined;
};

const givenOf = ({ policy, columns }: Of): Given => {
  const { maxRows, minGroup, values, budget } = policy ?? {};
  const nameOf = (position: number) => columns[position]?.name ?? "";
  return {
    ...(maxRows !== undefined && { maxRows }),
    ...(minGroup && { groupSize: minGroup.size, groupColumns: minGroup.columns.map(nameOf) }),
    ...(minGroup?.distinct !== undefined && { distinct: nameOf(minGroup.distinct) }),
    ...(values && { values }),
    ...{ runs: budget?.runs ?? null, rows: budget?.rows ?? null },
    epsilon: budget?.epsilon === undefined ? null : budget.epsilon / 1e6,
  };
};

const Govern = ({ source, close }: { source: Of; close: () => void }) => {
  const t = useWords();
  const rules = useValueRules();
  const [form] = Form.useForm<Given>();
  const values = Form.useWatch("values", form);
  const names = source.columns.map(({ name }) => ({ value: name, label: name }));
  const govern = useAct<unknown, Given>(async ({ client }, given) => {
    const { governSource } = await import("../../sdk/workflows/grant-source.ts");
    return governSource(client, source.id, policyGiven(given));
  }, close);
  const amount = (name: keyof Given, en: string, zh: string, more: { min?: number; max: number; step?: number }) => (
    <Form.Item name={name} label={t(en, zh)}>
      <InputNumber min={1} precision={more.step === undefined ? 0 : 6} {...more} style={{ width: 200 }} />
    </Form.Item>
  );
  return (
    <Modal
      open
      title={t("What results from {name} must keep to", "【{name}】的结果策略", { name: source.name })}
      onCancel={close}
      footer={
        <SignButton onClick={() => form.submit()} loading={govern.isPending}>
          {t("Save and sign", "保存并签名")}
        </SignButton>
      }
    >
      <p className="muted">
        {t(
          "From the next run on, the enclave lets out no result that breaks one of these. What is left empty asks nothing.",
          "自下一次运行起，可信执行环境不会输出违反以下要求的结果；留空表示不作要求。",
        )}
      </p>
      <Form form={form} layout="vertical" initialValues={givenOf(source)} onFinish={(given) => govern.mutate(given)}>
        {amount("maxRows", "Rows of a result, at most", "结果最大行数", { max: 10_000_000 })}
        {amount("groupSize", "Rows in a group, at least", "每组最少行数", { min: 2, max: 100_000 })}
        <Form.Item name="groupColumns" label={t("Grouped by these columns at most", "允许分组的字段")}>
          <Select mode="multiple" options={names} maxCount={64} placeholder={t("None: one row about all", "不分组")} />
        </Form.Item>
        <Form.Item name="distinct" label={t("Counted in place of rows", "按不同取值计数的字段")}>
          <Select allowClear options={names} placeholder={t("Rows are counted", "按行计数")} />
        </Form.Item>
        <Form.Item name="values" label={t("Values of a result", "结果取值")}>
          <Select
            allowClear
            placeholder={t("Any", "不限")}
            options={(["numbers", "noised", "bounded"] as const).map((value) => ({ value, label: rules[value] }))}
          />
        </Form.Item>
        {amount("runs", "Runs in all, at most", "累计运行次数上限", { max: 1_000_000_000 })}
        {amount("rows", "Rows of results in all, at most", "累计结果行数上限", { max: 1_000_000_000_000 })}
        {(values === "noised" || values === "bounded") &&
          amount("epsilon", "Privacy loss ε in all, at most", "累计隐私预算 ε 上限", {
            ...{ min: 0.000_001, max: 1_000_000, step: 0.1 },
          })}
      </Form>
      {govern.error && <Failure error={govern.error} />}
    </Modal>
  );
};
