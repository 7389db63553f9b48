/** 概览: what waits for me, what runs now, and the health of what I rely on. */
import { Page as Frame } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";

export const Page = () => {
  const t = useWords();
  return <Frame title={t("Overview", "概览")}>{null}</Frame>;
};
