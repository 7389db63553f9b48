import { refuse } from "../errors.ts";
import type { FileFormat } from "./format.ts";
import { fileFormats } from "./registry.ts";

/** The format that a source's type names. @throws Refusal enclave.source-type */
export const sourceReader = (type: string): FileFormat => {
  const found = Object.hasOwn(fileFormats, type) ? fileFormats[type] : undefined;
  if (!found) throw refuse("enclave.source-type", { type, known: Object.keys(fileFormats).join(", ") });
  return found;
};
