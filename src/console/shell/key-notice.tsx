/** Above a page: what stands between this person and signing, and the one next step. */
import { Alert } from "antd";
import { Link, useLocation } from "react-router";
import { useActing } from "../identity/identity.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

export const KeyNotice = () => {
  const t = useWords();
  const { account, permissions } = useSession();
  const { state } = useActing();
  const { pathname } = useLocation();
  if (!account || !permissions.has("identity.found") || pathname === "/identity" || pathname === "/account")
    return null;
  // There the first steps say it.
  if (pathname === "/" && state === "unfounded") return null;
  const unverified = [
    t("Your organisation is not verified yet.", "您的机构尚未完成实名认证。"),
    "/account",
    t("Submit details", "去认证"),
  ] as const;
  const said = {
    unfounded: {
      none: unverified,
      rejected: unverified,
      submitted: [
        t("The platform operator is reviewing what you submitted.", "平台运营方正在审核您提交的资料。"),
        "/account",
        t("View", "查看"),
      ] as const,
      approved: [
        t("Your organisation has no chain identity yet.", "您的机构尚未创建链身份。"),
        "/identity",
        t("Create it", "去创建"),
      ] as const,
    }[account.verification.state],
    absent: [
      t(
        "Your signing key is not in this browser: you can view, but not sign.",
        "签名密钥不在此浏览器中，您只能查看，不能签名。",
      ),
      "/identity",
      t("Open it", "打开密钥"),
    ] as const,
  }[state as string];
  if (!said) return null;
  const [text, to, action] = said;
  return <Alert type="info" style={{ marginBottom: 16 }} title={text} action={<Link to={to}>{action}</Link>} />;
};
