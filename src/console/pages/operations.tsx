/** 运维: how everything is, and what it does in the background. */
import { Tabs } from "antd";
import type { ReactNode } from "react";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { Configuration } from "./operations-config.tsx";
import { Health } from "./operations-health.tsx";
import { Jobs } from "./operations-jobs.tsx";
import { Logs } from "./operations-logs.tsx";
import { Metrics } from "./operations-metrics.tsx";
import { Storage } from "./operations-storage.tsx";
import "./trust.css";

export const Page = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const tab = (key: string, label: string, children: ReactNode) => ({ key, label, children });
  return (
    <Frame title={t("Operations", "运维")}>
      <Tabs
        activeKey={get("tab") ?? "health"}
        onChange={(key) =>
          set({
            tab: key === "health" ? undefined : key,
            state: undefined,
            level: undefined,
            search: undefined,
          })
        }
        destroyOnHidden
        items={[
          tab("health", t("Health", "运行状况"), <Health />),
          tab("metrics", t("Metrics", "指标"), <Metrics />),
          tab("storage", t("Storage", "存储"), <Storage />),
          tab("jobs", t("Jobs", "后台任务"), <Jobs />),
          tab("logs", t("Log", "日志"), <Logs />),
          tab("configuration", t("Configuration", "配置"), <Configuration />),
        ]}
      />
    </Frame>
  );
};
