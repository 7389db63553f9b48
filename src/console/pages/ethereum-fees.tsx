/** What few have to fill in: fields that are empty take what stands in them grey. */
import { Form, Input, InputNumber } from "antd";
import { useState } from "react";
import { GWEI_PLACES, unitsOf } from "../../sdk/workflows/amounts.ts";
import { KeyPath } from "../parts/key-path-field.tsx";
import { useRules } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";
import { DATA, FEE, GAS, type Given, NONCE, type Suggested } from "./ethereum-prepare.ts";

export const Fees = ({ suggested, manual }: { suggested: Suggested; manual: boolean }) => {
  const t = useWords();
  const { whole } = useRules();
  const [open, setOpen] = useState(false);
  // What was typed before is seen, and what is said of it.
  const given = (Form.useWatch([]) as Given | undefined) ?? {};
  const written = [given.nonce, given.gas, given.maxFee, given.tip, given.data, given.path].some(
    (one) => one != null && one !== "",
  );
  return (
    <details
      style={{ marginBottom: 24 }}
      open={open || written}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary style={{ cursor: "pointer" }}>{t("Gas, fees and data", "Gas、手续费与数据")}</summary>
      <div style={{ paddingTop: 12 }}>
        <p className="muted" style={{ marginTop: 0 }}>
          {manual
            ? t("Usual values are shown in grey; type over them to change.", "灰色为常用值，可直接填写其他值。")
            : t(
                "The platform node's suggestions are shown in grey; type over them to change.",
                "灰色为平台节点的建议值，如需更改请直接填写。",
              )}
        </p>
        {!manual && (
          <Form.Item name="nonce" label={t("Nonce", "序号（nonce）")} rules={[{ ...whole(...NONCE), required: false }]}>
            <InputNumber controls={false} placeholder={String(suggested.nonce ?? "")} style={{ width: "100%" }} />
          </Form.Item>
        )}
        <Form.Item name="gas" label={t("Gas limit", "Gas 上限")} rules={[{ ...whole(...GAS), required: false }]}>
          <InputNumber controls={false} placeholder={String(suggested.gas)} style={{ width: "100%" }} />
        </Form.Item>
        <Fee
          name="maxFee"
          label={t("Fee of a unit of gas, at most", "每单位 Gas 手续费上限")}
          suggested={suggested.maxFee}
          most={undefined}
        />
        <Fee
          name="tip"
          label={t("Of it for the block's maker", "其中支付给出块者")}
          suggested={suggested.tip}
          most={given.maxFee || suggested.maxFee}
        />
        <Form.Item
          name="data"
          label={t("Data (hex)", "数据（十六进制）")}
          rules={[{ pattern: DATA, message: t("Hexadecimal, whole bytes", "请输入十六进制整字节") }]}
        >
          <Input.TextArea className="mono" autoSize={{ minRows: 1, maxRows: 6 }} placeholder="0x" />
        </Form.Item>
        <KeyPath />
      </div>
    </details>
  );
};

interface FeeProps {
  readonly name: string;
  readonly label: string;
  readonly suggested: string;
  /** What it is a part of, gwei. */
  readonly most: string | undefined;
}

const Fee = ({ name, label, suggested, most }: FeeProps) => {
  const t = useWords();
  const part = async (_: unknown, value: string | undefined) => {
    const [asked, all] = [value || suggested, most ?? ""].map((gwei) => unitsOf(gwei, GWEI_PLACES));
    // No node takes such a transaction, and its signatures would be for nothing.
    if (asked !== undefined && all !== undefined && asked > all)
      throw new Error(t("More than the fee that it is a part of", "不能超过手续费上限"));
  };
  return (
    <Form.Item
      name={name}
      label={label}
      dependencies={most === undefined ? [] : ["maxFee"]}
      validateFirst
      rules={[
        { pattern: FEE, message: t("A number with at most 9 places", "请输入数字，最多 9 位小数") },
        { validator: part },
      ]}
    >
      <Input suffix="gwei" inputMode="decimal" placeholder={suggested} />
    </Form.Item>
  );
};
