/** Rules of what an account and its users are called, as the server judges them. */
import { Login, Nickname, Password } from "../../contract/accounts.ts";
import { useWords } from "../preferences.tsx";
import { useRules } from "./rules.tsx";

export const useAccountRules = () => {
  const t = useWords();
  const { obeys } = useRules();
  const login = t(
    "Small letters and digits, and . _ @ - after the first",
    "仅支持小写字母、数字，首位之后可使用 . _ @ -",
  );
  return {
    nickname: obeys(Nickname, t("Chinese characters, letters, digits, _ and - only", "仅支持中英文、数字、_ 和 -")),
    login: obeys(Login, login),
    password: obeys(Password, t("Another password", "请更换密码")),
  };
};
