/** 以太坊交易: a payment from end to end, by a key that nobody holds. The address keeps where one is. */
import { Button, Steps, Table } from "antd";
import { Link } from "react-router";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { KeyLink, StateTag, WatchRequest } from "../parts/keys.tsx";
import { useFilters, WIDE } from "../parts/list.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { write } from "../storage.ts";
import { useView } from "../views.ts";
import { Pay } from "./ethereum-pay.tsx";
import { intentOf, Send } from "./ethereum-send.tsx";
import { Outcome, What, Who } from "./key-request.tsx";
import { Decide } from "./key-request-decide.tsx";

const ENDED = ["failed", "refused", "expired", "withdrawn"];

export const Page = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const id = get("request");
  const read = useView("keyRequests", "get", { id: id ?? "" }, { enabled: id !== undefined });
  const request = id === undefined ? undefined : read.data;
  const at = request === undefined ? 0 : request.state === "completed" ? 2 : 1;
  return (
    <Frame
      title={t("Ethereum payment", "以太坊交易")}
      beside={request && <StateTag state={request.state} label={request.stateLabel} />}
      actions={
        id !== undefined && (
          <Button onClick={() => set({ request: undefined })}>{t("Another payment", "再发起一笔")}</Button>
        )
      }
    >
      <Steps
        current={at}
        {...(request && ENDED.includes(request.state) && { status: "error" as const })}
        responsive
        items={[
          { title: t("Payment", "填写交易") },
          { title: t("Approvals", "审批") },
          { title: t("Sign and send", "签名与发送") },
        ]}
      />
      {id === undefined ? (
        <>
          <Pay
            done={(made, sends) => {
              if (sends) write(intentOf(made), true);
              set({ request: made });
            }}
          />
          <Former />
        </>
      ) : (
        <Loaded of={read}>{(one) => <Follow of={one} />}</Loaded>
      )}
    </Frame>
  );
};

const Follow = ({ of: request }: { of: Request }) => {
  const t = useWords();
  return (
    <>
      {request.state === "pending" && <WatchRequest id={request.id} />}
      <Outcome of={request} />
      {request.state === "completed" && <Send of={request} />}
      <What of={request} />
      <Who of={request} />
      {request.state === "pending" && <Decide of={request} />}
      <Link to={`/key-requests/${request.id}`}>{t("The request with its proof", "查看签名请求与证据")}</Link>
    </>
  );
};

/** What one asked for before: whoever left finds it again. */
const Former = () => {
  const t = useWords();
  const { data } = useView("keyRequests", "list", { tab: "mine", pageSize: 20 });
  const payments = (data?.items ?? []).filter(({ key, action }) => key.scheme === "ECDSA_K1" && action === "sign");
  if (payments.length === 0) return null;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Your earlier requests", "您此前发起的请求")}</h2>
      <Table
        size="small"
        rowKey="stream"
        pagination={false}
        dataSource={payments.slice(0, 5)}
        columns={[
          {
            title: t("Request", "签名请求"),
            render: (_, one) => <Link to={`/ethereum?request=${one.id}`}>{one.note || one.id}</Link>,
          },
          { title: t("Key", "密钥"), responsive: WIDE, render: (_, one) => <KeyLink of={one.key} /> },
          { title: t("State", "状态"), render: (_, one) => <StateTag state={one.state} label={one.stateLabel} /> },
          { title: t("Created", "创建时间"), responsive: WIDE, render: (_, one) => <Time at={one.createdAt} /> },
        ]}
      />
    </section>
  );
};
