/** 以太坊交易: a payment from end to end, by a key that nobody holds. The address keeps where one is. */
import { Button, Steps } from "antd";
import { Link } from "react-router";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { StateTag, WatchRequest } from "../parts/keys.tsx";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Pay } from "./ethereum-pay.tsx";
import { Send } from "./ethereum-send.tsx";
import { Outcome, What, Who } from "./key-request.tsx";
import { Decide } from "./key-request-decide.tsx";

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
        {...(request &&
          ["failed", "refused", "expired", "withdrawn"].includes(request.state) && { status: "error" as const })}
        responsive
        items={[
          { title: t("Write the payment", "填写交易") },
          { title: t("Approvals", "审批") },
          { title: t("Signature, and sending", "签名与发送") },
        ]}
      />
      {id === undefined ? (
        <Pay done={(made) => set({ request: made })} />
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
