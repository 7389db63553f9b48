/** Things told and questions asked in a session with one peer (docs/protocols/peers.md section 4). */
import { refuse } from "./errors.ts";
import type { Lane, Session } from "./session.ts";
import { decodeFailure, decodeSpoken, encodeFailure, encodeSpoken, type Question } from "./wire.ts";

/** Questions of a peer that are being answered at a time, and their bytes: thousands of signatures wait side by side. */
const MAX_SERVED = 4_096;
const MAX_SERVED_BYTES = 64 << 20;
/** Milliseconds that an answer is kept for a peer that does not come back. */
const ANSWER_KEPT = 60_000;

/** Answers a question of `from`. @throws Refusal, whose code the asker gets in a peer.refused */
export type Answering = (from: string, body: Uint8Array) => Promise<Uint8Array>;
/** Hears what `from` tells. Must not throw. */
export type Hearing = (from: string, body: Uint8Array) => void;

interface How {
  /** Milliseconds. */
  readonly within: number;
  readonly lane: Lane;
}

export interface Conversation {
  ask(topic: string, body: Uint8Array, how: How): Promise<Uint8Array>;
  tell(topic: string, body: Uint8Array, how: How): void;
  /** @throws Refusal peer.malformed */
  take(message: Buffer): void;
  /** A connection with this process of the peer is there. */
  connected(boot: string): void;
  disconnected(): void;
  /** What was asked of the process that was there before is answered by nobody. */
  restarted(): void;
  close(): void;
}

interface Asked {
  /** A connection was there since it was asked: the peer may have heard it. */
  connected: boolean;
  resolve(body: Uint8Array): void;
  reject(error: Error): void;
}

export const createConversation = (
  node: string,
  session: Session,
  to: { readonly answering: ReadonlyMap<string, Answering>; readonly hearing: ReadonlyMap<string, Hearing> },
): Conversation => {
  const asked = new Map<number, Asked>();
  let next = 0;
  const served = { questions: 0, bytes: 0 };
  let boot: string | undefined;
  let connected = false;

  const end = (error: Error, which: (one: Asked) => boolean) => {
    for (const one of [...asked.values()].filter(which)) one.reject(error);
  };
  const answer = async ({ number, topic, body }: Question) => {
    const asker = boot;
    const say = (kind: "answer" | "failure", payload: Uint8Array) => {
      if (boot === asker) session.send("urgent", encodeSpoken(kind, number, payload), performance.now() + ANSWER_KEPT);
    };
    served.questions++;
    served.bytes += body.length;
    try {
      if (served.questions > MAX_SERVED || served.bytes > MAX_SERVED_BYTES) throw refuse("peer.busy", { node });
      const answering = to.answering.get(topic);
      if (!answering) throw refuse("peer.topic", { topic: topic.slice(0, 64) });
      say("answer", await answering(node, body));
    } catch (error) {
      say("failure", encodeFailure(error));
    } finally {
      served.questions--;
      served.bytes -= body.length;
    }
  };
  return {
    ask: (topic, body, { within, lane }) =>
      new Promise((resolve, reject) => {
        const number = next;
        next = (next + 1) % 0x1_0000_0000;
        session.send(lane, encodeSpoken("ask", number, body, topic), performance.now() + within);
        const limit = setTimeout(() => done(() => reject(refuse("peer.unreachable", { nodes: [node] }))), within);
        const done = (settle: () => void) => {
          clearTimeout(limit);
          asked.delete(number);
          settle();
        };
        asked.set(number, {
          connected,
          resolve: (body) => done(() => resolve(body)),
          reject: (error) => done(() => reject(error)),
        });
      }),
    tell: (topic, body, { within, lane }) =>
      session.send(lane, encodeSpoken("tell", 0, body, topic), performance.now() + within),
    take(message) {
      const spoken = decodeSpoken(message);
      if (spoken.kind === "tell") to.hearing.get(spoken.topic)?.(node, spoken.body);
      else if (spoken.kind === "ask") answer(spoken).catch(ignore);
      // An answer to no question comes too late.
      else if (spoken.kind === "answer") asked.get(spoken.number)?.resolve(spoken.body);
      else asked.get(spoken.number)?.reject(decodeFailure(node, spoken.body));
    },
    connected(process) {
      boot = process;
      connected = true;
      for (const one of asked.values()) one.connected = true;
    },
    disconnected() {
      connected = false;
    },
    restarted: () => end(refuse("peer.restarted", { node }), (one) => one.connected),
    close: () => end(refuse("peer.unreachable", { nodes: [node] }), () => true),
  };
};

/** The answer found no place in the session: the peer takes none, and its question ends with its time. */
const ignore = () => undefined;
