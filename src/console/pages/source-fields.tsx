/** 数据源配置信息: how a table is reached, or the file that holds it. */
import { Form, Input, InputNumber, Select, Space } from "antd";
import { Refusal } from "../../base/refusal.ts";
import { DatabaseConnection } from "../../rules/connection.ts";
import { pemBlocks } from "../../trust/pem.ts";
import { DatabaseSetup } from "../parts/database-setup.tsx";
import { FileField, fileRule, sizeText } from "../parts/file-field.tsx";
import { useRules } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";

export interface ConnectionGiven {
  readonly host: string;
  readonly port: number;
  readonly serverName?: string;
  readonly database: string;
  readonly language: "mysql" | "postgresql";
  readonly schema?: string;
  readonly table: string;
  readonly metadata?: string;
  readonly username: string;
  readonly password: string;
  readonly rootCertificate: File;
}
/** What of it a draft may keep: no password, no file. */
export const CONNECTION_KEPT = [
  ...(["host", "port", "serverName", "database", "language", "schema", "table"] as const),
  ...(["metadata", "username"] as const),
] as const;
export const CONNECTION_FIELDS = [...CONNECTION_KEPT, "password", "rootCertificate"] as const;

const PORTS = { mysql: 3_306, postgresql: 5_432 } as const;
export const CONNECTION_NEW = { language: "mysql", port: PORTS.mysql } as const;

export const connectionOf = async (given: ConnectionGiven) => {
  const { language, serverName, schema, metadata = "", rootCertificate, ...rest } = given;
  const { host, port, database, table, username, password } = rest;
  return {
    ...{ host, port, database, table, username, password, metadata },
    rootCertificate: await rootCertificate.text(),
    ...(serverName && { serverName }),
    ...(schema && language === "postgresql" && { schema }),
  };
};

/** Nobody but this person knows the address here: the enclave does not say it again. */
export const withAddress = (error: Error, { host, port }: Pick<ConnectionGiven, "host" | "port">): Error =>
  error instanceof Refusal && error.code === "database.unreachable"
    ? new Refusal(error.code, error.status, { host, port, ...error.details })
    : error;

const { host: HOST, port: PORT } = DatabaseConnection.shape;
const MAX_PEM = 65_536;

export const ConnectionFields = ({ fixed = false }: { fixed?: boolean }) => {
  const t = useWords();
  const { required, most, fits, wholeOf } = useRules();
  const form = Form.useFormInstance<ConnectionGiven>();
  const language = Form.useWatch("language", form);
  const certificate = useCertificateRule();
  const name = (field: keyof ConnectionGiven, en: string, zh: string, optional?: string) => (
    <Form.Item
      name={field}
      label={t(en, zh)}
      validateFirst
      rules={[...(optional === undefined ? [required] : []), most(128)]}
      {...(optional !== undefined && { extra: optional })}
    >
      <Input autoComplete="off" />
    </Form.Item>
  );
  return (
    <>
      <Form.Item label={t("Address", "数据源地址")} required htmlFor="host" style={{ marginBottom: 0 }}>
        <Space.Compact block>
          <Form.Item
            name="host"
            style={{ flex: 1 }}
            validateFirst
            rules={[
              required,
              most(253),
              fits(
                HOST,
                t("A name or an IP address, without / @ or spaces", "请输入主机名或 IP 地址，不含 / @ 和空格"),
              ),
            ]}
          >
            <Input placeholder="10.0.0.8" autoComplete="off" />
          </Form.Item>
          <Form.Item name="port" rules={[wholeOf(PORT)]} style={{ width: 112 }}>
            <InputNumber controls={false} aria-label={t("Port", "端口号")} style={{ width: "100%" }} />
          </Form.Item>
        </Space.Compact>
      </Form.Item>
      {name("database", "Database", "数据库实例名")}
      <Form.Item name="language" label={t("Database language", "数据库语言")}>
        <Select
          disabled={fixed}
          options={[
            { value: "mysql", label: "MySQL" },
            { value: "postgresql", label: "PostgreSQL" },
          ]}
          onChange={(to: keyof typeof PORTS) => {
            const port = form.getFieldValue("port") as number | undefined;
            if (port === undefined || Object.values<number>(PORTS).includes(port))
              form.setFieldValue("port", PORTS[to]);
          }}
        />
      </Form.Item>
      {language === "postgresql" && name("schema", "Schema", "模式名", t("Optional", "选填"))}
      {name("table", "Table", "数据库表名")}
      {name(
        "metadata",
        "Table that describes its columns",
        "元数据表名",
        t(
          "Optional; of the same database, with columns column_name and description",
          "选填；同一数据库中的表，包含 column_name 和 description 两列",
        ),
      )}
      {name("username", "User name", "用户名")}
      <Form.Item
        name="password"
        label={t("Password", "密码")}
        rules={[{ required: true, message: required.message }, most(1_024)]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="rootCertificate"
        label={t("Root certificate", "数据库根证书")}
        rules={[{ required: true, message: t("Choose the certificate", "请上传数据库根证书") }, certificate]}
      >
        <FileField
          accept=".pem"
          hint={t("Root of the database's TLS certificate, .pem", "请上传数据库 TLS 根证书，仅支持 .pem 格式")}
        />
      </Form.Item>
      <Form.Item
        name="serverName"
        label={t("Name in its certificate", "证书中的服务器名")}
        extra={t("Only where it is another than the address", "仅在与数据源地址不同时填写")}
        validateFirst
        rules={[most(253), fits(HOST, t("A name or an IP address", "请输入主机名或 IP 地址"))]}
      >
        <Input autoComplete="off" />
      </Form.Item>
      <Setup />
    </>
  );
};

const Setup = () => {
  const names = Form.useWatch([]) as Partial<ConnectionGiven> | undefined;
  return <DatabaseSetup type={names?.language ?? "mysql"} what="source" names={names ?? {}} />;
};

/** As PEM of certificates, whole; whose they are is the enclave's to judge. */
export const useCertificateRule = () => {
  const t = useWords();
  return fileRule(async (file) => {
    if (!/\.pem$/i.test(file.name))
      return t("{name} is not a .pem file", "“{name}”不是 .pem 格式文件", { name: file.name });
    if (file.size > MAX_PEM) {
      const size = sizeText(file.size);
      return t("{size}; at most 64 KB", "文件大小为 {size}，不能超过 64 KB", { size });
    }
    const text = await file.text();
    const begun = text.match(/-----BEGIN [^-]*-----/g)?.length ?? 0;
    const ended = text.match(/-----END [^-]*-----/g)?.length ?? 0;
    if (begun === 0 && ended === 0)
      return t(
        "There is no certificate in it (no line BEGIN CERTIFICATE)",
        "文件中没有证书（缺少 BEGIN CERTIFICATE 行）",
      );
    if (begun !== ended)
      return t("Only part of a certificate: a BEGIN or END line is missing", "证书不完整：缺少 BEGIN 或 END 行");
    if (/PRIVATE KEY-----/.test(text))
      return t("There is a private key in it: choose the certificate alone", "文件包含私钥，请仅上传证书");
    try {
      const blocks = pemBlocks(text);
      const whole =
        blocks.length === begun && blocks.every(({ label, der }) => label === "CERTIFICATE" && isWhole(der));
      return whole ? undefined : t("The certificate is damaged, or it is something else", "证书已损坏，或不是证书");
    } catch {
      return t("The certificate is damaged: its base64 can't be read", "证书已损坏：无法解析 base64 内容");
    }
  });
};

/** A DER sequence that is as long as it says. */
const isWhole = (der: Uint8Array): boolean => {
  const [tag, first = 0] = der;
  if (tag !== 0x30) return false;
  if (first < 0x80) return der.length === 2 + first;
  const size = first & 0x7f;
  const length = der.subarray(2, 2 + size).reduce((sum, byte) => sum * 256 + byte, 0);
  return der.length === 2 + size + length;
};

export interface FileGiven {
  readonly file: File;
}
export const typeOfFile = ({ name }: File): "csv" | "parquet" => (/\.parquet$/i.test(name) ? "parquet" : "csv");

/** One envelope is uploaded whole from the memory of the browser. */
const MAX_FILE = 512 * 2 ** 20;
const PARQUET = "PAR1";

export const TableFileField = () => {
  const t = useWords();
  const judge = fileRule(async (file) => {
    if (!/\.(csv|parquet)$/i.test(file.name))
      return t("{name} is neither .csv nor .parquet", "“{name}”不是 .csv 或 .parquet 文件", { name: file.name });
    if (file.size === 0) return t("The file is empty", "文件为空");
    if (file.size > MAX_FILE)
      return t(
        "{size}; a browser takes 512 MB at most. The command line takes more: entente sources register",
        "文件大小为 {size}，浏览器最多支持 512 MB；更大的文件请使用命令行 entente sources register",
        { size: sizeText(file.size) },
      );
    const start = await file.slice(0, 4).text();
    if (typeOfFile(file) === "parquet" && start !== PARQUET)
      return t(
        "Its name ends in .parquet, its content is something else",
        "文件扩展名为 .parquet，但内容不是 Parquet 格式",
      );
    if (typeOfFile(file) === "csv" && (start === PARQUET || (await file.slice(0, 4_096).text()).includes("\0")))
      return t("Its name ends in .csv, its content is no text", "文件扩展名为 .csv，但内容不是文本");
    return undefined;
  });
  return (
    <Form.Item
      name="file"
      label={t("Table", "数据文件")}
      rules={[{ required: true, message: t("Choose the file", "请选择数据文件") }, judge]}
      extra={t(
        "It is sealed in this browser; the platform never sees a row.",
        "文件在本浏览器中加密，平台无法看到任何数据。",
      )}
    >
      <FileField accept=".csv,.parquet" hint={t(".csv or .parquet", "支持 .csv 或 .parquet 格式")} />
    </Form.Item>
  );
};
