/** Language and light or dark: the person's choice, kept in this browser; otherwise what the system says. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { Language } from "../base/refusal.ts";
import { read, write } from "./storage.ts";
import { type Words, wordsOf } from "./words.ts";

export type Theme = "light" | "dark";

export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  setLanguage(language: Language): void;
  setTheme(theme: Theme): void;
}

const Context = createContext<Preferences | undefined>(undefined);

const systemLanguage = (): Language => (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en");
const systemTheme = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

export const PreferencesProvider = ({ children }: { children: ReactNode }) => {
  const [language, setLanguage] = useState<Language>(() => read("language", systemLanguage()));
  const [theme, setTheme] = useState<Theme>(() => read("theme", systemTheme()));
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = theme;
  }, [language, theme]);
  const value = useMemo<Preferences>(
    () => ({
      language,
      theme,
      setLanguage(to) {
        write("language", to);
        setLanguage(to);
      },
      setTheme(to) {
        write("theme", to);
        setTheme(to);
      },
    }),
    [language, theme],
  );
  return <Context value={value}>{children}</Context>;
};

export const usePreferences = (): Preferences => {
  const found = useContext(Context);
  if (!found) throw new Error("there is no PreferencesProvider");
  return found;
};

export const useWords = (): Words => {
  const { language } = usePreferences();
  return useMemo(() => wordsOf(language), [language]);
};
