/** Verifies an evidence bundle: the same rulebooks that ledger and enclave ran, over what the bundle holds. Pure. */
import { closureOf } from "../rules/closure.ts";
import { enclave } from "../rules/enclave.ts";
import { task as taskBook } from "../rules/task.ts";
import type { Receipt } from "../rules/task-definition.ts";
import type { Task } from "../rules/task-state.ts";
import { streamOf, type World } from "../rules/world.ts";
import { type Bundle, FORMAT, type RequestBundle } from "./bundle.ts";
import { refuse } from "./errors.ts";
import {
  type OpenedFile,
  openDetails,
  openFile,
  requireContinued,
  requireNoStray,
  type VerifiedEntry,
} from "./file.ts";
import { type VerifiedRequest, verifyRequest } from "./verify-request.ts";

/** What a bundle of a run was found to prove. */
export interface Verified extends OpenedFile<Bundle> {
  readonly task: Task;
  readonly receipt: Receipt;
  /** Texts that were shown, by digest. */
  readonly details: ReadonlyMap<string, Record<string, unknown>>;
}

/** A bundle of a run, or of what a key was used for. @throws Refusal naming the first thing that does not hold */
export const verifyAny = (bytes: Uint8Array): Verified | VerifiedRequest => {
  const opened = openFile(bytes);
  return isOfTask(opened) ? verifyTask(opened) : verifyRequest(opened as OpenedFile<RequestBundle>);
};

/** A bundle of a run. @throws Refusal naming the first thing that does not hold */
export const verifyBundle = (bytes: Uint8Array): Verified => {
  const opened = openFile(bytes);
  if (isOfTask(opened)) return verifyTask(opened);
  throw refuse("bundle.malformed", { reason: "it is about a request for the use of a key" });
};

const isOfTask = (opened: OpenedFile): opened is OpenedFile<Bundle> => opened.bundle.format === FORMAT;

const verifyTask = (opened: OpenedFile<Bundle>): Verified => {
  const { bundle, world, entries } = opened;
  const { task, receipt } = requireCompleted(bundle, world, entries);
  // The enclave followed this very ledger.
  if (streamOf(world, enclave, task.runner)?.state.ledger !== bundle.ledger) throw refuse("bundle.ledger");
  requireContinued(opened, receipt.checkpoint);
  requireNoStray(bundle.task, opened);
  requireSeen(bundle, entries, receipt);
  return { ...opened, task, receipt, details: openDetails(opened) };
};

/** The task succeeded, and its receipt is the last thing in the bundle, or the receiver's word that it has the result. */
const requireCompleted = (bundle: Bundle, world: World, entries: readonly VerifiedEntry[]) => {
  const state = streamOf(world, taskBook, bundle.task)?.state;
  if (!state) throw refuse("bundle.malformed", { reason: "the task's stream is missing" });
  if (state.state !== "succeeded" || !state.receipt) throw refuse("bundle.unfinished", { state: state.state });
  const last = entries.at(-1);
  if (last?.stream !== bundle.task || last.signed.digest !== streamOf(world, taskBook, bundle.task)?.head)
    throw refuse("bundle.receipt", { reason: "the receipt is not the last of the task" });
  return { task: state, receipt: state.receipt };
};

/** The enclave replayed exactly the streams that matter, each to the newest statement that the ledger then had. */
const requireSeen = (bundle: Bundle, entries: readonly VerifiedEntry[], receipt: Receipt) => {
  const byStream = Map.groupBy(
    entries.filter(({ index }) => index < receipt.checkpoint.size),
    ({ stream }) => stream,
  );
  const seen = closureOf(bundle.task, (stream) => byStream.get(stream)?.map(({ signed }) => signed) ?? []);
  for (const stream of seen)
    if (receipt.heads[stream] !== byStream.get(stream)?.at(-1)?.signed.digest) throw refuse("bundle.heads", { stream });
  for (const stream of Object.keys(receipt.heads)) if (!seen.has(stream)) throw refuse("bundle.heads", { stream });
};
