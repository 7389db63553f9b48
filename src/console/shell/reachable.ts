/** Tables that are wider than the screen scroll: a keyboard has to reach them, which the library leaves out. */
import { useEffect } from "react";

const look = (): void => {
  for (const box of document.querySelectorAll<HTMLElement>(".ant-table-content, .scroll"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
};

export const useReachableTables = (): void => {
  useEffect(() => {
    let frame = 0;
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    const changes = new MutationObserver(soon);
    changes.observe(document.body, { childList: true, subtree: true });
    addEventListener("resize", soon);
    soon();
    return () => {
      cancelAnimationFrame(frame);
      changes.disconnect();
      removeEventListener("resize", soon);
    };
  }, []);
};
