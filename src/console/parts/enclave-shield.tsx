/** The seal of an enclave: verified in this browser, simulated, or not checked; a click shows what was checked. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Popover } from "antd";
import type { ReactNode } from "react";
import { Refusal } from "../../base/refusal.ts";
import type { Client } from "../../sdk/client.ts";
import type { VerifiedEnclave } from "../../sdk/workflows/verify-enclave.ts";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

import { Failure } from "./said.tsx";
import { Id } from "./values.tsx";
import "../pages/task.css";

const KEY = "verified-enclave";

/** Checks the enclave's attestation, fresh, in this browser. */
export const useVerifiedEnclave = (id: string) => {
  const { client } = useSession();
  return useQuery<VerifiedEnclave>({
    queryKey: [KEY, id],
    queryFn: async () => (await import("../identity/trusted-enclaves.ts")).verifyTrusted(client, id),
    enabled: id !== "",
    retry: false,
    staleTime: 600_000,
  });
};

/** The person says that this program is one to trust as well. @throws as `verifyEnclave` */
const trust = async (client: Client, id: string): Promise<void> => {
  const [{ pin }, { verifyEnclave }] = await Promise.all([
    import("../identity/trusted-enclaves.ts"),
    import("../../sdk/workflows/verify-enclave.ts"),
  ]);
  pin(await verifyEnclave(client, id, { enclaves: "any" }));
};

const Mark = ({ kind }: { kind: "good" | "open" | "bad" }) => (
  <svg width="12" height="14" viewBox="0 0 12 14" aria-hidden="true">
    <path
      d="M6 1l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V3z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
      strokeLinejoin="round"
    />
    {kind === "good" && <path d="M3.8 7l1.6 1.6L8.4 5.5" fill="none" stroke="currentColor" strokeWidth="1.3" />}
    {kind === "bad" && <path d="M4.3 5.3l3.4 3.4M7.7 5.3L4.3 8.7" stroke="currentColor" strokeWidth="1.3" />}
  </svg>
);

export const EnclaveShield = ({ id }: { id: string }) => {
  const t = useWords();
  const { data, error } = useVerifiedEnclave(id);
  const [kind, colour, words] = error
    ? (["bad", "var(--bad)", t("Enclave not verified", "可信执行环境未通过验证")] as const)
    : !data
      ? (["open", "var(--muted)", t("Enclave: checking", "可信执行环境：正在验证")] as const)
      : data.hardware
        ? (["good", "var(--good)", t("Enclave verified in this browser", "可信执行环境：已在本浏览器验证")] as const)
        : (["open", "var(--warn)", t("Enclave simulated", "可信执行环境：模拟")] as const);
  return (
    <Popover trigger="click" content={<EnclaveChecked id={id} />} placement="bottom">
      <button type="button" className="shield" style={{ color: colour }}>
        <Mark kind={kind} />
        {words}
      </button>
    </Popover>
  );
};

/** What was checked of it, whole. */
export const EnclaveChecked = ({ id }: { id: string }) => {
  const t = useWords();
  const { client } = useSession();
  const queries = useQueryClient();
  const { data, error } = useVerifiedEnclave(id);
  const accept = useMutation({
    mutationFn: () => trust(client, id),
    onSuccess: () => queries.invalidateQueries({ queryKey: [KEY] }),
  });
  if (error)
    return (
      <div className="stack" style={{ maxWidth: 420 }}>
        <Failure error={error} retry={() => void queries.invalidateQueries({ queryKey: [KEY, id] })} />
        {error instanceof Refusal && error.code === "enclave.untrusted" && (
          <div>
            <Button onClick={() => accept.mutate()} loading={accept.isPending}>
              {t("I asked why: trust this program too", "已查明原因，信任此程序")}
            </Button>
          </div>
        )}
        {accept.error && <Failure error={accept.error} />}
      </div>
    );
  const row = (name: string, value: ReactNode) => (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
  return (
    <dl className="facts" style={{ maxWidth: 640 }}>
      {row(t("Proven", "已证明"), data ? t(data.proves) : t("Checking its attestation…", "正在验证远程证明……"))}
      {row(
        t("Not proven", "未证明"),
        data ? <span style={data.hardware ? undefined : { color: "var(--warn)" }}>{t(data.doesNotProve)}</span> : "…",
      )}
      {row(t("Program (SHA-384)", "程序度量值（SHA-384）"), data ? <Id>{data.measurement}</Id> : "…")}
      {row(
        t("Attestation", "证明方式"),
        data?.provider === "simulated" ? t("Simulated", "模拟") : (data?.provider ?? "…"),
      )}
      {row(t("Model isolation", "模型隔离"), data?.isolation ?? "…")}
      {row(
        t("Has followed the ledger to", "已跟随账本至"),
        data ? t("{n} {n|statement|statements}", "{n} 条声明", { n: data.followed.size }) : "…",
      )}
      {row(t("Identity", "链身份"), <Id>{id}</Id>)}
    </dl>
  );
};
