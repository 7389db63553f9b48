/**
 * A fleet: the enclave that a task names first holds the keys of what was sealed to it, and has another one, which the
 * task names too, run it in its place. The keys of that task's envelopes go to the other, sealed; what the run costs
 * is paid for here, once. docs/protocols/enclave.md, section 10.
 */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { fromBase64, fromHex, fromUtf8, toBase64, utf8 } from "../../base/bytes.ts";
import { canonical, parseCanonical } from "../../base/canonical.ts";
import { iso } from "../../base/clock.ts";
import { enclave as enclaveBook } from "../../rules/enclave.ts";
import { Digest, StreamId } from "../../rules/shapes.ts";
import { MAX_DELEGATIONS } from "../../rules/task-run.ts";
import { advance, streamOf } from "../../rules/world.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { delegationContext, destinationContext, modelContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../../trust/envelope/envelope.ts";
import { enclaveKey } from "../../trust/envelope/recipient.ts";
import { verifyConsistency } from "../../trust/log/merkle.ts";
import { parseStatement, signStatementWith } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import type { AttemptsLog } from "./attempts.ts";
import { takeFile } from "./checked.ts";
import { costOfRun } from "./costs.ts";
import { type Holdings, requireAdopted } from "./holdings.ts";
import {
  isOver,
  type JudgeDeps,
  type Judged,
  judge,
  type RunRequest,
  requireUnmoved,
  requireUsable,
  type Usable,
} from "./judge.ts";
import { type HandedKey, keyToHandOn, type Unsealing } from "./unsealing.ts";

export interface DelegateDeps extends JudgeDeps, Unsealing {
  readonly signingKey: PrivateKey<"P-256">;
  readonly attempts: AttemptsLog;
  readonly holdings: () => Holdings;
  /** For files that do not fit into memory. */
  readonly directory: string;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
}

/** What an enclave is told that runs a task in another's place. */
const Delegation = z.strictObject({
  /** What the authorisations signed. */
  task: Digest,
  /** Newest ledger that the enclave has seen which holds the keys: the other one may not have seen less, or another. */
  followed: z.strictObject({ size: z.int().min(1), root: Digest }),
  /** By the envelopes' digests. */
  keys: z.record(Digest, z.strictObject({ key: z.string().max(64), sealedTo: StreamId })),
});
type Delegation = z.output<typeof Delegation>;

export interface DelegateRequest extends RunRequest {
  /** Stream id of the enclave that is to run the task: another, or this one, which takes it back. */
  readonly to: string;
}

/**
 * Has another enclave run the task, or takes it back; asked again, says the same again.
 * @returns the signed statement where the ledger does not have it yet, and the keys, sealed, where they go to another
 * @throws Refusal enclave.delegation, and whatever speaks against the run itself
 */
export const delegate = async (
  deps: DelegateDeps,
  { to, ...request }: DelegateRequest,
): Promise<{ statement: string; keys: string; size: number }> => {
  const judged = judge(deps, request, "decide");
  const { task, stream, head, digest } = judged;
  const { enclave, workers = [] } = task.definition;
  const known = deps.attempts.delegation(stream);
  // What was handed out once is told again: whether it may still run is judged there.
  if (to === task.runner && to !== enclave) {
    if (known?.to !== to)
      throw refuse("enclave.delegation", { reason: "its keys are kept no longer; take it back first" });
    return { statement: "", keys: known.keys, size: known.size };
  }
  // What can run no more is taken back all the same, so that it can end.
  const usable = to === enclave ? undefined : requireGivable(deps, judged, request.details);
  if (![enclave, ...workers].includes(to)) throw refuse("enclave.delegation", { reason: "the task does not name it" });
  if (usable) requireDivisible(usable);
  // It may have forgotten what came of it, and then does not run it: nobody could have it from there any more.
  if (usable && task.delegations + 1 === MAX_DELEGATIONS && task.runners.includes(to))
    throw refuse("enclave.delegation", { reason: "it was there before, and cannot be taken back once more" });
  const keys = usable ? await keysFor(deps, judged, usable, to) : "";
  const payload = { task: digest, enclave: to, ...(keys !== "" && { keys: sha256Hex(fromBase64(keys)) }) };
  const at = iso(deps.clock.now());
  const statement = signStatementWith(
    { kind: "task.delegated", stream, seen: head, by: deps.enclave, at, payload },
    deps.signingKey,
  );
  // What the ledger would never take must not keep the task from running here.
  advance(judged.world, parseStatement(statement), judged.time, true);
  // Whatever was revoked or moved away while files were read: nothing is paid for it, and before it is told, no keys leave.
  requireUnmoved(deps, judged);
  const said = await deps.attempts.delegate(stream, {
    // What is taken back was paid for when it was given.
    ...{ creator: task.creator, expires: task.expires, spends: usable ? costOfRun(usable, task) : [] },
    delegation: { after: head, to, statement, keys, size: judged.checkpoint.size },
  });
  requireUnmoved(deps, judged);
  return { statement: said.statement, keys: said.keys, size: said.size };
};

/** @throws Refusal of whatever speaks against the run, wherever it is */
const requireGivable = (deps: DelegateDeps, judged: Judged, details: RunRequest["details"]): Usable => {
  if (isOver(judged)) throw refuse("enclave.delegation", { reason: "its schedule is over" });
  const usable = requireUsable(judged, details);
  requireAdopted(deps, judged);
  return usable;
};

/**
 * Budgets in rows and privacy loss are spent after the run, and the account is with the enclave that holds the keys.
 * @throws Refusal enclave.delegation
 */
export const requireDivisible = ({ sources }: Usable): void => {
  const measured = sources.some(
    ({ policy }) => policy?.budget?.rows !== undefined || policy?.budget?.epsilon !== undefined,
  );
  if (measured)
    throw refuse("enclave.delegation", { reason: "a source's budget counts what comes out, which is counted here" });
};

/** The keys of the task's envelopes, for the enclave that runs it. */
const keysFor = async (deps: DelegateDeps, judged: Judged, usable: Usable, to: string): Promise<string> => {
  const other = streamOf(judged.world, enclaveBook, to)?.state;
  if (!other) throw refuse("enclave.delegation", { reason: "it is not on the ledger" });
  const keys: Record<string, HandedKey> = {};
  for (const { digest, context } of envelopesOf(judged, usable)) {
    const file = await takeFile(deps.read(digest), digest, deps);
    try {
      keys[digest] = await keyToHandOn(deps, { digest, content: file.content, context });
    } finally {
      await file.drop();
    }
  }
  const { size, root } = judged.checkpoint;
  const said: Delegation = { task: judged.digest, followed: { size, root }, keys };
  const sealed = await sealBytes(utf8(canonical(said)), {
    to: enclaveKey(fromBase64(other.encryptionKey)),
    context: delegationContext(judged.stream, deps.enclave, to),
  });
  return toBase64(sealed);
};

/** What the task opens, and what each was sealed for. */
const envelopesOf = ({ task, delivery }: Judged, { owner, sources }: Usable) => {
  const { model, receiver } = task.definition;
  const { destination, sink } = delivery;
  return [
    ...(model.envelope
      ? [{ digest: model.envelope, context: (enclave: string) => modelContext(owner, enclave, model.archive) }]
      : []),
    ...sources.map((source) => ({
      digest: source.envelope,
      context: (enclave: string) => sourceContext(source.owner, enclave, source.type),
    })),
    ...(destination
      ? [{ digest: destination, context: (enclave: string) => destinationContext(receiver, enclave, sink) }]
      : []),
  ];
};

/** What the server hands over with a task that another enclave's keys open. */
export interface Handed {
  /** Sealed, base64. */
  readonly keys: string;
  /** Consistency proof (RFC 9162, 2.1.4) from the ledger that the other has seen to this one's, base64. */
  readonly consistency: readonly string[];
}

/**
 * The keys that a task may be opened with here, from the enclave that it names first.
 * @throws Refusal enclave.delegation, envelope.*, log.consistency
 */
export const takeKeys = async (
  { enclave, encryptionKey }: Pick<Unsealing, "enclave" | "encryptionKey">,
  { stream, task, digest, checkpoint }: Judged,
  { keys, consistency }: Handed,
): Promise<Unsealing["handed"]> => {
  const sealed = fromBase64(keys);
  if (sha256Hex(sealed) !== task.keys)
    throw refuse("enclave.delegation", { reason: "the keys are not those that the ledger names" });
  const context = delegationContext(stream, task.definition.enclave, enclave);
  const said = Delegation.parse(parseCanonical(fromUtf8(await openBytes(sealed, { key: encryptionKey, context }))));
  if (said.task !== digest) throw refuse("enclave.delegation", { reason: "the keys are for another task" });
  verifyConsistency({
    first: said.followed.size,
    second: checkpoint.size,
    firstRoot: fromHex(said.followed.root),
    secondRoot: fromHex(checkpoint.root),
    proof: consistency.map(fromBase64),
  });
  return (file) => (Object.hasOwn(said.keys, file) ? said.keys[file] : undefined);
};
