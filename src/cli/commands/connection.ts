/** How a database is reached, as the console's forms ask for it: 数据源 and 结果接收 alike. */
import type { Flag } from "../command.ts";
import { refuse } from "../errors.ts";
import { readSecret, readText } from "../files.ts";
import { type Given, textOf } from "../given.ts";
import { text } from "../text.ts";

const PORTS: Readonly<Record<string, number>> = { mysql: 3_306, postgresql: 5_432 };

/** @param prefix of every flag's name, where a command has others of the same meaning */
export const connectionFlags = (prefix = ""): readonly Flag[] => [
  { name: `${prefix}host`, type: "text", value: "HOST", summary: text("name or IP address", "IP地址或主机名") },
  { name: `${prefix}port`, type: "integer", summary: text("the database's usual one", "端口号，默认为数据库常用端口") },
  {
    name: `${prefix}server-name`,
    type: "text",
    value: "NAME",
    summary: text("name in the server's certificate, if another", "服务器证书中的名称（与主机名不同时）"),
  },
  { name: `${prefix}database`, type: "text", summary: text("the database", "数据库实例名") },
  {
    name: `${prefix}schema`,
    type: "text",
    summary: text("PostgreSQL: public unless given", "PostgreSQL 模式，默认 public"),
  },
  { name: `${prefix}table`, type: "text", summary: text("the table", "数据库表名") },
  { name: `${prefix}username`, type: "text", summary: text("the user", "用户名") },
  {
    name: `${prefix}password-file`,
    type: "text",
    value: "FILE",
    summary: text("its password; - reads the standard input", "密码文件，- 表示标准输入"),
  },
  {
    name: `${prefix}root-certificate`,
    type: "text",
    value: "FILE.pem",
    summary: text("the roots that the server's certificate may lead to", "数据库根证书"),
  },
];

/** What was given, as the enclave will read it. @throws Refusal usage.missing, file.unreadable */
export const connectionOf = (given: Given, type: string, command: string, prefix = ""): Record<string, unknown> => {
  const optional = (name: string) => textOf(given, `${prefix}${name}`);
  const required = (name: string) => {
    const value = optional(name);
    if (value === undefined) throw refuse("usage.missing", { what: `--${prefix}${name}`, command });
    return value;
  };
  const [serverName, schema] = [optional("server-name"), optional("schema")];
  return {
    host: required("host"),
    port: given.flags[`${prefix}port`] ?? PORTS[type],
    ...(serverName !== undefined && { serverName }),
    database: required("database"),
    ...(schema !== undefined && { schema }),
    table: required("table"),
    username: required("username"),
    password: readSecret(required("password-file")),
    rootCertificate: readText(required("root-certificate")),
  };
};
