/** 数据源管理: the list of data sources. */
import { WIDE } from "../parts/list.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { SharedList, useSharedFilters } from "./shared-list.tsx";

export const Page = () => {
  const t = useWords();
  const { permissions } = useSession();
  const read = useView("sources", "list", useSharedFilters());
  return (
    <SharedList
      what="source"
      read={read}
      makes={permissions.has("source.register")}
      more={[{ title: t("Type", "类型"), responsive: WIDE, render: (_, { typeLabel }) => t(typeLabel) }]}
      words={{
        title: t("Data sources", "数据源管理"),
        search: t("Name or ID", "数据源名称或编号"),
        create: t("New data source", "新建数据源"),
        public: t("Public data sources", "公开数据源"),
        about: t(
          "A data source says where a table is; only the enclave can read it. There are none yet.",
          "数据源描述数据表的位置，仅可信执行环境能够读取，目前还没有数据源。",
        ),
        name: t("Source name", "数据源名称"),
        number: t("Source ID", "数据源编号"),
        permission: t("Permission", "数据源权限"),
      }}
    />
  );
};
