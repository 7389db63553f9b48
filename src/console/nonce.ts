/**
 * Styles that scripts put in carry the page's nonce, whichever part makes them: some of the library's (what locks
 * scrolling, what measures the scroll bar) take none. Text that is parsed as HTML gains nothing by it.
 */
export const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content;

const create = document.createElement.bind(document);

document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
  const made = create(name, options);
  if (nonce && made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
};
