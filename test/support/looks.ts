/** What a page is asked whatever it shows: is it accessible, in one language, no wider than the screen, named. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import type { Language } from "../../src/base/refusal.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Findings that are serious or worse, with the elements that they are about. */
const barriers = async (page: Page): Promise<string[]> => {
  // Once a document: it stays while pages change in it.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const { violations } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'], elementRef: false })",
  )) as AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary?.split("\n")[1] ?? ""}`),
    );
};

/** What people wrote, and code: in whatever language it was written. */
const APART =
  "code, pre, kbd, .mono, .markdown, .source-lines, .column, .avatar, [lang]:not(html), script, style, .ant-alert .anticon";

/** What is seen or read out, piece by piece. */
const pieces = (page: Page): Promise<string[]> =>
  page.evaluate((apart) => {
    const texts: string[] = [];
    const isOurs = (element: Element | null): element is Element =>
      element?.checkVisibility({ visibilityProperty: true }) === true && !element.closest(apart);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (isOurs(node.parentElement) && !node.parentElement.matches("textarea")) texts.push(node.textContent ?? "");
    for (const name of ["aria-label", "placeholder", "title", "alt"])
      for (const element of document.querySelectorAll(`[${name}]`)) {
        // A picture in what has a name already, or is left out, is not read out.
        const within = element.parentElement?.closest(
          "[aria-label], [title], [aria-hidden=true], .sr-only, .ant-select",
        );
        const isMute = element.matches(".anticon") && (within || element.closest("button")?.textContent);
        if (isOurs(element) && !isMute) texts.push(element.getAttribute(name) ?? "");
      }
    return texts;
  }, APART);

/** Names, and what both languages write alike. */
const ALIKE =
  /Entente|协约|APPID|\b[\d.]*(?:SHA-\d+|CA|CSV|PEM|SQL|JSON|QR|ID|CPU|API|REST|RPC|HTTPS?|TLS|Cookie|cgroup|v\d|AWS|KMS|SQLite|URL|UTC|IPv?\d?|AM|PM|[KMGT]?i?B|ms|ETH|[GM]?wei|gas|nonce|Cedar|MySQL|MariaDB|PostgreSQL|Parquet|Prometheus|JavaScript|WebAssembly|Python|ECDSA|EDDSA|SCHNORR|ECDSA_[KR]1|BIP-?\d+|EIP-?\d+|SM2|secp256k1|P-256|Ed25519|epoch|Ethereum|bubblewrap|permit|forbid|RFC|metrics|trust|main|md|tar\.gz|utf8|[if]\d\d|KeyService|node-\d)\b/giu;
/** Ids, digests, addresses, codes, versions, paths and files. */
const IDS = /\b(?:[A-Z]\d{10,}|0x[0-9a-fA-F…]+|[0-9a-f]{4,}(?:…[0-9a-f]*)?|[a-z0-9-]+(?:[._/:][a-z0-9_-]+)+)\b/giu;

/** @param names what people called things @returns texts in a language other than the page's */
const foreign = async (page: Page, language: Language, names: readonly string[]): Promise<string[]> => {
  const strange = language === "en" ? /\p{Script=Han}|[，。；：！？（）、]/u : /[A-Za-z]{2,}/;
  const bare = (text: string) =>
    names
      .reduce((rest, name) => rest.replaceAll(name, " "), text)
      .replace(ALIKE, " ")
      .replace(IDS, " ");
  const found = (await pieces(page)).filter((text) => strange.test(bare(text)));
  return [...new Set(found.map((text) => `not ${language}: ${text.trim().slice(0, 120)}`))];
};

/** The page is as wide as the screen: only what is in it scrolls sideways. */
export const overhang = async (page: Page): Promise<string[]> => {
  const pixels = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return pixels > 0 ? [`${pixels} pixels wider than the screen`] : [];
};

const unnamed = async (page: Page): Promise<string[]> => {
  const [titles, title] = [await page.locator("h1:visible").allTextContents(), await page.title()];
  if (titles.length !== 1) return [`${titles.length} titles: ${titles.join(", ")}`];
  return title === `${titles[0]} · Entente 协约` ? [] : [`"${titles[0]}" is called "${title}"`];
};

/** Until what the page reads is there, or has failed. */
export const settled = async (page: Page): Promise<void> => {
  await page.locator("h1").first().waitFor();
  // What fades in has other colours meanwhile. What is not seen, as in folded details, does not move on.
  await page.evaluate(async () => {
    const seen = (effect: AnimationEffect | null) =>
      effect instanceof KeyframeEffect && effect.target?.checkVisibility() === true;
    const ending = document
      .getAnimations()
      .filter(({ effect }) => seen(effect) && effect?.getComputedTiming().endTime !== Infinity);
    const all = Promise.allSettled(ending.map(({ finished }) => finished));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 5_000))]);
  });
  await page.waitForFunction(() => !document.querySelector(".ant-skeleton, .ant-spin-spinning"));
};

/** @returns everything that is wrong with what is seen now */
export const faults = async (page: Page, language: Language, names: readonly string[]): Promise<string[]> => {
  await settled(page);
  const looks = [barriers(page), foreign(page, language, names), overhang(page), unnamed(page)];
  return (await Promise.all(looks)).flat();
};
