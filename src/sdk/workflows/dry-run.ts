/** A dry run (试运行) of a task, believed only as far as the enclave signed it. */
import { fromBase64 } from "../../base/bytes.ts";
import { type DryRun, verifyDryRun } from "../../rules/dry-run.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { requireAsked } from "./asked.ts";
import { type ExpectedEnclave, readEnclave } from "./verify-enclave.ts";

/** @throws Refusal enclave.untrusted, enclave.statement, dry-run.other, and those of the enclave */
export const dryRunTask = async (
  client: Pick<Client, "tasks" | "enclaves">,
  id: string,
  expected: ExpectedEnclave,
): Promise<DryRun> => {
  const task = await client.tasks.get({ id });
  requireAsked(id, task);
  const { signingKey } = await readEnclave(client, task.definition.enclave, expected);
  const { answer, ...run } = await client.tasks.dryRun({ id });
  verifyDryRun(answer, task.stream, task.definition, run, publicKeyFromSpki(fromBase64(signingKey)));
  return run;
};
