/** Which enclaves besides the first a task may run in: those of the same program, each verified like the first. */
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { type ExpectedEnclave, readEnclave, type VerifiedEnclave, verifyEnclave } from "./verify-enclave.ts";

/** What enclaves of one fleet have in common (rules/task.ts). */
type Kind = Pick<VerifiedEnclave, "measurement" | "provider" | "isolation">;
const isAlike = (one: Kind, other: Kind): boolean =>
  one.measurement === other.measurement && one.provider === other.provider && one.isolation === other.isolation;

/**
 * @param wanted stream ids, or `all` that run on the platform now and are what the first one is
 * @returns for the task's definition: nothing where there is none
 * @throws Refusal as `verifyEnclave`
 */
export const verifyWorkers = async (
  client: Pick<Client, "enclaves">,
  first: VerifiedEnclave,
  wanted: "all" | readonly string[],
  expected: ExpectedEnclave,
): Promise<{ workers?: string[] }> => {
  const listed = wanted === "all" ? (await client.enclaves.list({})).items : [];
  const ids =
    wanted === "all" ? listed.filter((one) => one.running && isAlike(one, first)).map(({ id }) => id) : wanted;
  const workers = [...new Set(ids)].filter((id) => id !== first.id).sort();
  for (const id of workers) requireAlike(id, await verifyEnclave(client, id, expected), first);
  return workers.length === 0 ? {} : { workers };
};

/** That those that a task names are what its first one is, by their own statements. @throws Refusal as `readEnclave` */
export const requireWorkers = async (
  client: Pick<Client, "enclaves">,
  workers: readonly string[],
  first: Kind,
  expected: ExpectedEnclave,
): Promise<void> => {
  for (const id of workers) requireAlike(id, await readEnclave(client, id, expected), first);
};

const requireAlike = (id: string, found: Kind, first: Kind): void => {
  if (!isAlike(found, first))
    throw refuse("enclave.statement", { id, reason: `its measurement is ${found.measurement}` });
};
