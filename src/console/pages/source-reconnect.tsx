/** 修改连接信息: the same table by another way; the enclave compares its structure before anything is signed. */
import { Button, Form, Modal } from "antd";
import { useState } from "react";
import { SignOrCancel, useAct, useNotice } from "../parts/act.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { EnclaveCheck, useEnclave } from "../sealing/enclave-check.tsx";
import { SealingProgress, useSealing } from "../sealing/sealing.tsx";
import { ConnectionFields, type ConnectionGiven, connectionOf } from "./source-fields.tsx";
import { locationOf, OBJECT_NEW, ObjectFields, type ObjectGiven } from "./source-object.tsx";

type Given = ConnectionGiven & ObjectGiven;
/** Types of sources whose envelope says where the rows are. */
const CONNECTED = ["mysql", "postgresql", "s3"];

interface Of {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly enclave: string;
}

export const Reconnect = ({ source }: { source: Of }) => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  if (!CONNECTED.includes(source.type)) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("Change connection", "修改连接信息")}</Button>
      {open && <Dialog source={source} close={() => setOpen(false)} />}
    </>
  );
};

const Dialog = ({ source: { id, name, type, enclave: at }, close }: { source: Of; close: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const enclave = useEnclave(at);
  const { run, progress } = useSealing();
  const verified = enclave.verified.data;
  const reconnect = useAct<unknown, Given>(
    async ({ me: owner = "" }, given) => {
      if (!verified) throw new Error(t("The enclave is not verified yet.", "可信执行环境尚未通过验证。"));
      const connection = type === "s3" ? await locationOf(given) : await connectionOf(given);
      return run("reconnect", { owner, enclave: verified, id, connection });
    },
    () => {
      notice(t("The connection is changed.", "连接信息已修改。"));
      close();
    },
  );
  return (
    <Modal
      open
      title={t("Change how {name} is reached", "修改【{name}】的连接信息", { name })}
      onCancel={close}
      footer={
        <SignOrCancel cancel={close} onClick={() => form.submit()} loading={reconnect.isPending} disabled={!verified}>
          {t("Seal, change and sign", "加密、修改并签名")}
        </SignOrCancel>
      }
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={type === "s3" ? OBJECT_NEW : { language: type, port: type === "mysql" ? 3_306 : 5_432 }}
        disabled={reconnect.isPending}
        onFinish={(given) => reconnect.mutate(given)}
      >
        {type === "s3" ? <ObjectFields /> : <ConnectionFields fixed />}
      </Form>
      <div className="stack">
        <EnclaveCheck of={enclave} fixed />
        <SealingProgress of={progress} />
        {reconnect.error && <Failure error={reconnect.error} />}
      </div>
    </Modal>
  );
};
