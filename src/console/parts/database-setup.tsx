/** What a database administrator runs before the enclave comes: shown with the names that were typed, to be copied. */
import { Typography } from "antd";
import * as mysql from "../../enclave/databases/mysql/setup.ts";
import * as postgresql from "../../enclave/databases/postgresql/setup.ts";
import { useWords } from "../preferences.tsx";
import { Code } from "./keys.tsx";

const SETUP = { mysql, postgresql } as const;
const QUOTES = { mysql: "`", postgresql: '"' } as const;

interface SetupOf {
  readonly type: keyof typeof SETUP;
  readonly what: "source" | "destination";
  readonly names: {
    readonly database?: string | undefined;
    readonly schema?: string | undefined;
    readonly table?: string | undefined;
    readonly metadata?: string | undefined;
    readonly username?: string | undefined;
  };
}

const textOf = ({ type, what, names }: SetupOf): string => {
  const quote = QUOTES[type];
  const known: Readonly<Record<string, string | undefined>> = {
    ...{ database: names.database, table: names.table, "metadata table": names.metadata, user: names.username },
    schema: names.schema || (type === "postgresql" ? "public" : undefined),
  };
  const text = SETUP[type][what === "source" ? "READ_ONLY_USER" : "DESTINATION"];
  return text.replaceAll(/<([a-z ]+)>/g, (all, name: string) => known[name]?.replaceAll(quote, quote + quote) || all);
};

export const DatabaseSetup = (of: SetupOf) => {
  const t = useWords();
  const text = textOf(of);
  return (
    <details>
      <summary className="muted">
        {of.what === "source"
          ? t(
              "What your database administrator runs first: a user who reads this table alone",
              "数据库管理员需先执行：仅可读取该表的用户",
            )
          : t(
              "What your database administrator runs first: the table, and a user who adds to it",
              "数据库管理员需先执行：结果表及仅可写入的用户",
            )}
      </summary>
      <Code>{text}</Code>
      <Typography.Text copyable={{ text }}>{t("Copy", "复制")}</Typography.Text>
    </details>
  );
};
