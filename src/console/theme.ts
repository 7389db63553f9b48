/** Colours, type and space: quiet greys, one accent, figures that line up. */
import { theme as antd, type ThemeConfig } from "antd";
import type { Theme } from "./preferences.tsx";

export const FONT =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", sans-serif';
export const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const shared = {
  ...{ fontFamily: FONT, fontFamilyCode: MONO, fontSize: 14, borderRadius: 6, wireframe: false },
  ...{ motionDurationFast: "0.08s", motionDurationMid: "0.12s", motionDurationSlow: "0.16s" },
};

export const themeOf = (theme: Theme): ThemeConfig => ({
  algorithm: theme === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
  token:
    theme === "dark"
      ? { ...shared, colorPrimary: "#7C93FF", colorBgBase: "#12141A", colorTextBase: "#E6E8EE", colorInfo: "#7C93FF" }
      : {
          ...shared,
          colorPrimary: "#3B5BDB",
          colorBgLayout: "#F7F8FA",
          colorTextBase: "#1B2030",
          colorInfo: "#3B5BDB",
        },
  components: {
    Table: { cellPaddingBlock: 12 },
    Layout: { siderBg: "transparent", headerBg: "transparent" },
  },
});
