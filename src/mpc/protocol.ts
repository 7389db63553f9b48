/**
 * What a protocol between several parties is: rounds, in each of which a party sends messages and then waits for those
 * of all others. A protocol is a pure value: its state between rounds is plain data, so a run can be stored and taken
 * up again; `machine.ts` runs one party's side of it, whatever carries the messages.
 */

/** Plain data, as a run's state between rounds is made of. */
export type Plain = undefined | null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | PlainRecord;
export interface PlainRecord {
  readonly [name: string]: Plain;
}

/** What a party knows of the run that it takes part in. */
export interface Context {
  /** 32 bytes, never used twice: every party put fresh randomness in. Goes into every hash of the run. */
  readonly session: Uint8Array;
  /** Index of this party: its evaluation point, 1 to 255. */
  readonly self: number;
  /** All that take part, ascending, this one included. */
  readonly parties: readonly number[];
  /** Uniform bytes; seeded in tests. */
  random(length: number): Uint8Array;
}

/** The messages of one round, from every other party. */
export interface Inbox {
  /** @param from a party; its own broadcast too. The same for every party, where the round asks for an echo. */
  broadcast(from: number): Uint8Array;
  /** What `from` sent to this party alone. */
  direct(from: number): Uint8Array;
}

export interface Sending {
  readonly broadcast?: Uint8Array;
  /** By receiver: one for every other party. */
  readonly direct?: ReadonlyMap<number, Uint8Array>;
}

/** A round is over: what is sent next, or what the run came to. */
export type Turn<R> = { readonly state: Plain; readonly send: Sending } | { readonly result: R };

/** What has to be there before `step` is called. */
export interface Round<R> {
  readonly expects: {
    /** `echo`: every party is sure that all others have received the same, or knows who sent several. */
    readonly broadcast?: "plain" | "echo";
    readonly direct?: true;
  };
  /**
   * @param state as the turn before left it
   * @throws Abort naming who sent what does not hold
   */
  // A round's state is its own; the turn before made it.
  // biome-ignore lint/suspicious/noExplicitAny: existential type
  step(context: Context, state: any, inbox: Inbox): Turn<R>;
}

export interface Protocol<I, R> {
  /** Part of every hash: `dkg/1`. */
  readonly name: string;
  begin(context: Context, input: I): Turn<R>;
  readonly rounds: readonly Round<R>[];
  /** Bytes that an honest party has another hold at most, of two rounds; two of the longest messages where none are said. */
  readonly mostHeld?: number;
}

/** A run has ended without a result, by the fault of `culprits`. */
export class Abort extends Error {
  override readonly name = "Abort";
  readonly culprits: readonly number[];
  /** What did not hold: a section of the protocol's specification, `dkg.proof`. */
  readonly check: string;
  constructor(check: string, ...culprits: readonly number[]) {
    super(`${check}: party ${culprits.join(", ")}`);
    this.check = check;
    this.culprits = culprits;
  }
}

/** The others of a run. */
export const others = ({ parties, self }: Pick<Context, "parties" | "self">): number[] =>
  parties.filter((party) => party !== self);

/** Something of every party of a run, by its index. */
export const byParty = <T>({ parties }: Pick<Context, "parties">, of: (party: number) => T): Record<number, T> =>
  Object.fromEntries(parties.map((party) => [party, of(party)]));

/** A round's own type of state as what it is: interfaces have no index signature, though their values are plain. */
export const plain = (state: object): Plain => state as Plain;
