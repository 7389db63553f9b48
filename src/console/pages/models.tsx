/** 计算模型管理: the list of models. */
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { SharedList, useSharedFilters } from "./shared-list.tsx";

export const Page = () => {
  const t = useWords();
  const { permissions } = useSession();
  const read = useView("models", "list", useSharedFilters());
  return (
    <SharedList
      what="model"
      read={read}
      makes={permissions.has("model.publish")}
      beside={({ version }) => <span className="muted">{version}</span>}
      words={{
        title: t("Models", "计算模型管理"),
        search: t("Name or ID", "模型名称或编号"),
        create: t("New model", "新建计算模型"),
        public: t("Public models", "公开模型"),
        about: t(
          "Models are the logic that tasks run on private data. There are none yet.",
          "计算模型是计算任务在隐私数据上运行的逻辑，目前还没有模型。",
        ),
        name: t("Model name", "计算模型名称"),
        number: t("Model ID", "模型编号"),
        permission: t("Permission", "模型权限"),
      }}
    />
  );
};
