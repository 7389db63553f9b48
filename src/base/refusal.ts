/**
 * Refusals: every "no" the product says has a stable code, an HTTP status and a text in both languages that says
 * what to do next. A folder declares its own with `refusals({...})` in its `errors.ts`; the placeholders of the
 * English text are the typed details.
 */

/** One line of a catalogue. `{name}` in a text is replaced by the detail of that name. */
export interface RefusalText {
  status: number;
  en: string;
  zh: string;
}

type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Detail = string | number | boolean | null | undefined | readonly unknown[] | object;
type DetailsOf<T extends RefusalText> = { [K in Placeholders<T["en"]>]: Detail };
type Args<D> = keyof D extends never ? [details?: Record<string, Detail>] : [details: D & Record<string, Detail>];

/** A rule said no. Thrown by pure code and services alike; transports turn it into an answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  constructor(code: string, status: number, details: Record<string, unknown> = {}, message = code) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** Every declared line, by code: what the contract lists as errors and the reference page prints. */
export const catalogue = new Map<string, RefusalText>();

/**
 * Declares refusals and returns the function that makes them.
 * @throws Error when a code is declared twice with another text
 */
export const refusals = <const C extends Record<string, RefusalText>>(lines: C) => {
  for (const [code, line] of Object.entries(lines)) {
    const known = catalogue.get(code);
    if (known && known.en !== line.en) throw new Error(`refusal ${code} is declared twice`);
    catalogue.set(code, line);
  }
  return <K extends keyof C & string>(code: K, ...[details]: Args<DetailsOf<C[K]>>): Refusal => {
    const line = lines[code] as RefusalText;
    return new Refusal(code, line.status, details ?? {}, text(line.en, details ?? {}));
  };
};

export type Language = "en" | "zh-CN";

/** The text of a refusal in a language; the code itself where nobody here declared it. */
export const explain = (code: string, details: Record<string, unknown>, language: Language): string => {
  const line = catalogue.get(code);
  return line ? text(language === "zh-CN" ? line.zh : line.en, details) : code;
};

const text = (template: string, details: Record<string, unknown>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details[name];
    return value === undefined ? whole : typeof value === "object" ? JSON.stringify(value) : String(value);
  });
