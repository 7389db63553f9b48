/** Every page: its address, its place in the menu, who sees it. A page is one file and one line here. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { Text } from "../contract/endpoint.ts";
import { label } from "../contract/label.ts";

export interface PageEntry {
  readonly path: string;
  readonly page: LazyExoticComponent<ComponentType>;
  /** In the menu; pages without are reached from others. */
  readonly menu?: { readonly name: Text; readonly group: Group };
  /** Without it the page is neither in the menu nor reachable. */
  readonly permission?: string;
}

export const groups = {
  home: label("Start", "首页"),
  compute: label("Trusted computing", "可信计算"),
  keys: label("Keys", "密钥管理"),
  trust: label("Trust", "信任"),
  account: label("Account", "账号"),
  operator: label("Platform", "平台管理"),
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
  entry("/search", () => import("./pages/search.tsx")),
  entry("/alliances", () => import("./pages/alliances.tsx"), ["compute", "Alliances", "计算联盟管理"], "alliance.read"),
  entry("/alliances/:id", () => import("./pages/alliance.tsx"), undefined, "alliance.read"),
  entry("/models", () => import("./pages/models.tsx"), ["compute", "Models", "计算模型管理"], "model.read"),
  entry("/models/new", () => import("./pages/model-new.tsx"), undefined, "model.publish"),
  entry("/models/:id", () => import("./pages/model.tsx"), undefined, "model.read"),
  entry("/sources", () => import("./pages/sources.tsx"), ["compute", "Data sources", "数据源管理"], "source.read"),
  entry("/sources/new", () => import("./pages/source-new.tsx"), undefined, "source.register"),
  entry("/sources/:id", () => import("./pages/source.tsx"), undefined, "source.read"),
  entry("/tasks", () => import("./pages/tasks.tsx"), ["compute", "Tasks", "计算任务管理"], "task.read"),
  entry("/tasks/new", () => import("./pages/task-new.tsx"), undefined, "task.create"),
  entry("/tasks/:id", () => import("./pages/task.tsx"), undefined, "task.read"),
  entry("/tasks/:id/authorise", () => import("./pages/task-authorise.tsx"), undefined, "task.read"),
  entry("/events/:id", () => import("./pages/event.tsx"), undefined, "event.read"),
  entry("/portal", () => import("./pages/key-portal.tsx"), ["keys", "Portal", "门户"], "key.read"),
  entry("/keys/home", () => import("./pages/key-home.tsx"), ["keys", "Key service", "管理主页"], "key.read"),
  entry("/keys", () => import("./pages/keys.tsx"), ["keys", "Keys", "密钥列表"], "key.read"),
  entry("/keys/:id", () => import("./pages/key.tsx"), undefined, "key.read"),
  entry("/key-groups", () => import("./pages/key-groups.tsx"), ["keys", "Key groups", "群组管理"], "key.read"),
  entry("/key-groups/:id", () => import("./pages/key-group.tsx"), undefined, "key.read"),
  entry("/policies", () => import("./pages/policies.tsx"), ["keys", "Policies", "策略管理"], "key.read"),
  entry(
    "/key-requests",
    () => import("./pages/key-requests.tsx"),
    ["keys", "Signing requests", "签名请求"],
    "key.read",
  ),
  entry("/key-requests/:id", () => import("./pages/key-request.tsx"), undefined, "key.read"),
  entry("/ethereum", () => import("./pages/ethereum.tsx"), ["keys", "Ethereum payment", "以太坊交易"], "key.read"),
  entry("/ledger", () => import("./pages/ledger.tsx"), ["trust", "Ledger", "区块链"], "ledger.read"),
  entry("/ledger/:index", () => import("./pages/ledger-statement.tsx"), undefined, "ledger.read"),
  entry("/enclaves", () => import("./pages/enclaves.tsx"), ["trust", "Enclaves", "可信执行环境"], "enclave.read"),
  entry("/evidence", () => import("./pages/evidence.tsx"), ["trust", "Evidence", "证据"]),
  entry("/identity", () => import("./pages/identity.tsx"), ["account", "Chain identity", "链身份"], "identity.found"),
  entry("/account", () => import("./pages/account.tsx"), ["account", "Account", "账号信息"]),
  entry("/reviews", () => import("./pages/reviews.tsx"), ["operator", "Reviews", "实名审核"], "verification.review"),
  entry("/sample", () => import("./pages/sample.tsx"), undefined, "verification.review"),
  entry("/operations", () => import("./pages/operations.tsx"), ["operator", "Operations", "运维"], "platform.metrics"),
  entry("/audit", () => import("./pages/audit.tsx"), ["trust", "Audit", "审计日志"], "audit.read"),
  entry("/audit", () => import("./pages/audit.tsx"), ["operator", "Audit", "审计日志"], "platform.audit"),
];
