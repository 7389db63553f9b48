/** Ids, digests and times as people read them: short, with the whole one click or a glance away. */
import { Typography } from "antd";
import type { Language } from "../../base/refusal.ts";
import { usePreferences } from "../preferences.tsx";

/** An id or a digest; a long one shortened, copied whole. */
export const Id = ({ children }: { children: string }) => {
  const short = children.length > 20 ? `${children.slice(0, 8)}…${children.slice(-6)}` : children;
  return (
    <Typography.Text className="mono unbroken" copyable={{ text: children }} title={children}>
      {short}
    </Typography.Text>
  );
};

/** Made once: a format takes longer to make than all the times of a page to write. */
const formatOf = (language: Language) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const FORMATS = { en: formatOf("en"), "zh-CN": formatOf("zh-CN") };

/** Local time to the minute; the exact one, in UTC, on hover. */
export const Time = ({ at, otherwise = "—" }: { at: string | number | null | undefined; otherwise?: string }) => {
  const { language } = usePreferences();
  if (at === null || at === undefined) return <span className="muted">{otherwise}</span>;
  const date = new Date(at);
  const exact = date.toISOString();
  return (
    <time className="unbroken" dateTime={exact} title={exact}>
      {FORMATS[language].format(date)}
    </time>
  );
};

/** How long from now, or ago: 6 d 23 h. */
export const useAgo = (): ((at: string | number) => string) => {
  const { language } = usePreferences();
  return (at) => {
    const seconds = Math.round((new Date(at).getTime() - Date.now()) / 1_000);
    const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    for (const [unit, size] of UNITS)
      if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
    return format.format(seconds, "second");
  };
};
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
