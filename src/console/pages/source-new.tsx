/** 新建数据源 in two steps: what it is called, then how it is reached; its structure is read through the enclave. */
import { Button, Form, Input, Radio, Steps } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { PlainName } from "../../rules/shapes.ts";
import type { PreparedSource } from "../../sdk/workflows/register-source.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { useDraft, useDraftName } from "../parts/draft.ts";
import { Page as Frame } from "../parts/page.tsx";
import { type Chosen, PermissionField, permissionOf } from "../parts/permission.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { EnclaveCheck, useEnclave } from "../sealing/enclave-check.tsx";
import { SealingProgress, useSealing } from "../sealing/sealing.tsx";
import { read, write } from "../storage.ts";
import { type Descriptions, StructureDialog } from "./source-columns.tsx";
import {
  CONNECTION_FIELDS,
  CONNECTION_KEPT,
  CONNECTION_NEW,
  ConnectionFields,
  type ConnectionGiven,
  connectionOf,
  type FileGiven,
  TableFileField,
  typeOfFile,
  withAddress,
} from "./source-fields.tsx";
import {
  locationOf,
  OBJECT_FIELDS,
  OBJECT_KEPT,
  OBJECT_NEW,
  ObjectFields,
  type ObjectGiven,
} from "./source-object.tsx";

interface Given extends ConnectionGiven, FileGiven, ObjectGiven {
  readonly name: string;
  readonly description?: string;
  readonly kind: "database" | "file" | "object";
  readonly permission: Chosen;
}
const KEPT = ["name", "description", "kind", "permission", ...CONNECTION_KEPT, ...OBJECT_KEPT] as const;
const FIRST = ["name", "description", "kind", "permission"] as const;
/** What says where the table is, of each kind. */
const SECOND = { file: ["file"], database: CONNECTION_FIELDS, object: OBJECT_FIELDS } as const;
const NEW = {
  ...CONNECTION_NEW,
  ...OBJECT_NEW,
  kind: "database",
  permission: { kind: "private", members: [] },
} as const;

/** Fields of the other step stay in the form: what was typed in them is kept. */
const shownIf = (shown: boolean) => (shown ? {} : { display: "none" });

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("source", form, KEPT);
  // Where the words for columns are kept until they are on the ledger.
  const kept = useDraftName("source.columns");
  const kind = Form.useWatch("kind", form) ?? "database";
  const enclave = useEnclave();
  const { run, progress } = useSealing();
  const verified = enclave.verified.data;
  const [step, setStep] = useState(0);
  const [prepared, setPrepared] = useState<PreparedSource>();
  const [descriptions, setDescriptions] = useState<Descriptions>(() => read(kept, {}));
  const [shown, setShown] = useState(false);

  const fetch = useAct<PreparedSource>(
    async ({ me: owner = "" }) => {
      if (!verified) throw new Error(t("The enclave is not verified yet.", "可信执行环境尚未通过验证。"));
      const given = form.getFieldsValue(true) as Given;
      const to = { owner, enclave: verified };
      if (given.kind === "file") return run("file", { ...to, type: typeOfFile(given.file), file: given.file });
      if (given.kind === "object") return run("connection", { ...to, type: "s3", connection: await locationOf(given) });
      return run("connection", { ...to, type: given.language, connection: await connectionOf(given) });
    },
    (found) => {
      setPrepared(found);
      setShown(true);
    },
  );
  const register = useAct<{ resource: { id: string } }, PreparedSource>(
    async ({ client }, from) => {
      const { registerSource } = await import("../../sdk/workflows/register-source.ts");
      const given = form.getFieldsValue(true) as Given;
      const { name, description = "", permission, metadata = "" } = given;
      const there = new Set(from.columns.map((column) => column.name));
      return registerSource(client, from, {
        ...{ name, description, permission: permissionOf(permission) },
        descriptions: Object.fromEntries(Object.entries(descriptions).filter(([column]) => there.has(column))),
        ...(given.kind === "database" && { metadata }),
      });
    },
    ({ resource }) => {
      acknowledged();
      write(kept, undefined);
      void go(`/sources/${resource.id}`, { replace: true });
    },
  );

  const next = () =>
    void form.validateFields([...FIRST]).then(
      () => setStep(1),
      () => undefined,
    );
  const ask = () =>
    void form.validateFields([...SECOND[kind]]).then(
      () => fetch.mutate(),
      () => undefined,
    );
  const busy = fetch.isPending || register.isPending;
  return (
    <Frame title={t("New data source", "新建数据源")} within={[[t("Data sources", "数据源管理"), "/sources"]]}>
      <Steps
        current={step}
        size="small"
        responsive={false}
        style={{ maxWidth: 560 }}
        items={[{ title: t("Basics", "基础信息") }, { title: t("Configuration", "数据源配置信息") }]}
      />
      <Form
        form={form}
        layout="vertical"
        className="stack"
        initialValues={NEW}
        disabled={busy}
        onValuesChange={(changed) => {
          // What was read was read through another connection, or out of another file.
          if (Object.keys(changed).some((field) => !FIRST.includes(field as never) || field === "kind")) {
            setPrepared(undefined);
            fetch.reset();
          }
        }}
      >
        <section className="card" style={shownIf(step === 0)}>
          <div className="narrow">
            <BasicFields />
            <div className="row">
              <Button type="primary" onClick={next}>
                {t("Next", "下一步")}
              </Button>
              <Button onClick={() => void go("/sources")}>{t("Cancel", "取消")}</Button>
            </div>
          </div>
        </section>
        <section className="card" style={shownIf(step === 1)}>
          <div className="narrow">
            <div style={shownIf(kind === "file")}>
              <TableFileField />
            </div>
            <div style={shownIf(kind === "database")}>
              <ConnectionFields />
            </div>
            <div style={shownIf(kind === "object")}>
              <ObjectFields />
            </div>
          </div>
        </section>
        <section className="card" style={shownIf(step === 1)}>
          <h2>{t("Sealed to", "加密给")}</h2>
          <EnclaveCheck of={enclave} />
        </section>
      </Form>
      {step === 1 && (
        <div className="narrow stack">
          <SealingProgress of={progress} />
          {fetch.error && <Failure error={withAddress(fetch.error, form.getFieldsValue(true))} />}
          {register.error && <Failure error={register.error} />}
          <div className="row" aria-live="polite">
            <SignButton
              type={prepared ? "default" : "primary"}
              onClick={prepared ? () => setShown(true) : ask}
              loading={fetch.isPending}
              disabled={!verified || register.isPending}
            >
              {prepared
                ? t("Structure and descriptions", "查看表结构")
                : t("Seal and fetch the structure", "获取表结构")}
            </SignButton>
            <span className="muted">
              {prepared
                ? t("{n} {n|column|columns}, {rows} {rows|row|rows}", "{n} 个字段，{rows} 行", {
                    n: prepared.columns.length,
                    rows: prepared.rows,
                  })
                : t("The enclave reads it; no row comes back.", "由可信执行环境读取，不返回任何数据行。")}
            </span>
          </div>
          <div className="row">
            <Button onClick={() => setStep(0)} disabled={busy}>
              {t("Back", "上一步")}
            </Button>
            <SignButton
              type={prepared ? "primary" : "default"}
              disabled={!prepared}
              loading={register.isPending}
              onClick={() => prepared && register.mutate(prepared)}
            >
              {t("Register and sign", "登记并签名")}
            </SignButton>
          </div>
        </div>
      )}
      {shown && prepared && (
        <StructureDialog
          columns={prepared.columns}
          rows={prepared.rows}
          written={descriptions}
          done={(written) => {
            setDescriptions(written);
            write(kept, written);
            setShown(false);
          }}
          close={() => setShown(false)}
        />
      )}
    </Frame>
  );
};

const BasicFields = () => {
  const t = useWords();
  const { required, most, fits } = useRules();
  return (
    <>
      <Form.Item
        name="name"
        label={t("Source name", "数据源名称")}
        validateFirst
        rules={[
          required,
          most(50),
          fits(PlainName, t("Chinese characters, letters and digits only", "名称仅支持中英文、数字")),
        ]}
      >
        <Input
          count={counted(50)}
          placeholder={t("Chinese, letters, digits; up to 50", "名称仅支持中英文、数字，50个字符以内")}
        />
      </Form.Item>
      <Form.Item name="description" label={t("Description", "数据源描述")} rules={[most(100)]}>
        <Input.TextArea
          count={counted(100)}
          autoSize={{ minRows: 2 }}
          placeholder={t("Optional, up to 100 characters", "选填，100个字符以内")}
        />
      </Form.Item>
      <Form.Item name="kind" label={t("Source type", "数据源类型")}>
        <Radio.Group
          options={[
            { value: "database", label: t("Database", "数据库") },
            { value: "file", label: t("Sealed file (CSV, Parquet)", "加密文件（CSV、Parquet）") },
            { value: "object", label: t("Object storage (S3)", "对象存储（S3）") },
          ]}
        />
      </Form.Item>
      <PermissionField what="source" />
    </>
  );
};
