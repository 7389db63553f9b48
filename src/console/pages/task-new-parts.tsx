/** Step 2, 计算任务配置: a model of a provider, up to five sources, parameters and limits. */
import { Form, type FormInstance, Input, InputNumber, Radio, Select, Switch } from "antd";
import { Limits as Bounds } from "../../rules/task-definition.ts";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { named } from "./task-new-basics.tsx";
import type { NewTaskForm } from "./task-new-form.ts";
import { type Manifest, useManifest } from "./task-new-manifest.ts";
import { Sources } from "./task-new-sources.tsx";

export const Parts = ({ form }: { form: FormInstance<NewTaskForm> }) => {
  const t = useWords();
  const alliance = Form.useWatch("alliance", form);
  const provider = Form.useWatch("provider", form);
  const chosen = Form.useWatch("model", form);
  const home = useView("alliances", "get", { id: alliance ?? "" }, { enabled: Boolean(alliance) });
  const models = useView(
    "models",
    "list",
    { alliance: alliance ?? "", owner: provider ?? "", pageSize: 100 },
    { enabled: Boolean(alliance && provider) },
  );
  const published = models.data?.items.filter(({ state, creator }) => state === "published" && creator.id === provider);
  const model = published?.find(({ stream }) => stream === chosen);
  const manifest = useManifest(model);
  const members = home.data?.members.map(({ id, nickname, appId }) => ({ value: id, label: `${nickname} (${appId})` }));
  return (
    <>
      <h2>{t("Model", "计算模型配置")}</h2>
      <div className="grid">
        <Form.Item
          name="provider"
          label={t("Provider", "提供方")}
          rules={[{ required: true, message: t("Choose a provider", "请选择提供方") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            labelRender={named}
            placeholder={t("Choose a provider", "请选择提供方")}
            options={members}
            onChange={() => form.setFieldsValue({ model: undefined, parameters: undefined } as never)}
          />
        </Form.Item>
        <Form.Item
          name="model"
          label={t("Model", "计算模型")}
          rules={[{ required: true, message: t("Choose a model of this provider", "请选择该提供方的计算模型") }]}
          extra={
            model &&
            (model.open
              ? t("Its code is open: everybody can read it.", "代码公开，各方均可阅读。")
              : t("Its code is sealed: only the enclave opens it.", "代码加密，仅可信执行环境能够打开。"))
          }
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            labelRender={named}
            disabled={!provider}
            placeholder={t("Choose a model of this provider", "请选择该提供方的计算模型ID")}
            options={published?.map(({ stream, id, name, version }) => ({
              value: stream,
              label: `${name} ${version} · ${id}`,
            }))}
            onChange={() => form.setFieldsValue({ parameters: undefined } as never)}
            notFoundContent={t("It has no model that you may use.", "该提供方没有您可以使用的计算模型。")}
          />
        </Form.Item>
      </div>
      {manifest.error && <Failure error={manifest.error} />}
      <Sources form={form} members={members} manifest={manifest.data ?? undefined} model={model?.stream} />
      {manifest.data && Object.keys(manifest.data.parameters).length > 0 && (
        <Parameters parameters={manifest.data.parameters} />
      )}
      <Limits form={form} />
    </>
  );
};

const Parameters = ({ parameters }: { parameters: Manifest["parameters"] }) => {
  const t = useWords();
  const { most } = useRules();
  return (
    <>
      <h2 style={{ marginTop: 8 }}>{t("Parameters", "模型参数")}</h2>
      <div className="grid">
        {Object.entries(parameters).map(([name, { type, default: usual }]) => (
          <Form.Item
            key={name}
            name={["parameters", name]}
            label={<span className="mono">{name}</span>}
            {...(type === "boolean" && { valuePropName: "checked" })}
            rules={[
              {
                required: usual === undefined && type !== "boolean",
                message: t("The model needs it", "模型需要该参数"),
              },
              most(1_024),
            ]}
          >
            {type === "number" ? (
              <InputNumber
                controls={false}
                style={{ width: "100%" }}
                placeholder={usual === undefined ? undefined : String(usual)}
              />
            ) : type === "boolean" ? (
              <Switch defaultChecked={usual === true} />
            ) : (
              <Input placeholder={usual === undefined ? undefined : String(usual)} />
            )}
          </Form.Item>
        ))}
      </div>
    </>
  );
};

const Limits = ({ form }: { form: FormInstance<NewTaskForm> }) => {
  const t = useWords();
  const type = Form.useWatch("type", form);
  const { wholeOf } = useRules();
  const field = (name: "rows" | "seconds" | "memory", en: string, zh: string) => (
    <Form.Item name={name} label={t(en, zh)} rules={[wholeOf(Bounds.shape[name].unwrap())]}>
      <InputNumber controls={false} style={{ width: "100%" }} />
    </Form.Item>
  );
  return (
    <>
      <h2 style={{ marginTop: 8 }}>{t("Limits", "资源上限")}</h2>
      <div className="grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(200px, 1fr))" }}>
        {field("rows", "Rows of the result", "结果行数上限")}
        {field("seconds", "Seconds", "最长运行秒数")}
        {field("memory", "Memory (MiB)", "内存（MiB）")}
      </div>
      {type !== "scheduled" && (
        <Form.Item name="start" label={t("When everybody has authorised", "全部授权后")}>
          <Radio.Group
            options={[
              { value: "automatic", label: t("it runs at once", "自动执行") },
              { value: "manual", label: t("it waits until you press Run", "由您手动执行") },
            ]}
          />
        </Form.Item>
      )}
    </>
  );
};
