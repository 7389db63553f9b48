/** Times taken in the page itself, from what a person does to what they see. */
import type { Page } from "playwright-core";

export interface Until {
  /** The text of the first that fits is another one than before. */
  readonly changed?: string;
  /** The page says this. */
  readonly says?: string;
  /** The address is at this. */
  readonly at?: string;
}

/** Milliseconds from the last click, key or choice of a file in `act` until it is painted. */
export const timed = async (page: Page, act: () => Promise<unknown>, until: Until): Promise<number> => {
  await page.evaluate(({ changed, says, at }) => {
    const textOf = () => (changed === undefined ? undefined : document.querySelector(changed)?.textContent);
    const before = textOf();
    const there = () =>
      (changed === undefined || (textOf() !== undefined && textOf() !== before)) &&
      (says === undefined || document.body.innerText.includes(says)) &&
      (at === undefined || location.pathname.startsWith(at));
    let began = 0;
    const note = () => {
      began = performance.now();
    };
    for (const kind of ["click", "keydown", "change"]) addEventListener(kind, note, { capture: true });
    const timed = new Promise<number>((resolve) => {
      const look = () => {
        if (began > 0 && there()) requestAnimationFrame(() => resolve(performance.now() - began));
        else requestAnimationFrame(look);
      };
      look();
    });
    Object.assign(globalThis, { timed });
  }, until);
  await act();
  return await page.evaluate(() => Reflect.get(globalThis, "timed") as Promise<number>);
};

/** The longest tasks of the main thread from now on; call it for what there was. */
export const longTasks = async (page: Page): Promise<() => Promise<number>> => {
  await page.evaluate(() => {
    const tasks = { longest: 0 };
    Object.assign(globalThis, { tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.longest = Math.max(tasks.longest, duration);
    }).observe({ type: "longtask" });
  });
  return () =>
    page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return (Reflect.get(globalThis, "tasks") as { longest: number }).longest;
    });
};
