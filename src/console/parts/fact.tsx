/** Lines of a `<dl className="facts">`. */
import { Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Member, type Someone } from "./member.tsx";
import { Id, Time } from "./values.tsx";

export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

/** To whom something is open by name; nothing where that is not shown. */
export const NamedMembers = ({ of }: { of: readonly Someone[] | undefined }) => {
  const t = useWords();
  if (!of) return null;
  return (
    <Fact name={t("Named members", "定向公开成员")}>
      <span className="row">
        {of.map((member) => (
          <Member key={member.id} of={member} />
        ))}
      </span>
    </Fact>
  );
};

interface Kept {
  readonly enclave: string;
  readonly createdAt: string;
  readonly updatedAt?: string;
  readonly stream: string;
}

/** Where and since when something is kept. */
export const KeptSince = ({ of: { enclave, createdAt, updatedAt, stream } }: { of: Kept }) => {
  const t = useWords();
  return (
    <>
      <Fact name={t("Enclave", "可信执行环境")}>
        <Where at={enclave} />
      </Fact>
      <Fact name={t("Created", "创建时间")}>
        <Time at={createdAt} />
      </Fact>
      {updatedAt !== undefined && (
        <Fact name={t("Changed", "更新时间")}>
          <Time at={updatedAt} />
        </Fact>
      )}
      <Fact name={t("Stream", "账本流")}>
        <Id>{stream}</Id>
      </Fact>
    </>
  );
};

/** The enclave that can open it; loud where that one runs no more. */
const Where = ({ at }: { at: string }) => {
  const t = useWords();
  const { data } = useView("enclaves", "list", {});
  const former = data?.items.some(({ id, running }) => id === at && !running) ?? false;
  return (
    <span className="row">
      <Id>{at}</Id>
      {former && (
        <>
          <Tag color="warning">{t("Not running", "未运行")}</Tag>
          <Link to="/enclaves">{t("See where it can move", "查看可迁移的环境")}</Link>
        </>
      )}
    </span>
  );
};
