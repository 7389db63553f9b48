/** The payment: what is asked to be signed is put together here, from what is read in the form. */
import { Alert, Form, Input, InputNumber, Select } from "antd";
import { Link } from "react-router";
import { GWEI_PLACES, unitsOf } from "../../sdk/workflows/amounts.ts";
import { SignButton, useAct } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { useFilters } from "../parts/list.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { chainName } from "./key-request-message.tsx";

interface Given {
  readonly key: string;
  readonly to: string;
  readonly value: string;
  readonly chainId: number;
  readonly nonce: number;
  readonly gas: number;
  readonly maxFee: string;
  readonly tip: string;
  readonly data?: string;
  readonly note?: string;
  readonly hours: number;
}
const KEPT = ["to", "value", "chainId", "nonce", "gas", "maxFee", "tip", "data", "note", "hours"] as const;
const HOUR = 3_600_000;
const CHAINS = [1, 11155111, 17000, 10, 137, 42161, 8453, 31337];
/** Ether with at most eighteen places, gwei with nine. */
const AMOUNT = /^\d{1,30}(\.\d{1,18})?$/;
const FEE = /^\d{1,12}(\.\d{1,9})?$/;

const ask = async (client: Parameters<Parameters<typeof useAct<unknown, Given>>[0]>[0]["client"], given: Given) => {
  const [{ requestSignatures }, { unsignedPayment }] = await Promise.all([
    import("../../sdk/workflows/key-requests.ts"),
    import("../../sdk/workflows/payment.ts"),
  ]);
  const { key, to, chainId, note = "", hours, data = "" } = given;
  const hex = unsignedPayment({
    ...{ chainId, to: to.trim(), nonce: BigInt(given.nonce), gas: BigInt(given.gas) },
    value: unitsOf(given.value) ?? 0n,
    maxFee: unitsOf(given.maxFee, GWEI_PLACES) ?? 0n,
    tip: unitsOf(given.tip, GWEI_PLACES) ?? 0n,
    data: data.trim().replace(/^0x/i, "").toLowerCase(),
  });
  return requestSignatures(client, { key, messages: [{ kind: "transaction", hex }], note, expiresIn: hours * HOUR });
};

export const Pay = ({ done }: { done: (request: string) => void }) => {
  const t = useWords();
  const { get } = useFilters();
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("ethereum", form, KEPT);
  const keys = useView("keys", "list", { tab: "requestable", state: "enabled", scheme: "ECDSA_K1", pageSize: 100 });
  const wanted = get("key");
  const all = keys.data?.items ?? [];
  const first = all.find(({ id, stream }) => id === wanted || stream === wanted) ?? all[0];
  const chosen = (Form.useWatch("key", form) as string | undefined) ?? first?.stream;
  const detail = useView("keys", "get", { id: chosen ?? "" }, { enabled: chosen !== undefined });
  const pay = useAct<{ resource: { id: string } }, Given>(
    ({ client }, given) => ask(client, { ...given, key: given.key ?? first?.stream }),
    ({ resource }) => {
      acknowledged();
      done(resource.id);
    },
  );
  const address = async (_: unknown, value = "") => {
    if (value.trim() === "") return;
    const { isAddress } = await import("../../sdk/workflows/payment.ts");
    if (!isAddress(value.trim()))
      throw new Error(t("No address, or its checksum is wrong", "不是有效地址，或校验不符"));
  };
  if (keys.data && all.length === 0)
    return (
      <Alert
        type="info"
        title={t(
          "You have no key on secp256k1 (ECDSA_K1) that you may ask to sign.",
          "您没有可请求签名的 ECDSA_K1（secp256k1）密钥。",
        )}
        action={<Link to="/keys?new=make">{t("Have one made", "生成密钥")}</Link>}
      />
    );
  return (
    <section className="card">
      <Form
        form={form}
        layout="vertical"
        className="narrow"
        initialValues={{ chainId: 1, nonce: 0, gas: 21_000, maxFee: "30", tip: "1", hours: 24 }}
        onFinish={(given) => pay.mutate(given)}
      >
        <Form.Item
          label={t("Key", "密钥")}
          {...(detail.data?.address && { extra: <span className="mono">{detail.data.address}</span> })}
        >
          <Form.Item name="key" noStyle>
            <Select
              aria-label={t("Key", "密钥")}
              loading={keys.isPending}
              {...(first && { defaultValue: first.stream })}
              key={first?.stream ?? "none"}
              options={all.map(({ stream, alias, id, group }) => ({
                value: stream,
                label: `${alias ?? id} · ${group.name}`,
              }))}
            />
          </Form.Item>
        </Form.Item>
        <Form.Item
          name="to"
          label={t("To", "接收地址")}
          validateTrigger="onBlur"
          rules={[{ required: true, message: t("Enter the address", "请输入接收地址") }, { validator: address }]}
        >
          <Input className="mono" placeholder="0x…" maxLength={42} spellCheck={false} autoComplete="off" />
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
          <Input suffix="ETH" inputMode="decimal" placeholder="0.75" />
        </Form.Item>
        <Form.Item name="chainId" label={t("Chain", "链")}>
          <Select options={CHAINS.map((value) => ({ value, label: chainName(value) }))} />
        </Form.Item>
        <Form.Item
          name="nonce"
          label={t("Number (nonce): as many as the address has sent", "序号（nonce）：该地址已发送的交易数")}
          rules={[{ required: true, message: t("Enter the number", "请输入序号") }]}
        >
          <InputNumber min={0} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <details style={{ marginBottom: 24 }}>
          <summary style={{ cursor: "pointer" }}>{t("Gas, fees and data", "Gas、手续费与数据")}</summary>
          <div style={{ paddingTop: 12 }}>
            <Form.Item name="gas" label={t("Gas, at most", "Gas 上限")} rules={[{ required: true }]}>
              <InputNumber min={21_000} max={60_000_000} precision={0} style={{ width: "100%" }} />
            </Form.Item>
            <Form.Item
              name="maxFee"
              label={t("Fee of a unit of gas, at most", "每单位 Gas 手续费上限")}
              rules={[{ required: true, pattern: FEE, message: t("A number", "请输入数字") }]}
            >
              <Input suffix="gwei" inputMode="decimal" />
            </Form.Item>
            <Form.Item
              name="tip"
              label={t("Of it for the block's maker", "其中支付给出块者")}
              rules={[{ required: true, pattern: FEE, message: t("A number", "请输入数字") }]}
            >
              <Input suffix="gwei" inputMode="decimal" />
            </Form.Item>
            <Form.Item
              name="data"
              label={t("Data (hex)", "数据（十六进制）")}
              rules={[
                {
                  pattern: /^\s*(0x)?([0-9a-fA-F]{2})*\s*$/,
                  message: t("Hexadecimal, whole bytes", "请输入十六进制整字节"),
                },
              ]}
            >
              <Input.TextArea className="mono" autoSize={{ minRows: 1, maxRows: 6 }} placeholder="0x" />
            </Form.Item>
          </div>
        </details>
        <Form.Item name="note" label={t("Note", "备注")} extra={t("Approvers see it.", "审批方可见。")}>
          <Input maxLength={100} showCount />
        </Form.Item>
        <Form.Item name="hours" label={t("Ends after", "有效期")}>
          <Select
            options={[
              { value: 1, label: t("1 hour", "1 小时") },
              { value: 24, label: t("1 day", "1 天") },
              { value: 167, label: t("7 days", "7 天") },
            ]}
          />
        </Form.Item>
        {pay.error && <Failure error={pay.error} />}
        <SignButton htmlType="submit" loading={pay.isPending} disabled={!chosen} style={{ marginTop: 8 }}>
          {t("Ask for the signature, and sign", "请求签名并签署")}
        </SignButton>
      </Form>
    </section>
  );
};
