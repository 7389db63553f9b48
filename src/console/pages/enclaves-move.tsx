/** Moves what is the member's own to an enclave: verified first, shown whole, then signed for one by one. */
import { useQuery } from "@tanstack/react-query";
import { Modal, Skeleton } from "antd";
import { Link } from "react-router";
import type { FormerEnclave, Movable } from "../../sdk/workflows/move-to-enclave.ts";
import { useActing } from "../identity/identity.tsx";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { EnclaveChecked, useVerifiedEnclave } from "../parts/enclave-shield.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

const workflow = () => import("../../sdk/workflows/move-to-enclave.ts");

export const Move = ({ to, close }: { to: string; close: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const { client, me = "" } = useActing();
  const verified = useVerifiedEnclave(to).data;
  const plan = useQuery({
    queryKey: ["enclaves", "plan", to, me],
    queryFn: async () => (verified ? (await workflow()).planMove(client, verified, { me }) : null),
    enabled: verified !== undefined && me !== "",
    retry: false,
  });
  const move = useAct(
    async ({ client }) => {
      if (!verified || !plan.data) throw new Error(t("The enclave is not verified yet.", "可信执行环境尚未通过验证。"));
      return (await workflow()).moveToEnclave(client, verified, plan.data);
    },
    (moved) => {
      notice(t("{n} moved.", "已迁移 {n} 项。", { n: moved.length }));
      close();
    },
  );
  const items = plan.data?.items ?? [];
  return (
    <Modal
      open
      width={720}
      title={t("Move your resources to this enclave", "将您的资源迁移到此可信执行环境")}
      onCancel={close}
      footer={
        items.length > 0 && (
          <SignButton loading={move.isPending} disabled={!verified} onClick={() => move.mutate()}>
            {t("Move {n} and sign", "迁移 {n} 项并签名", { n: items.length })}
          </SignButton>
        )
      }
    >
      <div className="stack">
        <p className="muted" style={{ margin: 0 }}>
          {t(
            "Compare the program with what the operator announced. The former enclave hands over to this program and no other; nothing is sealed again.",
            "请将程序度量值与平台运营方公布的值核对。原环境只会移交给该程序，数据无需重新加密。",
          )}
        </p>
        <EnclaveChecked id={to} />
        {verified && plan.isPending && <Skeleton active title={false} paragraph={{ rows: 3 }} />}
        {plan.error && <Failure error={plan.error} retry={() => void plan.refetch()} />}
        {plan.data && items.length === 0 && (
          <p role="status">{t("All your resources are here already.", "您的资源均已在此环境。")}</p>
        )}
        {items.length > 0 && <Items items={items} />}
        {plan.data?.former.map((one) => (
          <Former key={one.id} of={one} />
        ))}
        {move.error && <Failure error={move.error} />}
      </div>
    </Modal>
  );
};

const Items = ({ items }: { items: readonly Movable[] }) => {
  const t = useWords();
  const kinds = {
    source: t("Data source", "数据源"),
    model: t("Model", "计算模型"),
    alliance: t("Alliance", "计算联盟"),
  };
  return (
    <ul className="lines">
      {items.map(({ kind, id, name }) => (
        <li key={id}>
          <span>
            <Link to={`/${kind}s/${id}`}>{name}</Link> <span className="muted">{kinds[kind]}</span>
          </span>
          <Id>{id}</Id>
        </li>
      ))}
    </ul>
  );
};

/** What changed between the program that has it now and the one that shall. */
const Former = ({ of: { measurement, differs } }: { of: FormerEnclave }) => {
  const t = useWords();
  return (
    <p className="muted" style={{ margin: 0 }}>
      {t("From the program", "迁出自程序")} <Id>{measurement}</Id> ·{" "}
      {t("different: {what}", "不同的组成：{what}", { what: differs.join(", ") || "—" })}
    </p>
  );
};
