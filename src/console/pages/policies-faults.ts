/** What is wrong with policies before any engine reads them: names, nothing written, and how much there is together. */
import { utf8 } from "../../base/bytes.ts";
import { KeyPolicy, POLICIES_MAX } from "../../rules/key-group.ts";
import { useWords } from "../preferences.tsx";

const { id: ID } = KeyPolicy.shape;

export const useFaults = (written: readonly KeyPolicy[]) => {
  const t = useWords();
  const bytes = written.reduce((sum, { text }) => sum + utf8(text).length, 0);
  const together =
    bytes > POLICIES_MAX
      ? t("{n} bytes together; at most {max}", "策略合计 {n} 字节，最多 {max} 字节", {
          n: bytes.toLocaleString("en"),
          max: POLICIES_MAX.toLocaleString("en"),
        })
      : undefined;
  const each = written.map(({ id, text }, i) => {
    if (!ID.safeParse(id).success)
      return t(
        "A name has small letters, digits and -, 64 at most, and begins with none of the last",
        "策略名称仅支持小写字母、数字和 -，最多 64 个字符，且不能以 - 开头",
      );
    if (written.findIndex((one) => one.id === id) !== i) return t("Another policy has this name", "策略名称重复");
    return text.trim() === "" ? t("Write the policy, or remove it", "请填写策略内容或删除该策略") : undefined;
  });
  return { together, each, any: together !== undefined || each.some((said) => said !== undefined) };
};
