/** Every page: its address, its place in the menu, who sees it. A page is one file and one line here. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { Text } from "../contract/endpoint.ts";
import { label } from "../contract/shapes.ts";

export interface PageEntry {
  readonly path: string;
  readonly page: LazyExoticComponent<ComponentType>;
  /** In the menu; pages without are reached from others. */
  readonly menu?: { readonly name: Text; readonly group: Group };
  /** Without it the page is neither in the menu nor reachable. */
  readonly permission?: string;
}

export const groups = {
  home: label("", ""),
  compute: label("Trusted computing", "可信计算"),
  keys: label("Keys", "密钥管理"),
  trust: label("Trust", "信任"),
  account: label("Account", "账号"),
  operator: label("Operations", "运维"),
} as const;
export type Group = keyof typeof groups;

const entry = (
  path: string,
  load: () => Promise<{ Page: ComponentType }>,
  menu?: readonly [Group, string, string],
  permission?: string,
): PageEntry => ({
  path,
  page: lazy(async () => ({ default: (await load()).Page })),
  ...(menu && { menu: { group: menu[0], name: label(menu[1], menu[2]) } }),
  ...(permission !== undefined && { permission }),
});

export const pages: readonly PageEntry[] = [
  entry("/", () => import("./pages/overview.tsx"), ["home", "Overview", "概览"]),
  entry("/events", () => import("./pages/events.tsx"), ["home", "Event centre", "事件中心"], "event.read"),
  entry("/alliances", () => import("./pages/alliances.tsx"), ["compute", "Alliances", "计算联盟管理"], "alliance.read"),
  entry("/alliances/:id", () => import("./pages/alliance.tsx"), undefined, "alliance.read"),
  entry("/ledger", () => import("./pages/ledger.tsx"), ["trust", "Ledger", "区块链"], "ledger.read"),
  entry("/ledger/:index", () => import("./pages/ledger-statement.tsx"), undefined, "ledger.read"),
  entry("/evidence", () => import("./pages/evidence.tsx"), ["trust", "Evidence", "证据"]),
  entry("/identity", () => import("./pages/identity.tsx"), ["account", "Chain identity", "链身份"]),
  entry("/account", () => import("./pages/account.tsx"), ["account", "Account", "账号信息"]),
  entry("/reviews", () => import("./pages/reviews.tsx"), ["operator", "Reviews", "实名审核"], "verification.review"),
  entry("/operations", () => import("./pages/operations.tsx"), ["operator", "Health", "运行状况"], "platform.metrics"),
  entry("/audit", () => import("./pages/audit.tsx"), ["trust", "Audit", "审计日志"], "audit.read"),
  entry("/audit", () => import("./pages/audit.tsx"), ["operator", "Audit", "审计日志"], "platform.audit"),
];
