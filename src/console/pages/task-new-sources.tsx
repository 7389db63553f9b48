/** 数据源配置: provider, source, the model's table that it fills, and the columns that may be read. */
import { Button, Form, type FormInstance, Input, Select } from "antd";
import { harmless } from "../parts/harmless.ts";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { named } from "./task-new-basics.tsx";
import { type NewTaskForm, SOURCES_MAX } from "./task-new-form.ts";
import type { Manifest } from "./task-new-manifest.ts";

interface Chosen {
  readonly form: FormInstance<NewTaskForm>;
  readonly members: readonly { value: string; label: string }[] | undefined;
  readonly manifest: Manifest | undefined;
  /** Stream of the model. */
  readonly model: string | undefined;
}

export const Sources = (chosen: Chosen) => {
  const t = useWords();
  return (
    <Form.List name="sources">
      {(fields, { add, remove }) => (
        <>
          <h2 style={{ marginTop: 8 }}>{t("Data", "数据源配置")}</h2>
          {fields.map(({ key, name }) => (
            <Row key={key} {...chosen} at={name} {...(fields.length > 1 && { remove: () => remove(name) })} />
          ))}
          <Button
            type="dashed"
            block
            disabled={fields.length >= SOURCES_MAX}
            onClick={() => add({})}
            style={{ marginBottom: 24 }}
          >
            {t("+ Add a data source (five at most)", "+ 添加数据源（最多添加5个）")}
          </Button>
        </>
      )}
    </Form.List>
  );
};

const Row = ({ form, members, manifest, model, at, remove }: Chosen & { at: number; remove?: () => void }) => {
  const t = useWords();
  const alliance = Form.useWatch("alliance", form);
  const given = Form.useWatch("sources", form) ?? [];
  const { provider, id, table } = given[at] ?? {};
  const { data } = useView(
    "sources",
    "list",
    { alliance: alliance ?? "", owner: provider ?? "", pageSize: 100 },
    { enabled: Boolean(alliance && provider) },
  );
  const offered = data?.items.filter(({ state, creator }) => state === "registered" && creator.id === provider);
  const source = offered?.find(({ stream }) => stream === id);
  const wanted = table === undefined ? undefined : manifest?.tables[table];
  const missing =
    source && wanted
      ? Object.keys(wanted.columns).filter((name) => !source.columns.some((one) => one.name === name))
      : [];
  const others = given.flatMap((one, i) => (i === at || !one ? [] : [one]));
  const grants =
    source?.grants.filter((one) => !one.withdrawn && one.model === model && Date.parse(one.expires) > Date.now()) ?? [];
  // Field by field: what the person has just chosen is in the form already, but not in what was drawn.
  const set = (changes: Readonly<Record<string, unknown>>) => {
    for (const [field, value] of Object.entries(changes))
      form.setFieldValue(["sources", at, field] as never, value as never);
  };
  /** The table that fits best: the one whose every column the source has. */
  const choose = (stream: string) => {
    const columns = new Set(offered?.find((one) => one.stream === stream)?.columns.map(({ name }) => name));
    const free = Object.entries(manifest?.tables ?? {}).filter(([name]) => !others.some((one) => one.table === name));
    const fits = free.find(([, one]) => Object.keys(one.columns).every((name) => columns.has(name)));
    set({ id: stream, columns: undefined, grant: undefined, ...(fits && { table: fits[0] }) });
  };
  return (
    <div className="inset" style={{ marginBottom: 16 }}>
      <div className="grid">
        <Form.Item
          name={[at, "provider"]}
          label={t("Provider", "提供方")}
          rules={[{ required: true, message: t("Choose a provider", "请选择提供方") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            labelRender={named}
            placeholder={t("Choose a provider", "请选择提供方")}
            options={[...(members ?? [])]}
            onChange={() => set({ id: undefined, columns: undefined, grant: undefined })}
          />
        </Form.Item>
        <Form.Item
          name={[at, "id"]}
          label={t("Data source", "数据源")}
          rules={[{ required: true, message: t("Choose a source of this provider", "请选择该提供方的数据源") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            labelRender={named}
            disabled={!provider}
            placeholder={t("Choose a source of this provider", "请选择该提供方的数据源ID")}
            options={offered?.map(({ stream, id, name }) => ({
              value: stream,
              label: `${name} · ${id}`,
              disabled: others.some((one) => one.id === stream),
            }))}
            onChange={choose}
            notFoundContent={t("It has no data source that you may use.", "该提供方没有您可以使用的数据源。")}
          />
        </Form.Item>
      </div>
      <div className="grid">
        <Form.Item
          name={[at, "table"]}
          label={t("Fills the model's table", "对应模型表")}
          rules={[
            { required: true, message: t("Name the model's table", "请填写模型表名") },
            {
              pattern: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
              message: t("Letters, digits and _", "仅支持字母、数字和下划线"),
            },
            {
              validator: (_, value) =>
                value && others.some((one) => one.table === value)
                  ? Promise.reject(new Error(t("Another source fills it", "该表已由其他数据源提供")))
                  : Promise.resolve(),
            },
          ]}
          {...(missing.length > 0 && {
            extra: (
              <span style={{ color: "var(--warn)" }}>
                {t("The source lacks {columns}.", "该数据源缺少字段 {columns}。", { columns: missing.join(", ") })}
              </span>
            ),
          })}
        >
          {manifest ? (
            <Select options={Object.keys(manifest.tables).map((name) => ({ value: name, label: name }))} />
          ) : (
            <Input placeholder="table" className="mono" />
          )}
        </Form.Item>
        <Form.Item
          name={[at, "columns"]}
          label={t("Columns that may be read", "允许读取的字段")}
          extra={
            wanted && source && missing.length === 0 ? (
              <Button
                type="link"
                size="small"
                style={{ padding: 0 }}
                onClick={() => set({ columns: Object.keys(wanted.columns) })}
              >
                {t("Only the {n} that the model reads", "仅选择模型读取的 {n} 个字段", {
                  n: Object.keys(wanted.columns).length,
                })}
              </Button>
            ) : undefined
          }
        >
          <Select
            mode="multiple"
            allowClear
            disabled={!source}
            maxTagCount={4}
            placeholder={t("All", "全部字段")}
            options={source?.columns.map(({ name, description }) => ({
              value: name,
              label: harmless(description ? `${name} · ${description}` : name),
            }))}
          />
        </Form.Item>
      </div>
      {grants.length > 0 && (
        <Form.Item name={[at, "grant"]} label={t("Advance authorisation", "使用预先授权")}>
          <Select
            allowClear
            placeholder={t("No: ask the provider", "不使用，请提供方授权")}
            options={grants.map(({ grant, expires, runs }) => ({
              value: grant,
              label: t("until {at}, {runs} {runs|run|runs} · {id}", "有效期至 {at}，{runs} 次 · {id}", {
                at: expires.slice(0, 10),
                runs,
                id: grant.slice(0, 8),
              }),
            }))}
          />
        </Form.Item>
      )}
      {remove && (
        <Button type="text" danger size="small" onClick={remove}>
          {t("Remove", "移除")}
        </Button>
      )}
    </div>
  );
};
