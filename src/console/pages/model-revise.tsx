/** 发布新版本: tasks created from then on run it; those that were agreed to name the archive before. */
import { Form, Modal } from "antd";
import type { Client } from "../../sdk/client.ts";
import { SignOrCancel, useAct, useNotice } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { EnclaveCheck, useEnclave } from "../sealing/enclave-check.tsx";
import { SealingProgress, useSealing } from "../sealing/sealing.tsx";
import { ArchiveFields, VersionFields, type VersionGiven, versionOf } from "./model-fields.tsx";

interface Props {
  readonly model: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly main: string;
    readonly runner: string;
    readonly open: boolean;
    readonly enclave: string;
    readonly description: { readonly digest: string } | null;
  };
  readonly close: () => void;
}
/** The text that the version before names, to go on with. */
const describedNow = async (client: Client, { id, description }: Props["model"]): Promise<string | undefined> => {
  if (!description) return undefined;
  const { describedBy } = await import("./model-description.ts");
  return describedBy(client, id, description.digest);
};

const KEPT = ["version", "main", "runner", "open"] as const;

export const Revise = ({ model, close }: Props) => {
  const { id, name, version, main, runner, open, enclave: at } = model;
  const t = useWords();
  const notice = useNotice();
  const [form] = Form.useForm<VersionGiven>();
  const acknowledged = useDraft(`model.${id}`, form, KEPT);
  const enclave = useEnclave(at);
  const { run, progress } = useSealing();
  const verified = enclave.verified.data;
  const revise = useAct<unknown, VersionGiven>(
    async ({ client, me = "" }, given) => {
      if (!verified) throw new Error(t("The enclave is not verified yet.", "可信执行环境尚未通过验证。"));
      const { archive } = given;
      const description = given.description ? undefined : await describedNow(client, model);
      const to = { ...(description !== undefined && { description }), ...(await versionOf(given)) };
      return run("revise", { owner: me, enclave: verified, id, archive, version: to });
    },
    () => {
      acknowledged();
      notice(t("The version is on the ledger.", "新版本已登记到账本。"));
      close();
    },
  );
  return (
    <Modal
      open
      title={t("New version of {name}", "发布【{name}】的新版本", { name })}
      onCancel={close}
      footer={
        <SignOrCancel cancel={close} onClick={() => form.submit()} loading={revise.isPending} disabled={!verified}>
          {t("Seal, publish and sign", "加密、发布并签名")}
        </SignOrCancel>
      }
    >
      <p className="muted">{t("Current version: {version}", "当前版本：{version}", { version })}</p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ main, runner, open }}
        disabled={revise.isPending}
        onFinish={(given) => revise.mutate(given)}
      >
        <VersionFields described={model.description !== null} />
        <ArchiveFields />
      </Form>
      <div className="stack">
        <EnclaveCheck of={enclave} fixed />
        <SealingProgress of={progress} />
        {revise.error && <Failure error={revise.error} />}
      </div>
    </Modal>
  );
};
