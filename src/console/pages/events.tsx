/** 事件中心: what waits for this member. */
import { Page as Frame } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";

export const Page = () => {
  const t = useWords();
  return <Frame title={t("Event centre", "事件中心")}>{null}</Frame>;
};
