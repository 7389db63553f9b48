/**
 * Releases the diagnostics of a failed task: to the key of its newest request, when everybody whom the rules name has
 * authorised that very request. Judged here, by the ledger as it was followed; the server gets a sealed text of one size.
 */
import { type ReleasedDiagnostics, releaseDiagnostics } from "../../rules/released-diagnostics.ts";
import { source as sourceBook } from "../../rules/source.ts";
import { taskDigest } from "../../rules/task-definition.ts";
import { diagnosticsStateAt } from "../../rules/task-diagnostics.ts";
import { streamOf } from "../../rules/world.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { diagnosticsContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { refuse } from "../errors.ts";
import type { EnclaveMethods } from "../protocol/messages.ts";
import { DIAGNOSTICS_SIZE, isKept, textIn } from "./diagnostics.ts";
import { type JudgeDeps, lookAt, requireUnmoved } from "./judge.ts";
import type { Results } from "./results.ts";
import type { KeptDiagnostics } from "./sealed-state.ts";

export interface DiagnoseDeps extends JudgeDeps {
  readonly signingKey: PrivateKey<"P-256">;
  readonly results: Pick<Results, "read">;
  /** What is kept of a failed task, by its stream. */
  readonly diagnosticsKept: (task: string) => KeptDiagnostics | undefined;
}

/** @throws Refusal enclave.diagnostics-consent, enclave.diagnostics, enclave.withdrawn, enclave.moved */
export const diagnose = async (
  deps: DiagnoseDeps,
  request: EnclaveMethods["diagnose"]["params"],
): Promise<ReleasedDiagnostics> => {
  const looked = lookAt(deps, request);
  const { task, stream, time, world } = looked;
  const asked = task.diagnostics.at(-1);
  const state = asked ? diagnosticsStateAt(asked, time) : "not asked for";
  if (!asked || !task.delivery || state !== "authorised") throw refuse("enclave.diagnostics-consent", { state });
  for (const used of task.definition.sources)
    if (streamOf(world, sourceBook, used.stream)?.state.withdrawn !== false)
      throw refuse("enclave.withdrawn", { id: used.stream });
  // Another that the task names may have come to something too, which nobody was told: what was agreed to is this one's.
  if (task.ended?.by !== deps.enclave) throw refuse("enclave.diagnostics");
  const text = await readKept(deps, stream);
  const context = diagnosticsContext(taskDigest(stream, task.definition, task.delivery), asked.request);
  const envelope = await sealBytes(text, { to: receiverKey(asked.key), context });
  requireUnmoved(deps, looked);
  return releaseDiagnostics(stream, asked.request, envelope, deps.signingKey);
};

/** The same each time; gone when it was forgotten, or taken from the disk. @throws Refusal enclave.diagnostics */
const readKept = async ({ diagnosticsKept, results, follower }: DiagnoseDeps, task: string): Promise<Uint8Array> => {
  const kept = diagnosticsKept(task);
  if (!kept || !isKept(kept, follower.time)) throw refuse("enclave.diagnostics");
  const read = results.read({ digest: kept.digest, size: DIAGNOSTICS_SIZE });
  return textIn(
    await read.catch(() => {
      throw refuse("enclave.diagnostics");
    }),
  );
};
