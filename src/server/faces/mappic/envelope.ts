/** The envelope of every answer, and the code of every refusal: the first three digits are the HTTP status. */
import { explain, type Language, type Refusal } from "../../../base/refusal.ts";

export interface Envelope {
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly data: unknown;
  readonly success: boolean;
}

const CODES: Readonly<Record<string, string>> = {
  "key-node.tag": "40001",
  "face.length": "40002",
  "face.threshold": "40003",
  "face.participants": "40004",
  "face.digest": "40005",
  "key.not-pem": "40006",
  "key.malformed": "40006",
  "key.public-given": "40006",
  "key.kind": "40007",
  "key.passphrase": "40008",
  "key.passphrase-needed": "40008",
  "key.protection": "40009",
  "key.import": "40010",
  "stream.unknown": "40401",
  "face.node-unknown": "40402",
  "face.node-taken": "40901",
  "key.state": "40902",
  "face.imported": "40903",
  "face.nodes-down": "50301",
};

export const codeOf = ({ code, status }: Refusal): string => CODES[code] ?? `${status}00`;

export const succeeded = (data: unknown): Envelope => ({
  errorCode: "200",
  errorMessage: "success",
  data,
  success: true,
});

export const failed = (refusal: Refusal, language: Language): Envelope => ({
  errorCode: codeOf(refusal),
  errorMessage: explain(refusal.code, refusal.details, language),
  data: null,
  success: false,
});
