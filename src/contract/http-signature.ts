/**
 * HTTP Message Signatures (RFC 9421) with hmac-sha256 (section 3.3.3), and Content-Digest (RFC 9530) with SHA-256:
 * how an access key signs a request. Servers, programs and browsers run the same code.
 */
import { hmacSha256, randomBytes, sha256 } from "#crypto";
import { fromBase64, toBase64, toBase64url, utf8 } from "../base/bytes.ts";
import { iso, MINUTE, SECOND } from "../base/clock.ts";
import { refuse } from "./errors.ts";

/** Signed times may differ from the server's clock by this much, milliseconds. */
export const WINDOW = 5 * MINUTE;
const ALGORITHM = "hmac-sha256";
const LABEL = "sig";

/** The parts of a request that a signature may cover. */
export interface Message {
  readonly method: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** Lower-case host, with its port unless it is the scheme's own. */
  readonly authority: string;
  /** As on the wire, percent-encoded, without query. */
  readonly path: string;
  /** With its `?`; "" where there is none. */
  readonly query: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

/** What `Signature-Input` and `Signature` say together. */
export interface Signature {
  /** Covered components, without quotes, in order. */
  readonly components: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  readonly expires: number | undefined;
  readonly keyId: string;
  readonly nonce: string | undefined;
  /** The value of `@signature-params`: the inner list exactly as it was sent. */
  readonly params: string;
  readonly mac: Uint8Array;
}

/** The value of a component. Derived components: RFC 9421 section 2.2. */
const componentValue = (message: Message, component: string): string | undefined => {
  switch (component) {
    case "@method":
      return message.method;
    case "@scheme":
      return message.scheme;
    case "@authority":
      return message.authority;
    case "@path":
      return message.path;
    case "@query":
      return message.query || "?";
    case "@target-uri":
      return `${message.scheme}://${message.authority}${message.path}${message.query}`;
    default:
      return component.startsWith("@") ? undefined : message.header(component)?.trim();
  }
};

/**
 * RFC 9421 section 2.5.
 * @throws Refusal signature.components when a component has no value
 */
export const signatureBase = (message: Message, components: readonly string[], params: string): string => {
  let base = "";
  for (const component of components) {
    const value = componentValue(message, component);
    if (value === undefined) throw refuse("signature.components", { missing: component });
    base += `"${component}": ${value}\n`;
  }
  return `${base}"@signature-params": ${params}`;
};

/** RFC 9530 section 2. */
export const contentDigest = (body: Uint8Array): string => digestField(sha256(body));
/** The field's value for a SHA-256 that was computed already. */
export const digestField = (hash: Uint8Array): string => `sha-256=:${toBase64(hash)}:`;

/** The SHA-256 that a Content-Digest names, as base64; other algorithms beside it are ignored. */
export const digestOfField = (field: string): string | undefined =>
  /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(field)?.[1];

/** An access key. The secret is text; its UTF-8 bytes are the key of the HMAC. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/**
 * The headers that sign a request.
 * @param request `headers` by lower-case name: `content-digest` and `idempotency-key` are covered when they are there
 * @param now milliseconds
 * @param nonce makes the signature good for one use; leave it out where a repetition changes nothing
 */
export const signRequest = (
  request: { method: string; url: string; headers: Readonly<Record<string, string>> },
  key: AccessKey,
  now: number,
  nonce?: string,
): Record<"signature" | "signature-input", string> => {
  const url = new URL(request.url);
  const message: Message = {
    method: request.method,
    scheme: url.protocol.slice(0, -1),
    authority: url.host,
    path: url.pathname,
    query: url.search,
    header: (name) => request.headers[name],
  };
  const fields = ["content-digest", "idempotency-key"].filter((name) => request.headers[name] !== undefined);
  const components = ["@method", "@path", "@query", ...fields];
  const list = `(${components.map((name) => `"${name}"`).join(" ")})`;
  const once = nonce === undefined ? "" : `;nonce="${nonce}"`;
  const params = `${list};created=${Math.floor(now / SECOND)};keyid="${key.id}";alg="${ALGORITHM}"${once}`;
  const mac = hmacSha256(utf8(key.secret), utf8(signatureBase(message, components, params)));
  return { "signature-input": `${LABEL}=${params}`, signature: `${LABEL}=:${toBase64(mac)}:` };
};

/** Random text that no other request has. */
export const newNonce = (): string => toBase64url(randomBytes(16));

const INPUT =
  /^([a-z*][a-z0-9_.*-]*)=(\(((?:"[a-z0-9@_-]+")(?: "[a-z0-9@_-]+")*)\)((?:;[a-z]+=(?:\d{1,15}|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*))$/;
const PARAMETER = /;([a-z]+)=(?:(\d+)|"([^"]*)")/g;
const MAX_FIELD = 2_048;

/** One signature under its label: 32 bytes as a byte sequence (RFC 8941 section 3.3.5). */
const SIGNATURE = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]{43}=):$/;

/**
 * Reads a request's one signature. Strict: canonical spelling, known parameters, one label.
 * @throws Refusal signature.malformed
 */
export const parseSignature = (inputField: string, signatureField: string): Signature => {
  const malformed = (reason: string) => refuse("signature.malformed", { reason });
  if (inputField.length > MAX_FIELD || signatureField.length > MAX_FIELD) throw malformed("it is too long");
  const [, label, params = "", list = "", parameters = ""] = INPUT.exec(inputField) ?? [];
  if (label === undefined) throw malformed("Signature-Input is not one list of components with parameters");
  const components = list.slice(1, -1).split('" "');
  if (new Set(components).size !== components.length) throw malformed("a component is covered twice");

  const numbers = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const [, name = "", number, text] of parameters.matchAll(PARAMETER)) {
    if (numbers.has(name) || texts.has(name)) throw malformed(`the parameter ${name} comes twice`);
    if (number === undefined) texts.set(name, text ?? "");
    else numbers.set(name, Number(number));
  }
  const created = numbers.get("created");
  const keyId = texts.get("keyid");
  if (created === undefined) throw malformed("the parameter created is missing");
  if (keyId === undefined) throw malformed("the parameter keyid is missing");
  if ((texts.get("alg") ?? ALGORITHM) !== ALGORITHM) throw malformed(`alg has to be ${ALGORITHM}`);

  const [, signed, encoded] = SIGNATURE.exec(signatureField) ?? [];
  if (encoded === undefined || signed !== label)
    throw malformed("Signature does not hold 32 bytes under the same label");
  return {
    components,
    created,
    expires: numbers.get("expires"),
    keyId,
    nonce: texts.get("nonce"),
    params,
    mac: decode(encoded, malformed),
  };
};

const decode = (text: string, malformed: (reason: string) => Error): Uint8Array => {
  try {
    return fromBase64(text);
  } catch {
    throw malformed("Signature is not canonical base64");
  }
};

/**
 * The method and the whole target are covered, and of the body and the idempotency key whatever there is; it was made
 * about now; and what changes something carries a nonce, so that nobody sends it a second time.
 * @param now milliseconds
 * @throws Refusal signature.components, signature.malformed, signature.clock
 */
export const checkCoverage = (message: Message, signature: Signature, hasBody: boolean, now: number): void => {
  const covers = (name: string) => signature.components.includes(name);
  const need = (name: string) => {
    if (!covers(name)) throw refuse("signature.components", { missing: name });
  };
  need("@method");
  if (!covers("@target-uri")) {
    need("@path");
    if (message.query !== "") need("@query");
  }
  if (hasBody) need("content-digest");
  if (message.header("idempotency-key") !== undefined) need("idempotency-key");

  if (message.method !== "GET" && message.method !== "HEAD" && signature.nonce === undefined)
    throw refuse("signature.malformed", {
      reason: "the parameter nonce is missing on a request that changes something",
    });

  const { created, expires } = signature;
  if (Math.abs(created * SECOND - now) > WINDOW || (expires !== undefined && expires * SECOND < now))
    throw refuse("signature.clock", { created: iso(Math.min(created * SECOND, 8.64e15)), now: iso(now) });
};

/** Whether the signature is the key's over this message. Takes the same time wherever they differ. */
export const verifySignature = (message: Message, signature: Signature, secret: Uint8Array): boolean => {
  const mac = hmacSha256(secret, utf8(signatureBase(message, signature.components, signature.params)));
  let difference = mac.length ^ signature.mac.length;
  for (let i = 0; i < mac.length; i++) difference |= (mac[i] ?? 0) ^ (signature.mac[i] ?? 0);
  return difference === 0;
};
