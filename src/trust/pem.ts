/** PEM, the textual encoding of RFC 7468: a labelled block of base64 around DER. */
import { type Bytes, fromBase64, toBase64 } from "../base/bytes.ts";

export interface PemBlock {
  /** For example "PUBLIC KEY". */
  readonly label: string;
  readonly der: Bytes;
  /** RFC 1421 headers such as "Proc-Type: 4,ENCRYPTED", of the old key formats; "" as a rule. */
  readonly headers: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

/** Every block of the text, in order. Text around blocks is allowed (RFC 7468 section 5.2). @throws SyntaxError */
export const pemBlocks = (text: string): PemBlock[] =>
  Array.from(text.matchAll(BLOCK), ([, label = "", body = ""]) => {
    const headers = body.match(/^(?:[A-Za-z-]+: .*\r?\n)+/)?.[0] ?? "";
    return {
      label,
      headers,
      der: fromBase64(body.slice(headers.length).replace(/\s/g, "")),
    };
  });

/** Lines of 64 characters, as RFC 7468 section 2 asks. */
export const toPem = (label: string, der: Uint8Array): string => {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};
