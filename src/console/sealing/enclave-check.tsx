/** Whom something is going to be sealed to: verified in this browser before anything can be sent. */
import { useQuery } from "@tanstack/react-query";
import { Select, Skeleton, Tag, Tooltip } from "antd";
import { useEffect, useState } from "react";
import type { VerifiedEnclave } from "../../sdk/workflows/verify-enclave.ts";
import { expectedEnclaves, seen } from "../identity/trusted-enclaves.ts";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { useSealing } from "./sealing.tsx";

/** @param wanted stream id; the first that runs, where it is undefined */
export const useEnclave = (wanted?: string) => {
  const { run } = useSealing();
  const [chosen, choose] = useState(wanted);
  useEffect(() => choose(wanted), [wanted]);
  const { data: list, error: listError } = useView("enclaves", "list", {});
  const all = list?.items ?? [];
  const id = chosen ?? all.find(({ running }) => running)?.id ?? all[0]?.id;
  const verified = useQuery<VerifiedEnclave>({
    queryKey: ["verified-enclave", id],
    queryFn: async () => seen(await run("verify", { id: id ?? "", expected: expectedEnclaves() })),
    enabled: id !== undefined,
    staleTime: 60_000,
    retry: false,
  });
  return { all, id, choose, verified, listError };
};

export const EnclaveCheck = ({
  of: { all, id, choose, verified, listError },
  fixed = false,
}: {
  of: ReturnType<typeof useEnclave>;
  /** It is not to be chosen. */
  fixed?: boolean;
}) => {
  const t = useWords();
  const { data, error, refetch } = verified;
  return (
    <div className="stack" style={{ gap: 8 }}>
      {!fixed && all.length > 1 && (
        <Select
          aria-label={t("Enclave", "可信执行环境")}
          value={id}
          onChange={choose}
          options={all.map(({ id: one, provider, running }) => ({
            value: one,
            label: `${provider} · ${one.slice(0, 8)}${running ? "" : t(" (not running)", "（未运行）")}`,
          }))}
        />
      )}
      {(listError ?? error) && <Failure error={listError ?? error} retry={() => void refetch()} />}
      {!data && !error && !listError && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
      {data && (
        <>
          <div className="row">
            <EnclaveSeal hardware={data.hardware} />
            <span className="muted">{t("Program", "程序度量值")}</span> <Id>{data.measurement}</Id>
          </div>
          <div className="muted">{t("Not proven: {what}", "无法证明：{what}", { what: t(data.doesNotProve) })}</div>
        </>
      )}
    </div>
  );
};

/** How far its word goes. */
export const EnclaveSeal = ({ hardware }: { hardware: boolean }) => {
  const t = useWords();
  return (
    <Tooltip title={t("Its attestation was verified in this browser.", "已在本浏览器中验证其远程证明。")}>
      {hardware ? (
        <Tag color="success" style={{ color: "var(--good)" }}>
          {t("Verified in this browser", "已在本浏览器验证")}
        </Tag>
      ) : (
        <Tag color="warning" style={{ color: "var(--warn)" }}>
          {t("Verified, attestation simulated", "已验证，证明为模拟")}
        </Tag>
      )}
    </Tooltip>
  );
};
