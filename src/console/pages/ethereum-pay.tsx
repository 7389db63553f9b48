/** The payment: what is asked to be signed is put together here, from what is read in the form and on the chain. */
import { Alert, Form, Input, InputNumber, Select, Switch } from "antd";
import { useEffect } from "react";
import { Link } from "react-router";
import { writtenOf } from "../../sdk/workflows/amounts.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { pathOf } from "../parts/key-path.ts";
import { useFilters } from "../parts/list.tsx";
import { useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Fees } from "./ethereum-fees.tsx";
import { AMOUNT, type Given, NONCE, usePrepared, useUnsigned } from "./ethereum-prepare.ts";
import { chainName, Message } from "./key-request-message.tsx";
import { RequestTerms } from "./key-request-terms.tsx";

interface Written extends Given {
  readonly sends?: boolean;
}
const KEPT = [
  ...(["path", "to", "value", "chainId", "nonce", "gas", "maxFee", "tip", "data", "note", "hours", "sends"] as const),
] as const;
const HOUR = 3_600_000;
const CHAINS = [1, 11155111, 17000, 10, 137, 42161, 8453, 31337];

export const Pay = ({ done }: { done: (request: string, sends: boolean) => void }) => {
  const t = useWords();
  const { get } = useFilters();
  const { whole } = useRules();
  const [form] = Form.useForm<Written>();
  const acknowledged = useDraft("ethereum", form, KEPT);
  const keys = useView("keys", "list", { tab: "requestable", state: "enabled", scheme: "ECDSA_K1", pageSize: 100 });
  const wanted = get("key");
  const all = keys.data?.items ?? [];
  const first = all.find(({ id, stream }) => id === wanted || stream === wanted) ?? all[0];
  const given = (Form.useWatch([], form) as Written | undefined) ?? {};
  const chosen = given.key ?? first?.stream;
  const detail = useView("keys", "get", { id: chosen ?? "" }, { enabled: chosen !== undefined });
  const key = detail.data?.stream === chosen ? detail.data : undefined;
  const prepared = usePrepared(given, key && { ...key, scheme: "ECDSA_K1" });
  const { from, node, manual, suggested } = prepared;
  const unsigned = useUnsigned(given, suggested, key?.publicKey);
  useEffect(() => {
    if (first && form.getFieldValue("key") === undefined) form.setFieldsValue({ key: first.stream });
  }, [first, form]);
  const pay = useAct<{ resource: { id: string } }, Written>(
    async ({ client }, { note = "", hours = 24, path }) => {
      const { requestSignatures } = await import("../../sdk/workflows/key-requests.ts");
      const messages = [{ kind: "transaction" as const, hex: unsigned.data?.hex ?? "" }];
      return requestSignatures(client, {
        ...{ key: chosen ?? "", messages, path: pathOf(path), note, expiresIn: hours * HOUR },
      });
    },
    ({ resource }) => {
      acknowledged();
      done(resource.id, !manual && given.sends !== false);
    },
  );
  const address = async (_: unknown, value = "") => {
    if (value.trim() === "") return;
    const { isAddress } = await import("../../sdk/workflows/payment.ts");
    if (!isAddress(value.trim()))
      throw new Error(t("No address, or its checksum is wrong", "不是有效地址，或校验不符"));
  };
  if (keys.error && !keys.data) return <Failure error={keys.error} retry={() => void keys.refetch()} />;
  if (keys.data && all.length === 0)
    return (
      <Alert
        type="info"
        title={t(
          "You have no key on secp256k1 (ECDSA_K1) that you may ask to sign.",
          "您没有可请求签名的 ECDSA_K1（secp256k1）密钥。",
        )}
        action={<Link to="/keys?new=make">{t("Generate one", "生成密钥")}</Link>}
      />
    );
  const short = node && unsigned.data && BigInt(node.balance) < unsigned.data.cost;
  return (
    <div className="grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 400px), 1fr))" }}>
      <section className="card">
        <Form
          form={form}
          layout="vertical"
          initialValues={{ chainId: 1, hours: 24, sends: true }}
          onFinish={(given) => pay.mutate(given)}
        >
          {manual && !prepared.failure && (
            <Alert
              type="info"
              style={{ marginBottom: 16 }}
              title={t(
                "This platform has no Ethereum node: fill in the number yourself, and send the signed transaction elsewhere.",
                "本平台未配置以太坊节点：请自行填写序号，并通过其他途径发送已签名的交易。",
              )}
            />
          )}
          {prepared.failure && (
            <div style={{ marginBottom: 16 }}>
              <Failure error={prepared.failure} retry={prepared.retry} />
            </div>
          )}
          <Form.Item
            name="key"
            label={t("Key", "密钥")}
            extra={
              from && (
                <span className="row" style={{ gap: "0 12px" }}>
                  <span className="mono" style={{ overflowWrap: "anywhere" }}>
                    {from}
                  </span>
                  {node && (
                    <span>{t("has {ether} ETH", "余额 {ether} ETH", { ether: writtenOf(BigInt(node.balance)) })}</span>
                  )}
                </span>
              )
            }
          >
            <Select
              loading={keys.isPending}
              options={all.map(({ stream, alias, id, group }) => ({
                value: stream,
                label: `${alias ?? id} · ${group.name}`,
              }))}
            />
          </Form.Item>
          <Form.Item
            name="to"
            label={t("To", "接收地址")}
            validateTrigger="onBlur"
            rules={[{ required: true, message: t("Enter the address", "请输入接收地址") }, { validator: address }]}
          >
            <Input className="mono" placeholder="0x…" spellCheck={false} autoComplete="off" />
          </Form.Item>
          <Form.Item
            name="value"
            label={t("Amount", "金额")}
            rules={[
              {
                required: true,
                pattern: AMOUNT,
                message: t("A number with at most 18 places", "请输入数字，最多 18 位小数"),
              },
            ]}
          >
            <Input suffix="ETH" inputMode="decimal" placeholder="0.75" autoComplete="off" />
          </Form.Item>
          {manual && (
            <>
              <Form.Item name="chainId" label={t("Chain", "链")}>
                <Select options={CHAINS.map((value) => ({ value, label: chainName(value) }))} />
              </Form.Item>
              <Form.Item
                name="nonce"
                label={t("Nonce", "序号（nonce）")}
                extra={t("How many transactions were sent from this address so far.", "该地址此前已发送的交易数。")}
                rules={[whole(...NONCE)]}
              >
                <InputNumber controls={false} style={{ width: "100%" }} />
              </Form.Item>
            </>
          )}
          <Fees suggested={suggested} manual={manual} />
          <RequestTerms />
          {node && (
            <Form.Item
              name="sends"
              valuePropName="checked"
              label={t("Send it as soon as it is signed", "签名后立即发送")}
              extra={t(
                "By this page, while it is open. Otherwise anybody sends it later from its page.",
                "由本页面在打开期间自动发送；否则稍后可在其页面手动发送。",
              )}
            >
              <Switch />
            </Form.Item>
          )}
        </Form>
      </section>
      <section className="card stack" aria-live="polite" style={{ alignSelf: "start", position: "sticky", top: 72 }}>
        <h2 style={{ margin: 0 }}>{t("Your transaction", "所请求的交易")}</h2>
        {unsigned.data ? (
          <Message read={unsigned.data.read} />
        ) : (
          <span className="muted">
            {t("Enter address and amount to see the transaction here.", "填写接收地址与金额后，将在此显示交易内容。")}
          </span>
        )}
        {unsigned.error && <Failure error={unsigned.error} />}
        {short && (
          <Alert
            type="warning"
            title={t("The address has less than this may cost.", "该地址余额不足以支付可能的总费用。")}
            description={t(
              "It may cost {cost} ETH; {balance} ETH are there.",
              "最多需要 {cost} ETH，现有 {balance} ETH。",
              {
                cost: writtenOf(unsigned.data?.cost ?? 0n),
                balance: writtenOf(BigInt(node.balance)),
              },
            )}
          />
        )}
        {node?.problem && (
          <Alert
            type="warning"
            title={t("The chain would not carry it out as it is now.", "按当前状态，该交易将无法执行。")}
            description={<span style={{ overflowWrap: "anywhere" }}>{node.problem}</span>}
          />
        )}
        {chosen && <Rivals of={chosen} />}
        {pay.error && <Failure error={pay.error} />}
        <div>
          <SignButton
            loading={pay.isPending}
            disabled={!chosen || !unsigned.data || !prepared.settled}
            onClick={() => form.submit()}
          >
            {t("Request the signature and sign", "请求签名并签署")}
          </SignButton>
        </div>
      </section>
    </div>
  );
};

/** Other requests to the key that wait: of two transactions with one number, only one is ever carried out. */
const Rivals = ({ of }: { of: string }) => {
  const t = useWords();
  const { data } = useView("keyRequests", "list", { key: of, state: "pending", pageSize: 1 });
  if (!data || data.total === 0) return null;
  return (
    <Alert
      type="info"
      title={t("{n} {n|request is|requests are} already waiting for this key.", "该密钥已有 {n} 个待处理的请求。", {
        n: data.total,
      })}
      description={t(
        "Of two payments with the same number the chain carries out one. Wait until they are sent, or give this one a later number.",
        "序号相同的两笔交易，链上只会执行一笔。请等待其发送后再发起，或为本笔填写后续序号。",
      )}
      action={<Link to={`/key-requests?key=${of}`}>{t("View", "查看")}</Link>}
    />
  );
};
