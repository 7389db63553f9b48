/** 结果策略: what the owner asks of every result that the source takes part in; the enclave enforces it. */
import { Button, Form, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { z } from "zod";
import { Budget, GroupRule, Policy } from "../../rules/policy.ts";
import type { NamedPolicy } from "../../sdk/workflows/policy.ts";
import { SignOrCancel, useAct } from "../parts/act.tsx";
import { Fact } from "../parts/fact.tsx";
import { harmless } from "../parts/harmless.ts";
import { useRules } from "../parts/rules.tsx";
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
        <h2 style={{ margin: 0 }}>{t("Result policy", "结果策略")}</h2>
        {may && <Button onClick={() => setOpen(true)}>{t("Edit", "修改")}</Button>}
      </div>
      {source.policy ? (
        <Shown policy={source.policy} columns={source.columns} />
      ) : (
        <p className="muted" style={{ margin: 0 }}>
          {t("None set. Only each task's own limits apply.", "未设置，仅受各计算任务自身限制约束。")}
        </p>
      )}
      {open && <Govern source={source} close={() => setOpen(false)} />}
    </section>
  );
};

const atMost = (n: number | undefined) => (n === undefined ? undefined : `≤ ${n.toLocaleString()}`);

const Shown = ({ policy, columns }: { policy: Policy; columns: Of["columns"] }) => {
  const t = useWords();
  const rules = useValueRules();
  const nameOf = (position: number) => harmless(columns[position]?.name ?? `#${position}`);
  const { maxRows, minGroup, values, budget } = policy;
  const lines: readonly (readonly [string, string | undefined])[] = [
    [t("Result rows", "结果行数"), atMost(maxRows)],
    [
      t("Smallest group", "最小分组"),
      minGroup &&
        `≥ ${minGroup.size}${minGroup.distinct === undefined ? "" : ` ${nameOf(minGroup.distinct)}`} · ${
          minGroup.columns.map(nameOf).join(" · ") || t("not grouped", "不分组")
        }`,
    ],
    [t("Values", "取值"), values && rules[values]],
    [t("Runs in all", "累计运行次数"), atMost(budget?.runs)],
    [t("Rows in all", "累计结果行数"), atMost(budget?.rows)],
    [
      t("Privacy loss in all", "累计隐私预算 ε"),
      budget?.epsilon === undefined ? undefined : `ε ≤ ${budget.epsilon / 1e6}`,
    ],
  ];
  return (
    <dl className="facts">
      {lines.map(
        ([name, value]) =>
          value !== undefined && (
            <Fact key={name} name={name}>
              {value}
            </Fact>
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
  readonly epsilon?: string | null;
}

/** Empty fields ask nothing. */
const policyGiven = (given: Given): NamedPolicy | undefined => {
  const { maxRows, groupSize, groupColumns = [], distinct, values, runs, rows, epsilon } = given;
  const budget = {
    ...(runs && { runs }),
    ...(rows && { rows }),
    ...(epsilon && { epsilon: Epsilon.parse(epsilon) }),
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
    epsilon: budget?.epsilon === undefined ? null : (budget.epsilon / 1e6).toFixed(6).replace(/\.?0+$/, ""),
  };
};

/** Fields of the shapes, without their being left out. */
const maxRows = Policy.shape.maxRows.unwrap();
const [runs, rows] = [Budget.shape.runs.unwrap(), Budget.shape.rows.unwrap()];
/** Millionths at the finest. */
const Epsilon = z
  .string()
  .regex(/^\d+(\.\d{1,6})?$/)
  .transform((text) => Math.round(Number(text) * 1e6))
  .pipe(Budget.shape.epsilon.unwrap());

const Govern = ({ source, close }: { source: Of; close: () => void }) => {
  const t = useWords();
  const rules = useValueRules();
  const { fits, whole, wholeOf } = useRules();
  const [form] = Form.useForm<Given>();
  const values = Form.useWatch("values", form);
  const groups = [Form.useWatch("groupColumns", form)?.length, Form.useWatch("distinct", form)].some(Boolean);
  const names = source.columns.map(({ name }) => ({ value: name, label: harmless(name) }));
  const govern = useAct<unknown, Given>(async ({ client }, given) => {
    const { governSource } = await import("../../sdk/workflows/grant-source.ts");
    return governSource(client, source.id, policyGiven(given));
  }, close);
  const amount = (name: keyof Given, en: string, zh: string, rule: ReturnType<typeof whole>, needed = false) => (
    <Form.Item name={name} label={t(en, zh)} rules={[{ ...rule, required: needed }]}>
      <InputNumber controls={false} style={{ width: 200 }} />
    </Form.Item>
  );
  return (
    <Modal
      open
      title={t("Result policy of {name}", "【{name}】的结果策略", { name: source.name })}
      onCancel={close}
      footer={
        <SignOrCancel cancel={close} onClick={() => form.submit()} loading={govern.isPending}>
          {t("Save and sign", "保存并签名")}
        </SignOrCancel>
      }
    >
      <p className="muted">
        {t(
          "From the next run on, the enclave lets out no result that breaks one of these. What is left empty asks nothing.",
          "自下一次运行起，可信执行环境不会输出违反以下要求的结果；留空表示不作要求。",
        )}
      </p>
      <Form form={form} layout="vertical" initialValues={givenOf(source)} onFinish={(given) => govern.mutate(given)}>
        {amount("maxRows", "Rows of a result, at most", "结果最大行数", wholeOf(maxRows))}
        {amount("groupSize", "Rows in a group, at least", "每组最少行数", wholeOf(GroupRule.shape.size), groups)}
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
        {amount("runs", "Runs in all, at most", "累计运行次数上限", wholeOf(runs))}
        {amount("rows", "Rows of results in all, at most", "累计结果行数上限", wholeOf(rows))}
        {(values === "noised" || values === "bounded") && (
          <Form.Item
            name="epsilon"
            label={t("Privacy loss ε in all, at most", "累计隐私预算 ε 上限")}
            rules={[fits(Epsilon, t("A number from 0.000001 to 1,000,000", "请输入 0.000001 至 1,000,000 的数"))]}
          >
            <InputNumber controls={false} stringMode style={{ width: 200 }} />
          </Form.Item>
        )}
      </Form>
      {govern.error && <Failure error={govern.error} />}
    </Modal>
  );
};
