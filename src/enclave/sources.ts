/** What an owner can register: files that came sealed, and where to find tables that stay where they are. */
import { databases } from "./databases/registry.ts";
import { databaseSource, type SourceReader } from "./databases/source.ts";
import { refuse } from "./errors.ts";
import { fileFormats } from "./files/registry.ts";
import { s3 } from "./objects/index.ts";

/** Readers by the type that `source.registered` names. */
export const sourceReaders: Record<string, SourceReader> = {
  ...fileFormats,
  ...Object.fromEntries(Object.values(databases).map((database) => [database.id, databaseSource(database)])),
  s3,
};

/** @throws Refusal enclave.source-type */
export const sourceReader = (type: string): SourceReader => {
  const found = Object.hasOwn(sourceReaders, type) ? sourceReaders[type] : undefined;
  if (!found) throw refuse("enclave.source-type", { type, known: Object.keys(sourceReaders).join(", ") });
  return found;
};
