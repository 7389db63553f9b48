import { refuse } from "../errors.ts";
import type { Database } from "./database.ts";
import { mysql } from "./mysql/index.ts";
import { postgresql } from "./postgresql/index.ts";

/** Databases by id. */
export const databases: Record<string, Database> = { mysql, postgresql };

/** The database that a task's delivery names. @throws Refusal enclave.sink */
export const databaseOf = (sink: string): Database => {
  const found = Object.hasOwn(databases, sink) ? databases[sink] : undefined;
  if (!found) throw refuse("enclave.sink", { sink, known: Object.keys(databases).join(", ") });
  return found;
};
