/**
 * Failure diagnostics: what helps the author of a model that failed. Kept sealed, of one size whatever there is to say,
 * durable with the outcome; forgotten when nobody can ask for it any more.
 */
import { randomBytes } from "#crypto";
import { concat, fromUtf8, utf8 } from "../../base/bytes.ts";
import { DAY } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import { DIAGNOSTICS_BYTES, paddedDiagnostics } from "../../rules/released-diagnostics.ts";
import { OPEN_FOR } from "../../rules/shapes.ts";
import type { Said } from "../runners/runner.ts";
import { newest } from "./places.ts";
import type { KeptDiagnostics, SealedState } from "./sealed-state.ts";

type Remembered = NonNullable<SealedState["diagnostics"]>;

/** Asked for within seven days of the failure, decided within seven more; and a day for the failure to be told. */
const KEPT_FOR = 2 * OPEN_FOR + DAY;
/** Tasks that failed: of one member, and of all, the oldest is forgotten first. */
const MAX_KEPT = 1_000;

/** Random bytes go before the text: what is kept is named by its digest, which must not tell what is in it. */
const SALT = 32;
export const DIAGNOSTICS_SIZE = SALT + DIAGNOSTICS_BYTES;
export const textIn = (kept: Uint8Array): Uint8Array => kept.subarray(SALT);

/** Refusals in words about models and tasks. What others say of tables, databases and files is their owners'. */
const TOLD = /^(model|gate|enclave|archive)\./;
const TRACE_MAX = 8 << 10;
/** For what other refusals say. */
const OWNERS = "What it says in particular is for the owner of the table.";

/** What is kept of a failure. @param said by the model */
export const diagnosticsOf = (error: unknown, said: Said = { trace: "", printed: "" }): Uint8Array => {
  const refused =
    error instanceof Refusal
      ? TOLD.test(error.code)
        ? [error.code, error.message, JSON.stringify(error.details)]
        : [error.code, OWNERS]
      : ["enclave.internal"];
  const head = [...refused, ...(said.trace ? ["", "Trace:", shortened(said.trace)] : [])].join("\n");
  const log = "\n\nLog, its end:\n";
  const room = DIAGNOSTICS_BYTES - utf8(head.toWellFormed()).length - utf8(log).length;
  const printed = said.printed && room > 0 ? log + endOf(said.printed, room) : "";
  return concat(randomBytes(SALT), paddedDiagnostics(head + printed));
};

/** Some runtimes say at the beginning what was thrown, others at the end. */
const shortened = (trace: string): string =>
  trace.length <= TRACE_MAX ? trace : `${trace.slice(0, TRACE_MAX / 2)}\n…\n${trace.slice(-TRACE_MAX / 2)}`;

/** The last bytes of a text, from a character on. */
const endOf = (text: string, bytes: number): string => {
  const all = utf8(text.toWellFormed());
  let from = Math.max(0, all.length - bytes);
  while (((all[from] ?? 0) & 0xc0) === 0x80) from++;
  return fromUtf8(all.subarray(from));
};

/** @param time the ledger's, milliseconds */
export const isKept = ({ time: failed }: KeptDiagnostics, time: number): boolean => time <= failed + KEPT_FOR;

/** Those that are still to be kept. @param added by the task's stream */
export const stillKept = (all: Remembered = {}, time: number, added: Remembered = {}): Remembered => {
  const kept = Object.entries(all).filter(([task, one]) => isKept(one, time) && !Object.hasOwn(added, task));
  return Object.fromEntries(newest([...kept, ...Object.entries(added)], MAX_KEPT));
};

/** Digests of what these are kept under. */
export const keptUnder = (all: Remembered = {}): string[] => Object.values(all).map(({ digest }) => digest);
