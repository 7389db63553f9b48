/** Where the result goes: a sealed file, or a database of the receiver's that the enclave tests (测试连接). */
import { Button, Form, Input, InputNumber, Radio } from "antd";
import { useState } from "react";
import { DatabaseConnection } from "../../rules/connection.ts";
import { prepareDestination } from "../../sdk/workflows/destination.ts";
import { verifyTrusted } from "../identity/trusted-enclaves.ts";
import { useAct } from "../parts/act.tsx";
import { DatabaseSetup } from "../parts/database-setup.tsx";
import { useDraft } from "../parts/draft.ts";
import { Drop } from "../parts/drop.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import type { Given } from "./task-authorise-given.ts";
import { ReceivingKey } from "./task-receiving-key.tsx";
import type { TaskView } from "./task-view.ts";

interface DeliveryProps {
  readonly task: TaskView;
  readonly given: Given;
  readonly onChange: (given: Given) => void;
}

export const Delivery = ({ task, given, onChange }: DeliveryProps) => {
  const t = useWords();
  return (
    <div className="stack narrow">
      <div>
        <h3 style={{ margin: "0 0 8px", fontSize: 14 }}>{t("Public key for the result", "加密公钥")}</h3>
        <ReceivingKey
          name={`${task.id}.result-key.pem`}
          value={given.key}
          onChange={(key) => onChange({ ...given, key })}
        />
      </div>
      <div>
        <h3 style={{ margin: "0 0 8px", fontSize: 14 }}>{t("How you receive it", "接收方式")}</h3>
        <Radio.Group
          value={given.database}
          onChange={({ target }) => onChange({ key: given.key, database: target.value })}
          options={[
            { value: false, label: t("A sealed file, fetched here", "加密文件，在此下载") },
            { value: true, label: t("My database", "我的数据库") },
          ]}
        />
      </div>
      {given.database && <Database task={task} given={given} onChange={onChange} />}
    </div>
  );
};

interface Connection {
  readonly type: "mysql" | "postgresql";
  readonly host: string;
  readonly port: number;
  readonly serverName?: string;
  readonly database: string;
  readonly schema?: string;
  readonly table: string;
  readonly username: string;
  readonly password: string;
}
const KEPT = ["type", "host", "port", "serverName", "database", "schema", "table", "username"] as const;
const PORTS = { mysql: 3306, postgresql: 5432 } as const;
/** Of what `DatabaseConnection` takes. */
const CERTIFICATE_MAX = 65_536;

const Database = ({ task, given, onChange }: DeliveryProps) => {
  const t = useWords();
  const { required, obeys, wholeOf } = useRules();
  const [form] = Form.useForm<Connection>();
  const acknowledged = useDraft(`destination.${task.id}`, form, KEPT);
  const [root, setRoot] = useState<{ name: string; pem: string }>();
  const [wrong, setWrong] = useState<string>();
  const names = Form.useWatch([], form) as Partial<Connection> | undefined;
  const type = names?.type ?? "mysql";
  const test = useAct(
    async ({ client, me = "" }, { type, serverName, schema, ...connection }: Connection) => {
      const enclave = await verifyTrusted(client, task.definition.enclave);
      const whole = {
        ...connection,
        ...(serverName && { serverName }),
        ...(schema && type === "postgresql" && { schema }),
        rootCertificate: root?.pem ?? "",
      };
      return prepareDestination(client, client.signer, whole, { owner: me, enclave, type });
    },
    (destination) => {
      acknowledged();
      onChange({ ...given, destination });
    },
  );
  /** What was tested is what is signed: a change asks for another test. */
  const changed = () => {
    test.reset();
    if (given.destination) onChange({ ...given, destination: undefined });
  };
  const choose = async (file: File) => {
    changed();
    const pem = file.size <= CERTIFICATE_MAX ? await file.text() : "";
    const whole = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.test(pem);
    setRoot(whole ? { name: file.name, pem } : undefined);
    setWrong(
      whole
        ? undefined
        : t("{name} holds no whole certificate in PEM.", "{name} 中没有完整的 PEM 证书。", { name: file.name }),
    );
  };
  const shaped = DatabaseConnection.shape;
  const host = t("A name or an IP address, without / @ or spaces", "请输入主机名或 IP 地址，不含 / @ 和空格");
  const field = (name: Exclude<keyof Connection, "type" | "port">, en: string, zh: string, optional?: string) => (
    <Form.Item
      name={name}
      label={t(en, zh)}
      validateFirst
      rules={[...(optional === undefined ? [required] : []), obeys(shaped[name], host)]}
      {...(optional !== undefined && { extra: optional })}
    >
      <Input autoComplete="off" />
    </Form.Item>
  );
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ type: "mysql", port: PORTS.mysql }}
      onValuesChange={(now: Partial<Connection>) => {
        if (now.type) form.setFieldsValue({ port: PORTS[now.type] });
        changed();
      }}
      onFinish={(connection) => test.mutate(connection)}
    >
      <Form.Item name="type" label={t("Database", "数据库类型")}>
        <Radio.Group
          options={[
            { value: "mysql", label: "MySQL" },
            { value: "postgresql", label: "PostgreSQL" },
          ]}
        />
      </Form.Item>
      {field("host", "Address", "结果接收地址")}
      <Form.Item name="port" label={t("Port", "结果接收端口")} rules={[wholeOf(shaped.port)]}>
        <InputNumber controls={false} style={{ width: 160 }} />
      </Form.Item>
      {field("database", "Database instance", "数据库实例名")}
      {type === "postgresql" && field("schema", "Schema", "模式名", t("Optional", "选填"))}
      {field("table", "Table", "数据库表名")}
      {field("username", "User name", "用户名称")}
      <Form.Item
        name="password"
        label={t("Password", "用户密码")}
        extra={t(
          "Sealed to the enclave in this browser; the platform never sees it.",
          "在浏览器中加密给可信执行环境，平台无法看到。",
        )}
        rules={[obeys(shaped.password, t("Another password", "请更换密码"))]}
      >
        <Input.Password autoComplete="off" />
      </Form.Item>
      <Form.Item label={t("Root certificate of the database", "数据库根证书")} required>
        <Drop accept=".pem" onFile={(file) => void choose(file)} chosen={root?.name}>
          {t("Its TLS root certificate, .pem", "请上传数据库 TLS 根证书，仅支持 .pem 格式")}
        </Drop>
        {wrong && (
          <div role="alert" style={{ color: "var(--bad)" }}>
            {wrong}
          </div>
        )}
      </Form.Item>
      {field(
        "serverName",
        "Name in its certificate",
        "证书中的服务器名",
        t("Only where it is another than the address", "仅在与结果接收地址不同时填写"),
      )}
      <DatabaseSetup type={type} what="destination" names={names ?? {}} />
      {test.error && <Failure error={test.error} />}
      <div className="row" style={{ marginTop: 8 }}>
        <Button htmlType="submit" loading={test.isPending} disabled={!root}>
          {t("Seal and test the connection", "加密并测试连接")}
        </Button>
        {given.destination && (
          <span role="status" style={{ color: "var(--good)" }}>
            {t("The enclave reached it, and the table takes results.", "连接成功，该表可以接收结果。")}
          </span>
        )}
      </div>
    </Form>
  );
};
