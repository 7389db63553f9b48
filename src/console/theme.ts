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
      ? {
          ...shared,
          ...{ colorPrimary: "#7C93FF", colorBgBase: "#12141A", colorTextBase: "#E6E8EE", colorInfo: "#7C93FF" },
          colorError: "#FF8787",
          ...{ colorTextDescription: "#9AA3B5", colorTextPlaceholder: "#8791A5" },
        }
      : {
          ...shared,
          colorPrimary: "#3B5BDB",
          colorBgLayout: "#F7F8FA",
          colorTextBase: "#1B2030",
          colorInfo: "#3B5BDB",
          colorError: "#C92A2A",
          ...{ colorSuccess: "#237032", colorSuccessBg: "#EBF7EE", colorSuccessBorder: "#B7DFC1" },
          ...{ colorWarning: "#8A5200", colorWarningBg: "#FFF6E5", colorWarningBorder: "#F0D9A8" },
          ...{ colorTextDescription: "#5C657A", colorTextPlaceholder: "#767F91" },
        },
  components: {
    // Letters on the accent: as dark on the light one as they are light on the dark one.
    ...(theme === "dark" && {
      Button: { primaryColor: "#0B0E18", dangerColor: "#0B0E18" },
      Menu: { itemSelectedColor: "#B4C1FF" },
    }),
    Table: { cellPaddingBlock: 12 },
    Layout: { siderBg: "transparent", headerBg: "transparent" },
  },
});
