/** 新建计算模型: sealed here to the verified enclave's key, then published. */
import { Button, Form, Input } from "antd";
import { useNavigate } from "react-router";
import { Name } from "../../rules/shapes.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { Page as Frame } from "../parts/page.tsx";
import { type Chosen, PermissionField, permissionOf } from "../parts/permission.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { EnclaveCheck, useEnclave } from "../sealing/enclave-check.tsx";
import { SealingProgress, useSealing } from "../sealing/sealing.tsx";
import { ArchiveFields, VersionFields, type VersionGiven, versionOf } from "./model-fields.tsx";

interface Given extends VersionGiven {
  readonly name: string;
  readonly permission: Chosen;
}
const KEPT = ["name", "version", "main", "runner", "open", "permission"] as const;
const NEW = { permission: { kind: "private", members: [] }, runner: "javascript", open: false } as const;

export const Page = () => {
  const t = useWords();
  const go = useNavigate();
  const { required, most, fits } = useRules();
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("model", form, KEPT);
  const enclave = useEnclave();
  const { run, progress } = useSealing();
  const verified = enclave.verified.data;
  const publish = useAct<{ resource: { id: string } }, Given>(
    async ({ me = "" }, given) => {
      if (!verified) throw new Error(t("The enclave is not verified yet.", "可信执行环境尚未通过验证。"));
      const { name, permission, archive } = given;
      const model = { ...(await versionOf(given)), name, permission: permissionOf(permission) };
      return run("publish", { owner: me, enclave: verified, archive, model });
    },
    ({ resource }) => {
      acknowledged();
      void go(`/models/${resource.id}`, { replace: true });
    },
  );
  return (
    <Frame title={t("New model", "新建计算模型")} within={[[t("Models", "计算模型管理"), "/models"]]}>
      <Form
        form={form}
        layout="vertical"
        className="stack"
        initialValues={NEW}
        scrollToFirstError={{ focus: true }}
        disabled={publish.isPending}
        onFinish={(given) => publish.mutate(given)}
      >
        <section className="card">
          <h2>{t("Basics", "基本信息")}</h2>
          <div className="narrow">
            <Form.Item
              name="name"
              label={t("Model name", "模型名称")}
              validateFirst
              rules={[
                required,
                most(50),
                fits(
                  Name,
                  t("No leading or trailing spaces, no control characters", "首尾不能有空格，且不能包含控制字符"),
                ),
              ]}
            >
              <Input count={counted(50)} placeholder={t("Up to 50 characters", "50个字符以内")} />
            </Form.Item>
            <VersionFields />
            <PermissionField what="model" />
          </div>
        </section>
        <section className="card">
          <h2>{t("Model", "模型信息")}</h2>
          <div className="narrow">
            <ArchiveFields />
          </div>
        </section>
        <section className="card">
          <h2>{t("Sealed to", "加密给")}</h2>
          <EnclaveCheck of={enclave} />
        </section>
        <div className="narrow stack">
          <SealingProgress of={progress} />
          {publish.error && <Failure error={publish.error} />}
          <div className="row">
            <SignButton htmlType="submit" loading={publish.isPending} disabled={!verified}>
              {t("Seal, publish and sign", "加密、发布并签名")}
            </SignButton>
            <Button onClick={() => void go("/models")}>{t("Cancel", "取消")}</Button>
          </div>
        </div>
      </Form>
    </Frame>
  );
};
