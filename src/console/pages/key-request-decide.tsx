/** Approve or refuse, signed in this browser over what the requester signed. */
import { Button, Popconfirm } from "antd";
import { useActing } from "../identity/identity.tsx";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useRead } from "./key-request-read.ts";

export const Decide = ({ of: request }: { of: Request }) => {
  const { id, stream, requester, awaitsYou } = request;
  const t = useWords();
  const read = useRead(request);
  const notice = useNotice();
  const { me } = useActing();
  const approve = useAct(
    // As it was shown: what the server shows otherwise by now is not approved.
    async ({ client }) => (await import("../../sdk/workflows/key-requests.ts")).approveRequest(client, id, {}, request),
    () => notice(t("Your approval is on the ledger.", "您的批准已登记到账本。")),
  );
  const refuse = useAct(
    ({ client }) => client.keyRequests.refuse(stream, {}),
    () => notice(t("You refused; the request has ended.", "您已拒绝，请求已终止。")),
  );
  const withdraw = useAct(
    ({ client }) => client.keyRequests.withdraw(stream, {}),
    () => notice(t("Withdrawn.", "已撤回。")),
  );
  const failure = approve.error ?? refuse.error ?? withdraw.error;
  const busy = approve.isPending || refuse.isPending || withdraw.isPending;
  const mine = requester.id === me;
  if (!awaitsYou && !mine) return failure ? <Failure error={failure} /> : null;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{awaitsYou ? t("Your decision", "您的决定") : t("Your request", "您的请求")}</h2>
      <p className="muted" style={{ margin: 0 }}>
        {awaitsYou
          ? t(
              "Your signature covers exactly what is shown above: the request ID is its digest. One refusal ends the request.",
              "您的签名仅针对上方内容：请求编号即其摘要。任何一方拒绝即终止请求。",
            )
          : t(
              "The nodes sign once their policies are satisfied. Requesters cannot approve their own request.",
              "满足策略后节点将立即签名。请求方不能审批自己的请求。",
            )}
      </p>
      {failure && <Failure error={failure} />}
      <div className="row">
        {awaitsYou && (
          <>
            <SignButton loading={approve.isPending} disabled={busy || !read.data} onClick={() => approve.mutate()}>
              {t("Approve and sign", "批准并签名")}
            </SignButton>
            <Popconfirm
              title={t("This ends the request for everyone.", "拒绝后该请求即告终止。")}
              okText={t("Refuse and sign", "拒绝并签名")}
              okButtonProps={{ danger: true }}
              onConfirm={() => refuse.mutate()}
            >
              <Button danger loading={refuse.isPending} disabled={busy}>
                {t("Refuse…", "拒绝…")}
              </Button>
            </Popconfirm>
          </>
        )}
        {mine && (
          <Popconfirm
            title={t("This ends the request for everyone.", "撤回后该请求即告终止。")}
            okText={t("Withdraw and sign", "撤回并签名")}
            okButtonProps={{ danger: true }}
            onConfirm={() => withdraw.mutate()}
          >
            <Button danger loading={withdraw.isPending} disabled={busy}>
              {t("Withdraw…", "撤回…")}
            </Button>
          </Popconfirm>
        )}
      </div>
    </section>
  );
};
