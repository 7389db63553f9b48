/** Parties that follow a protocol but for one lie, which they stand by: they believe it themselves. */
import type { Context, Inbox, Plain, Protocol, Sending, Turn } from "../../src/mpc/protocol.ts";

export interface Lie {
  readonly cheater: number;
  /** In which of its messages, from 1. */
  readonly round: number;
  readonly tamper?: (sending: Sending, context: Context, state: Plain, inbox?: Inbox) => Sending;
  /** Where it is to remember the lie as well. */
  readonly bend?: (told: Told, context: Context, state: Plain, inbox: Inbox) => Told;
}
export interface Told {
  readonly state: Plain;
  readonly send: Sending;
}

/** The protocol, run by the cheater with its lie and by the others as it is. */
export const lying = <I, R>(protocol: Protocol<I, R>, { cheater, round, tamper, bend }: Lie): Protocol<I, R> => {
  const told = (at: number, context: Context, turn: Turn<R>, state: Plain, inbox?: Inbox): Turn<R> => {
    if (at !== round || context.self !== cheater || "result" in turn) return turn;
    const bent = bend && inbox ? bend(turn, context, state, inbox) : turn;
    return tamper ? { ...bent, send: tamper(bent.send, context, state, inbox) } : bent;
  };
  return {
    ...protocol,
    begin: (context, input) => told(1, context, protocol.begin(context, input), undefined),
    rounds: protocol.rounds.map(({ expects, step }, i) => ({
      expects,
      step: (context, state, inbox) => told(i + 2, context, step(context, state, inbox), state, inbox),
    })),
  };
};

/** Flips the bit at `bit` of the body to all, or of that to `to`; negative ones count from the end. */
export const flipped = (sending: Sending, bit: number, to?: number): Sending => {
  const flip = (bytes: Uint8Array): Uint8Array => {
    const at = bit < 0 ? 8 * bytes.length + bit : bit;
    const out = Uint8Array.from(bytes);
    out[at >> 3]! ^= 1 << (at & 7);
    return out;
  };
  if (to === undefined) return { ...sending, broadcast: flip(sending.broadcast!) };
  return {
    ...sending,
    direct: new Map([...sending.direct!].map(([peer, body]) => [peer, peer === to ? flip(body) : body])),
  };
};

/** With `bytes` in the place of those at `offset`. */
export const replaced = (sending: Sending, offset: number, bytes: Uint8Array): Sending => {
  const broadcast = Uint8Array.from(sending.broadcast!);
  broadcast.set(bytes, offset);
  return { ...sending, broadcast };
};
