/** Distinguished names, RFC 5280 section 4.1.2.4. */
import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from "@peculiar/asn1-x509";
import type { Bytes } from "../../base/bytes.ts";
import { refuse } from "../keys-errors.ts";
import { toDer } from "./signed.ts";

/** What a name is made of here. Texts of 1 to 64 characters; the country in two capital letters (ISO 3166). */
export interface Subject {
  commonName: string;
  organization?: string;
  unit?: string;
  country?: string;
}

export interface DistinguishedName extends Partial<Subject> {
  /** Every attribute in the order of the certificate, for people: "O=Hospital, CN=Alice". */
  readonly text: string;
  /** What names are compared by. */
  readonly der: Bytes;
}

const ATTRIBUTES = { country: "2.5.4.6", organization: "2.5.4.10", unit: "2.5.4.11", commonName: "2.5.4.3" } as const;
const SHORT_NAMES: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "1.2.840.113549.1.9.1": "emailAddress",
};
/** Upper bound of X.520 for these attributes, in characters. */
const MAX_LENGTH = 64;

/** @throws Refusal certificate.name */
export const encodeName = (subject: Subject): Name => {
  const attributes = Object.entries(ATTRIBUTES) as [keyof Subject, string][];
  return new Name(
    attributes.flatMap(([field, type]) => {
      const text = subject[field];
      if (text === undefined) return [];
      const value = new AttributeValue(field === "country" ? { printableString: text } : { utf8String: text });
      check(field, text);
      return [new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])];
    }),
  );
};

const check = (field: keyof Subject, text: string): void => {
  if (field === "country" && !/^[A-Z]{2}$/.test(text)) throw refuse("certificate.name", { reason: "country" });
  if (text.trim() === "" || [...text].length > MAX_LENGTH || /\p{Cc}/u.test(text) || !text.isWellFormed()) {
    throw refuse("certificate.name", {
      reason: `${field} has to be 1 to ${MAX_LENGTH} characters, none of them a control character`,
    });
  }
};

export const decodeName = (name: Name): DistinguishedName => {
  const attributes = name.flatMap((rdn) => rdn.map(({ type, value }) => ({ type, text: value.toString() })));
  const first = (type: string) => attributes.find((attribute) => attribute.type === type)?.text;
  return {
    commonName: first(ATTRIBUTES.commonName),
    organization: first(ATTRIBUTES.organization),
    unit: first(ATTRIBUTES.unit),
    country: first(ATTRIBUTES.country),
    text: attributes.map(({ type, text }) => `${SHORT_NAMES[type] ?? type}=${escapeText(text)}`).join(", "),
    der: toDer(name),
  };
};

/** RFC 4514 section 2.4, so that no value can pass for further attributes; control characters in hexadecimal. */
const escapeText = (text: string): string =>
  text
    .replace(/[\\,+"<>;=]/g, (c) => `\\${c}`)
    .replace(/\p{Cc}/gu, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
