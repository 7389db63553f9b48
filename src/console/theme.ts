/** Colours, type and space: quiet greys, one accent, figures that line up. */
import { theme as antd, type ThemeConfig } from "antd";
import type { Theme } from "./preferences.tsx";

export const FONT =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", sans-serif';
export const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const shared = {
  ...{ fontFamily: FONT, fontFamilyCode: MONO, fontSize: 14, borderRadius: 6, wireframe: false },
  motion: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  ...{ motionDurationFast: "0.08s", motionDurationMid: "0.12s", motionDurationSlow: "0.16s" },
};

export const themeOf = (theme: Theme): ThemeConfig => ({
  algorithm: theme === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
  token:
    theme === "dark"
      ? {
          ...shared,
          ...{ colorPrimary: "#7C93FF", colorBgBase: "#12141A", colorTextBase: "#E6E8EE", colorInfo: "#7C93FF" },
          ...{ colorError: "#FF8787", colorSuccess: "#69DB7C", colorWarning: "#FFC078" },
          ...{ colorTextDescription: "#9AA3B5", colorTextPlaceholder: "#929CB0" },
          // Of the cards: tables and fields lie on them without an edge of their own.
          ...{ colorBgContainer: "#181B23", colorBgElevated: "#1F232D", colorBorder: "#3A4050" },
          ...{ colorBorderSecondary: "#2A2E3A", colorSplit: "#2A2E3A" },
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
          ...{ colorTextDescription: "#5C657A", colorTextPlaceholder: "#687084" },
        },
  components: {
    // Letters on the accent: as dark on the light one as they are light on the dark one.
    Button: {
      ...{ primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      ...(theme === "dark" && { primaryColor: "#0B0E18", dangerColor: "#0B0E18" }),
    },
    // Low enough that the whole menu is seen at once.
    Menu: {
      ...{ itemHeight: 32, itemMarginBlock: 2, groupTitleFontSize: 12 },
      ...(theme === "dark" && { itemSelectedColor: "#B4C1FF" }),
    },
    // Heads as quiet as the names of facts; only what is in order stands out, by its arrow.
    Table: {
      ...{ cellPaddingBlock: 12, cellPaddingInline: 12 },
      ...{ headerBg: "transparent", headerSplitColor: "transparent" },
      ...{ headerSortActiveBg: "transparent", headerSortHoverBg: "transparent", bodySortBg: "transparent" },
      headerColor: theme === "dark" ? "#9AA3B5" : "#5C657A",
    },
    // Seen as one thing, on the page as on a card.
    Segmented: theme === "dark" ? { trackBg: "#232733", itemSelectedBg: "#3A4050" } : { trackBg: "#ECEEF3" },
    Layout: { siderBg: "transparent", headerBg: "transparent" },
  },
});
