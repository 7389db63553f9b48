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
  const required = { required: true, whitespace: true, message: t("Fill this in", "请填写此项") };
  const most = (max: number) =>
    validator((value) => {
      const n = characters(value);
      return n > max ? t("{n} characters; at most {max}", "已输入 {n} 个字符，最多 {max} 个", { n, max }) : undefined;
    });
  const fits = (shape: z.ZodType, message: string) =>
    validator((value) => (shape.safeParse(value).success ? undefined : message));
  return { required, most, fits };
};
