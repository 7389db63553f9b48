/** Floats at the foot of a page while the platform does not answer. */
import { Alert } from "antd";
import { useLost } from "../connection.ts";
import { useWords } from "../preferences.tsx";

export const ConnectionNotice = () => {
  const t = useWords();
  if (!useLost()) return null;
  return (
    <Alert
      type="warning"
      role="status"
      className="afloat"
      title={t("The platform is not responding. Retrying…", "平台暂时无响应，正在重试……")}
      description={t(
        "What you see may be out of date. What you have typed is kept.",
        "当前显示的内容可能不是最新的，您填写的内容仍然保留。",
      )}
    />
  );
};
