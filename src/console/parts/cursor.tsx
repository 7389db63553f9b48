/** Lists that have no end to count to: newest first, by cursor, back one page by the browser's own button. */
import { Button } from "antd";
import { useWords } from "../preferences.tsx";
import { useFilters } from "./list.tsx";

export const Cursor = ({ next }: { next: string | null | undefined }) => {
  const t = useWords();
  const { get, set } = useFilters();
  // One page is all there is.
  if (!next && get("cursor") === undefined) return null;
  return (
    <div className="row" style={{ justifyContent: "flex-end" }}>
      <Button disabled={get("cursor") === undefined} onClick={() => set({ cursor: undefined })}>
        {t("Newest", "最新")}
      </Button>
      <Button disabled={!next} onClick={() => set({ cursor: next ?? undefined })}>
        {t("Older", "更早")}
      </Button>
    </div>
  );
};
