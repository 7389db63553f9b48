/**
 * A key node's connections with the others (docs/protocols/peers.md): one a pair, kept up, over which both tell and ask
 * one another things. Of a pair, one dials: section 2.
 */
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { randomBytes } from "#crypto";
import { toHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Frame } from "../../tee/protocol/frames.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { createTlsIdentity } from "./certificate.ts";
import { type Answering, type Conversation, createConversation, type Hearing } from "./conversation.ts";
import { refuse } from "./errors.ts";
import { createLink, HELLO, type Link, malformed } from "./link.ts";
import { createSession, type Lane, type Session } from "./session.ts";
import { createListener, dial, type KeyOf } from "./tls.ts";
import { decodeHello, encodeHello, NO_BOOT } from "./wire.ts";

export interface Peers {
  /** Of this process of the node: hex. */
  readonly boot: string;
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Connections with these nodes are kept up from now on; with those that the ledger does not name, not. */
  keep(nodes: Iterable<string>): void;
  /** @throws Refusal peer.unknown, peer.unreachable, peer.restarted, peer.busy, peer.too-large, or peer.refused with the code that the other refuses with */
  ask(node: string, topic: string, body: Uint8Array, how: { within: number; lane: Lane }): Promise<Uint8Array>;
  /** Arrives once, or the other was started again, or did not come back `within` (milliseconds). @throws Refusal peer.unknown, peer.busy, peer.too-large */
  tell(node: string, topic: string, body: Uint8Array, how: { within: number; lane: Lane }): void;
  answer(topic: string, answering: Answering): void;
  hear(topic: string, hearing: Hearing): void;
  /** Calls `forget` when a node was started again since it was last spoken with, before anything of it is heard. */
  onRestart(forget: (node: string) => void): void;
  /** Waits for a connection. @returns which process of the node it is with @throws Refusal peer.unknown, peer.unreachable */
  reach(node: string, within: number): Promise<string>;
  /** Which process of the node the connection is with; undefined while there is none. */
  bootOf(node: string): string | undefined;
  status(): PeerStatus[];
  /** Aborts when this node ends. */
  readonly ending: AbortSignal;
  close(): Promise<void>;
}

export interface PeerStatus {
  readonly node: string;
  readonly connected: boolean;
  /** Why there is no connection. */
  readonly reason?: string;
}

export interface PeersOptions {
  /** Stream of this node. */
  readonly node: string;
  readonly tlsKey: PrivateKey<"P-256">;
  readonly keyOf: KeyOf;
  /** host:port, as the ledger has it; undefined where the node can't be dialled. */
  addressOf(node: string): string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  readonly clock: Clock;
}

/** Milliseconds before the next attempt: doubled each time, with as much again at random. */
const FIRST_WAIT = 50;
const LAST_WAIT = 8_000;
/** As much longer the one of a pair waits that is to be dialled. */
const OTHER_WAIT = 3_000;
/** Milliseconds that a connection has to last before the next attempt is made at once. */
const LASTING = 1_000;
/** Milliseconds until a peer has to say its hello. */
const GREETING = 10_000;

interface Peer {
  readonly node: string;
  readonly session: Session;
  readonly conversation: Conversation;
  link: Link | undefined;
  greeted: boolean;
  boot: string | undefined;
  attempts: number;
  dialling: NodeJS.Timeout | true | undefined;
  reason: string | undefined;
  /** Those that wait for a connection. */
  readonly waiting: Set<{ met(boot: string): void; end(): void }>;
}

/** Listens until `close`. */
export const createPeers = async (options: PeersOptions): Promise<Peers> => {
  const { node: self, keyOf, addressOf, listen } = options;
  const identity = createTlsIdentity(self, options.tlsKey, options.clock);
  const boot = toHex(randomBytes(16));
  const peers = new Map<string, Peer>();
  const answering = new Map<string, Answering>();
  const hearing = new Map<string, Hearing>();
  const forgetting: ((node: string) => void)[] = [];
  const ending = new AbortController();
  let closed = false;

  const peerOf = (node: string): Peer => {
    if (closed) throw refuse("peer.unreachable", { nodes: [node] });
    const known = peers.get(node);
    if (known) {
      dialSoon(known);
      return known;
    }
    if (node === self || keyOf(node) === undefined) throw refuse("peer.unknown", { node });
    const session: Session = createSession(node, (message) => conversation.take(message));
    const conversation = createConversation(node, session, { answering, hearing });
    const peer: Peer = {
      ...{ node, session, conversation, greeted: false, attempts: 0 },
      ...{ link: undefined, boot: undefined, dialling: undefined, reason: undefined, waiting: new Set() },
    };
    peers.set(node, peer);
    dialSoon(peer);
    return peer;
  };

  /** Whoever can't be dialled dials; where both can, the one whose stream comes first, and the other only later. */
  const isDialler = (peer: string): boolean => addressOf(self) === undefined || self < peer;

  const dialSoon = (peer: Peer): void => {
    if (closed || peer.link || peer.dialling || addressOf(peer.node) === undefined) return;
    const doubled = peer.attempts === 0 ? 0 : Math.min(FIRST_WAIT * 2 ** (peer.attempts - 1), LAST_WAIT);
    const wait = doubled + (isDialler(peer.node) ? 0 : OTHER_WAIT);
    peer.attempts++;
    peer.dialling = setTimeout(() => void dialNow(peer), wait * (1 + Math.random()));
  };
  const dialNow = async (peer: Peer): Promise<void> => {
    peer.dialling = undefined;
    if (closed || peer.link) return;
    peer.dialling = true;
    try {
      const socket = await dial(peer.node, addressOf(peer.node) ?? "", identity, keyOf);
      if (closed || peer.link) socket.destroy();
      else greet(peer, socket);
    } catch (error) {
      peer.reason = error instanceof Error ? error.message : "failed";
    } finally {
      peer.dialling = undefined;
      dialSoon(peer);
    }
  };

  /** The connection with a peer from now on: the one before counts no more, it may be half-open. */
  const greet = (peer: Peer, socket: TLSSocket): void => {
    peer.link?.close("another connection took its place");
    const begun = performance.now();
    const limit = setTimeout(() => link.close("no hello"), GREETING);
    const link = createLink(socket, {
      onFrame: (frame) => {
        if (peer.greeted) return peer.session.take(frame);
        clearTimeout(limit);
        meet(peer, link, frame);
      },
      onDrain: () => peer.session.pump(),
      stands: () => keyOf(peer.node) !== undefined,
      onClose: (reason) => {
        clearTimeout(limit);
        peer.session.detach();
        peer.conversation.disconnected();
        if (peer.greeted && performance.now() - begun > LASTING) peer.attempts = 0;
        peer.link = undefined;
        peer.greeted = false;
        peer.reason = reason;
        dialSoon(peer);
      },
    });
    peer.link = link;
    link.write(HELLO, 0, encodeHello({ boot, of: peer.boot ?? NO_BOOT, received: peer.session.received() }));
  };
  const meet = (peer: Peer, link: Link, { type, payload }: Frame): void => {
    if (type !== HELLO) throw malformed("no hello");
    const hello = decodeHello(payload);
    const restarted = peer.boot !== undefined && peer.boot !== hello.boot;
    peer.boot = hello.boot;
    if (restarted) {
      peer.session.reset();
      peer.conversation.restarted();
      for (const forget of forgetting) forget(peer.node);
    }
    peer.greeted = true;
    peer.reason = undefined;
    peer.conversation.connected(hello.boot);
    peer.session.attach(link, hello.of === boot ? hello.received : { urgent: 0, bulk: 0 });
    for (const one of peer.waiting) one.met(hello.boot);
  };

  const server = createListener(identity, keyOf, (node, socket) => {
    if (closed || node === self) socket.destroy();
    else greet(peerOf(node), socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, resolve);
  });

  const reach = async (node: string, within: number): Promise<string> => {
    const peer = peerOf(node);
    if (peer.greeted && peer.boot !== undefined) return peer.boot;
    return new Promise((resolve, reject) => {
      const settle = (work: () => void) => {
        clearTimeout(limit);
        peer.waiting.delete(one);
        work();
      };
      const one = {
        met: (process: string) => settle(() => resolve(process)),
        end: () => settle(() => reject(refuse("peer.unreachable", { nodes: [node] }))),
      };
      const limit = setTimeout(one.end, within);
      peer.waiting.add(one);
    });
  };

  return {
    boot,
    ending: ending.signal,
    reach,
    address: { host: listen.host, port: (server.address() as AddressInfo).port },
    keep: (nodes) => {
      for (const node of nodes) if (!closed && node !== self && keyOf(node) !== undefined) peerOf(node);
    },
    ask: async (node, topic, body, how) => peerOf(node).conversation.ask(topic, body, how),
    tell: (node, topic, body, how) => peerOf(node).conversation.tell(topic, body, how),
    answer: (topic, one) => void answering.set(topic, one),
    hear: (topic, one) => void hearing.set(topic, one),
    onRestart: (forget) => void forgetting.push(forget),
    bootOf: (node) => {
      const peer = peers.get(node);
      return peer?.greeted ? peer.boot : undefined;
    },
    status: () =>
      [...peers.values()].map(({ node, greeted, reason }) => ({
        node,
        connected: greeted,
        ...(reason !== undefined && { reason }),
      })),
    async close() {
      closed = true;
      ending.abort();
      const ended = new Promise((resolve) => server.close(resolve));
      for (const peer of peers.values()) {
        if (typeof peer.dialling === "object") clearTimeout(peer.dialling);
        peer.link?.close("this node ends");
        peer.conversation.close();
        for (const one of peer.waiting) one.end();
      }
      await ended;
    },
  };
};
