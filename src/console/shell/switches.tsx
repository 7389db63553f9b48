/** Language, light or dark, and the name of the house. */
import { Button, Tooltip } from "antd";
import { usePreferences, useWords } from "../preferences.tsx";

export const Brand = () => (
  <span className="brand">
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M9 11h14M9 16h9M9 21h14" stroke="var(--surface)" strokeWidth="3" strokeLinecap="round" />
    </svg>
    Entente 协约
  </span>
);

export const LanguageSwitch = () => {
  const { language, setLanguage } = usePreferences();
  const other = language === "en" ? "zh-CN" : "en";
  return (
    <Button type="text" lang={other} onClick={() => setLanguage(other)}>
      {other === "en" ? "English" : "中文"}
    </Button>
  );
};

export const ThemeSwitch = () => {
  const { theme, setTheme } = usePreferences();
  const t = useWords();
  const other = theme === "dark" ? "light" : "dark";
  const name = other === "dark" ? t("Dark", "深色") : t("Light", "浅色");
  return (
    <Tooltip title={name}>
      <Button
        type="text"
        aria-label={name}
        onClick={() => setTheme(other)}
        icon={
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
            <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
          </svg>
        }
      />
    </Tooltip>
  );
};
