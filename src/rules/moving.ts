/**
 * Moving to another enclave without sealing again: the owner's statement names the new enclave and its measurement, and
 * by it alone the former enclave hands over the key of what was sealed to it. docs/decisions/0015-moving.md
 */
import { z } from "zod";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import { type EnclaveState, enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import type { PersistentMap } from "./persistent-map.ts";
import { type Elsewhere, kindsOf } from "./rulebook.ts";
import { StreamId } from "./shapes.ts";
import { requireOwner, type Shared } from "./sharing.ts";

/** Where a resource is. */
export interface Placed {
  /** The only enclave that may use it. */
  readonly enclave: string;
  /** The one that its envelope is sealed to. */
  readonly sealedTo: string;
  /** The one that it began at, which has its account: from there it is handed on, whatever is sealed anew meanwhile. */
  readonly origin: string;
  /** Enclaves that it was moved from and to; none where it never was. */
  readonly places: PersistentMap<true>;
}

/** The program that is moved to, said twice: by the enclave, and by what it is measured as. */
export const Successor = z.strictObject({
  /** Stream of the new enclave. */
  enclave: StreamId,
  /** SHA-384 (hex) of its program, as its founding statement has it. */
  measurement: z.string().regex(/^[0-9a-f]{96}$/),
});

/**
 * The new enclave is there, is what the statement says, follows the same ledger, and protects no less.
 * @throws Refusal enclave.unknown, enclave.here, enclave.weaker
 */
export const requireSuccessor = (
  elsewhere: Elsewhere,
  from: string,
  { enclave: to, measurement }: z.output<typeof Successor>,
): void => {
  const [before, after] = [from, to].map((id) => elsewhere.stream(enclave, id)?.state);
  if (!before) throw refuse("enclave.unknown", { enclave: from });
  if (after?.measurement !== measurement) throw refuse("enclave.unknown", { enclave: to });
  if (from === to) throw refuse("enclave.here", { enclave: to });
  const reason = weakerBy(before, after);
  if (reason) throw refuse("enclave.weaker", { enclave: to, reason });
};

/** Whether the machine's owner sees more of the one than of the other. */
export const isMoreOpen = (one: Pick<EnclaveState, "provider">, other: Pick<EnclaveState, "provider">): boolean => {
  const closed = ({ provider }: Pick<EnclaveState, "provider">) => attestationVerifiers[provider]?.closed ?? "nothing";
  return CLOSED.indexOf(closed(one)) < CLOSED.indexOf(closed(other));
};

/** In what the new enclave protects less than the former. */
const weakerBy = (before: EnclaveState, after: EnclaveState): string | undefined => {
  if (isMoreOpen(after, before)) return `its attestation is ${after.provider}, not ${before.provider}`;
  if (before.isolation === "bubblewrap" && after.isolation !== before.isolation)
    return `its isolation is ${after.isolation}, not ${before.isolation}`;
  return after.ledger === before.ledger ? undefined : "it follows another ledger";
};
const CLOSED = ["nothing", "program", "memory"] as const;

/** Whether the owner has moved the resource away from an enclave. */
export const hasLeft = ({ enclave, places }: Placed, from: string): boolean => enclave !== from && places.has(from);

/** `source.moved`, `model.moved`. @param book name of the rulebook */
export const movedKind = <S extends Shared & Placed>(book: string) =>
  kindsOf<S>()({
    name: `${book}.moved`,
    by: "organisation",
    payload: z.strictObject({ from: StreamId, ...Successor.shape }),
    refers: ({ from, enclave }) => [from, enclave],
    apply: (state, { by, payload: { from, ...to } }, elsewhere) => {
      requireOwner(state, by);
      if (from !== state.enclave) throw refuse("resource.changed", { id: state.id });
      requireSuccessor(elsewhere, from, to);
      return { ...state, enclave: to.enclave, places: state.places.set(from, true).set(to.enclave, true) };
    },
  });
