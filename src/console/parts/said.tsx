/** What went wrong, where it happened: the text of the code, what to do next, and a reference to copy. */
import { Alert, Typography } from "antd";
import { explain } from "../../base/refusal.ts";
import { usePreferences, useWords } from "../preferences.tsx";
import { refusalOf } from "../views.ts";

export const Failure = ({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) => {
  const t = useWords();
  const { language } = usePreferences();
  if (error === undefined || error === null) return null;
  const { code, details, message } = refusalOf(error);
  const said = explain(code, details, language);
  return (
    <Alert
      type="error"
      role="alert"
      title={said === code ? message : said}
      description={
        <span className="row muted">
          {t("Reference", "参考编号")}
          <Typography.Text code copyable>
            {code}
          </Typography.Text>
        </span>
      }
      action={
        retry && (
          <Typography.Link onClick={retry} role="button">
            {t("Try again", "重试")}
          </Typography.Link>
        )
      }
    />
  );
};
