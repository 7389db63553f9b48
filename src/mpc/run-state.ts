/** What a party keeps of a run between two messages, and its form on disk. */
import { concat, equal } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "./codec.ts";
import { decodeMessage, digestOf, encodeMessage, type Header, type Message } from "./message.ts";
import type { Plain } from "./protocol.ts";

export interface RunState {
  /** Whose messages are awaited: 0 the hellos, n those of the n-th round. */
  round: number;
  /** All have shown one another the same hellos: the session is one. */
  agreed: boolean;
  /** This round's echo has been sent. */
  echoed: boolean;
  session: Uint8Array | undefined;
  /** The protocol's own. */
  inner: Plain;
  /** By slot: own broadcasts too. */
  held: Map<string, Message>;
  /** Messages sent, as far back as anybody may lack them. */
  flights: Message[][];
}

/** A party sends one message a slot. */
export const slotOf = ({ kind, round, from, to }: Omit<Header, "run">): string =>
  `${kind} ${round} ${from} ${to === 0 ? "all" : "one"}`;

/** What makes a run this run; options of a machine have it. */
interface Purpose {
  readonly protocol: { readonly name: string };
  readonly run: Uint8Array;
  readonly binding: Uint8Array;
  readonly parties: readonly number[];
}

/** What all parties of a run have to see alike before they speak. */
export const purposeOf = ({ protocol, run, binding, parties }: Purpose): Uint8Array =>
  digestOf(encodePlain(["entente mpc purpose/1", protocol.name, run, binding, [...parties]]));

const ownPurpose = (options: Purpose & { readonly self: number }): Uint8Array =>
  concat(purposeOf(options), Uint8Array.of(options.self));

export const freshState = (): RunState => ({
  round: 0,
  agreed: false,
  echoed: false,
  session: undefined,
  inner: undefined,
  held: new Map(),
  flights: [],
});

export const saveState = (options: Purpose & { readonly self: number }, state: RunState): Uint8Array =>
  encodePlain([
    ownPurpose(options),
    state.round,
    state.agreed,
    state.echoed,
    state.session,
    state.inner,
    [...state.held.values()].map(encodeMessage),
    state.flights.map((flight) => flight.map(encodeMessage)),
  ]);

/** @throws RangeError for what `saveState` did not give, or gave for another run or party */
export const loadState = (options: Purpose & { readonly self: number }, saved: Uint8Array): RunState => {
  const [purpose, round, agreed, echoed, session, inner, held, flights] = decodePlain(saved) as [
    Uint8Array,
    number,
    boolean,
    boolean,
    Uint8Array | undefined,
    Plain,
    Uint8Array[],
    Uint8Array[][],
  ];
  if (!equal(purpose, ownPurpose(options))) throw new RangeError("saved of another run");
  return {
    round,
    agreed,
    echoed,
    session,
    inner,
    held: new Map(held.map(decodeMessage).map((message) => [slotOf(message), message])),
    flights: flights.map((flight) => flight.map(decodeMessage)),
  };
};
