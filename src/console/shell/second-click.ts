/** What the first of two quick clicks opens below a button stays open at the second: a question, a menu. */

const OPEN = ".ant-popover-open, .ant-dropdown-open";

export const keepOpen = (): void =>
  document.addEventListener(
    "click",
    (event) => {
      // `detail` counts the clicks of one go; keys click with 0.
      if (event.detail > 1 && event.target instanceof Element && event.target.closest(OPEN)) event.stopPropagation();
    },
    true,
  );
