/** Takes secrets out of what is about to be written down: by the names of properties, and by how secrets look. */

const HIDDEN = "***";

/** Names, in any spelling (`private_key`, `X-Access-Key-Secret`), whose values are never written. */
const SECRET_NAME =
  /^(.*(password|passwd|secret|privatekey|passphrase|credential).*|authorization|proxyauthorization|cookie|setcookie|token|csrf|csrftoken|xcsrftoken|sessiontoken|pkcs8|pem|signature)$/;

/** Also where the end is cut off, and within a JSON text, where line ends are escaped. */
const PEM =
  /-----BEGIN ([A-Z ]*PRIVATE KEY)-----(?:[\w+/=\s,:-]|\\[nr])*?(?:-----END \1-----|(?![\w+/=\s,:-]|\\[nr]))/g;
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*:)[^\s/@"]+@/gi;
const SECRET_KEY = /\bSK[0-9A-Za-z]{40}\b/g;
const BEARER = /\b(Bearer|Basic) [A-Za-z0-9+/_.~=-]{8,}/g;

/** A text without private PEM blocks, passwords in addresses, access key secrets and bearer tokens. */
export const scrubText = (text: string): string =>
  text
    .replace(PEM, `[$1 ${HIDDEN}]`)
    .replace(URL_PASSWORD, `$1${HIDDEN}@`)
    .replace(SECRET_KEY, `SK${HIDDEN}`)
    .replace(BEARER, `$1 ${HIDDEN}`);

/**
 * A copy without secrets, at most `depth` deep. Bytes become their length, errors their type, text, code and
 * stack, instances of other classes the name of the class.
 */
export const scrub = (value: unknown, depth = 6): unknown => {
  if (typeof value === "string") return scrubText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.slice(0, 100).map((each) => scrub(each, depth - 1));
  if (value instanceof Error) return scrubError(value, depth);
  if (!isPlain(value)) return "toJSON" in value ? scrubText(String(value)) : `[${value.constructor?.name ?? "object"}]`;
  return scrubProperties(value, depth);
};

const scrubProperties = (value: object, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, isSecretName(name) && each ? HIDDEN : scrub(each, depth - 1)]),
  );

const scrubError = (error: Error, depth: number): Record<string, unknown> => ({
  type: error.name,
  message: scrubText(error.message),
  stack: error.stack && scrubText(error.stack),
  ...scrubProperties(error, depth),
  ...(error.cause ? { cause: scrub(error.cause, depth - 1) } : {}),
});

const isSecretName = (name: string): boolean => SECRET_NAME.test(name.toLowerCase().replace(/[^a-z0-9]/g, ""));

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
