/** Rules of form fields, out of the shapes that the ledger will judge by: characters are counted as people count them. */
import type { InputProps } from "antd";
import type { z } from "zod";
import { useWords } from "../preferences.tsx";

export const characters = (text: string): number => [...text].length;

/** A counter that counts characters, not UTF-16 units, and cuts nothing off: the rule says what is too long. */
export const counted = (max: number): NonNullable<InputProps["count"]> => ({ show: true, max, strategy: characters });

/** Throws the text, as antd's validators do. */
const validator = (judge: (value: string) => string | undefined) => ({
  async validator(_: unknown, value: unknown) {
    const said = value === undefined || value === null || value === "" ? undefined : judge(String(value));
    if (said !== undefined) throw new Error(said);
  },
});

export const useRules = () => {
  const t = useWords();
  const required = { required: true, whitespace: true, message: t("This is required", "请填写此项") };
  const most = (max: number) =>
    validator((value) => {
      const n = characters(value);
      return n > max ? t("{n} characters; at most {max}", "已输入 {n} 个字符，最多 {max} 个", { n, max }) : undefined;
    });
  const fits = (shape: z.ZodType, message: string) =>
    validator((value) => (shape.safeParse(value).success ? undefined : message));
  /** The same, and where its length is the matter it says by how much, counted as the shape does. */
  const obeys = (shape: z.ZodType, message: string) =>
    validator((value) => {
      const issues = shape.safeParse(value).error?.issues ?? [];
      const [first] = issues;
      if (first === undefined) return undefined;
      const n = value.length;
      const [long, short] = ["too_big", "too_small"].map((code) => issues.find((issue) => issue.code === code));
      if (long?.code === "too_big")
        return t("{n} characters; at most {max}", "已输入 {n} 个字符，最多 {max} 个", { n, max: String(long.maximum) });
      if (short?.code === "too_small")
        return t("At least {min} characters", "至少 {min} 个字符", { min: String(short.minimum) });
      return message;
    });
  /** Of a number field without bounds of its own: those would write another number over what was typed. */
  const whole = (min: number, max: number) => ({
    ...{ required: true, type: "integer" as const, min, max },
    message: t("A whole number from {min} to {max}", "请输入 {min} 至 {max} 的整数", {
      min: min.toLocaleString("en"),
      max: max.toLocaleString("en"),
    }),
  });
  /** The same, with the bounds of the shape. */
  const wholeOf = ({ minValue, maxValue }: Pick<z.ZodNumber, "minValue" | "maxValue">) =>
    whole(minValue ?? 0, maxValue ?? Number.MAX_SAFE_INTEGER);
  return { required, most, fits, obeys, whole, wholeOf };
};
