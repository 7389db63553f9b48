/**
 * The server's side of a key node: shows it the ledger and the statements that it lacks, and carries its calls. How it is
 * reached is the link's business. Calls that were under way when it went fail, and are made again by whoever made them.
 */
import { randomBytes } from "#crypto";
import { fromBase64, toBase64url } from "../base/bytes.ts";
import { MINUTE } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { type KeyNodeMethods, keyNodeMethods } from "../keynode/protocol/messages.ts";
import "../keynode/protocol/refusals.ts";
import type { Ledger } from "../ledger/port.ts";
import { verifyFollowed } from "../rules/followed.ts";
import { key as keyBook } from "../rules/key.ts";
import { attested, type KeyNode as KeyNodeState, keyNode, moved } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";
import type { Channel } from "../tee/protocol/channel.ts";
import { encodeStatements } from "../tee/protocol/statements.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { parseStatement } from "../trust/statement.ts";
import { answered } from "./answered.ts";
import type { Closures } from "./closures.ts";
import { refuse } from "./errors.ts";
import type { KeyNode } from "./node-port.ts";
import { requireSaid } from "./said.ts";

/** Leaves in one call. */
const LEAVES = 65_536;
/** Milliseconds that a node has to answer: more than all that it waits for itself. */
const PATIENCE = 5 * MINUTE;
const RESTART_AFTER = 500;
/** Presignatures that are made for a key before it is first used. */
const READY = 4;

/** A node that is connected. */
export interface Link {
  readonly channel: Channel;
  /** Where others reach it. */
  readonly host: string;
  /** Where that is not the port that it says it listens on. */
  readonly port?: number | undefined;
  /** It came over a network, so whose it is has to be shown. */
  readonly isRemote?: true;
  /** Ends it, and resolves when it has. */
  stop(): Promise<void>;
}

export interface NodeHostOptions {
  readonly tag: string;
  readonly ledger: Ledger;
  readonly closures: Closures;
  /** Starts the program, or waits for it to join. */
  readonly open: () => Promise<Link>;
  /** Texts by digest, of those that are kept here. */
  readonly details: (digests: readonly string[]) => Promise<ReadonlyMap<string, unknown>>;
  readonly log: (line: string) => void;
  /** It is there (again), and no more. */
  readonly onUp: (node: KeyNode, stream: string) => void;
  readonly onDown: (stream: string) => void;
}

interface Running {
  readonly link: Link;
  readonly stream: string;
  followed: number;
  /** It takes statements while it still makes durable how far it has followed; earlier programs do not. */
  isPrompt: boolean;
  /** Statements of each stream that it was shown. */
  shown: Map<string, number>;
}

/** Methods that carry statements. */
type Method = "show" | "announce" | "make" | "sign" | "prepare" | "backup" | "restore";
type Params<M extends Method> = Omit<KeyNodeMethods[M]["params"], "statements">;

export const createNodeHost = (options: NodeHostOptions): KeyNode => {
  const { tag, ledger, closures, open, details, log, onUp, onDown } = options;
  let running: Promise<Running> | undefined;
  let known: string | undefined;
  let up = false;
  let stopped = false;
  let following: Promise<unknown> = Promise.resolve();

  const unavailable = (reason: string): Refusal => refuse("key-node.unavailable", { node: tag, reason });

  const call = async <M extends keyof KeyNodeMethods>(
    node: Running,
    method: M,
    params: unknown,
    statements?: Parameters<typeof encodeStatements>[0],
  ): Promise<KeyNodeMethods[M]["result"]> => {
    const body = statements && encodeStatements(statements);
    return callOver(node.link, method, params, body);
  };

  /** A node is believed nothing, not even that it keeps to the form. @throws Refusal key-node.answer */
  const callOver = async <M extends keyof KeyNodeMethods>(
    { channel }: Link,
    method: M,
    params: unknown,
    body?: Parameters<Channel["call"]>[2],
  ): Promise<KeyNodeMethods[M]["result"]> => {
    const { result } = await channel.call(method, params, body);
    const parsed = keyNodeMethods[method].result.safeParse(result);
    if (!parsed.success) throw refuse("key-node.answer", { node: known ?? tag });
    return parsed.data as KeyNodeMethods[M]["result"];
  };

  /** Everything that the ledger has. @returns what may be answered later: a prompt node takes a call meanwhile */
  const follow = async (node: Running): Promise<{ readonly answered?: Promise<unknown> }> => {
    while (node.followed < ledger.size) {
      const from = node.followed;
      const to = Math.min(ledger.size, from + LEAVES);
      const shown = { from, leaves: ledger.leaves(from, to), checkpoint: ledger.checkpoint(to) };
      const answered = call(node, "follow", shown).catch((error: unknown) => {
        node.followed = from;
        throw error;
      });
      node.followed = to;
      if (node.isPrompt && to === ledger.size) return { answered };
      await answered;
    }
    return {};
  };

  /** Calls it with what it lacks of the ledger, and of what a replay of `stream` needs: one caller at a time. */
  const callCurrent = async <M extends Method>(
    node: Running,
    method: M,
    stream: string,
    params: Params<M>,
  ): Promise<KeyNodeMethods[M]["result"]> => {
    const turn = following.then(async () => {
      const { answered } = await follow(node);
      // It is waited for with the call's own answer.
      answered?.catch(() => undefined);
      const { statements, counts } = await closures.lacking(stream, node.followed, node.shown);
      for (const [one, count] of counts) node.shown.set(one, count);
      return { answers: [call(node, method, params, statements), answered] as const };
    });
    following = turn.catch(() => undefined);
    const [answer] = await Promise.all((await turn).answers);
    return answer;
  };

  /** The same; where it lacks more than was thought, with everything. */
  const callShowing = <M extends Method>(method: M, stream: string, params: Params<M>) =>
    answered(showing(method, stream, params), PATIENCE);

  const showing = async <M extends Method>(method: M, stream: string, params: Params<M>) => {
    const node = await ensure();
    try {
      return await callCurrent(node, method, stream, params);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "keynode.statements") throw error;
      node.isPrompt = false;
      node.shown.clear();
      return await callCurrent(node, method, stream, params);
    }
  };

  /** Says where it is, unless the ledger has that already. */
  const announce = async (node: Running): Promise<void> => {
    const { listens } = await call(node, "status", {});
    const { host, port = listens.port } = node.link;
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    if (streamOf(ledger.world, keyNode, node.stream)?.state.address === address) return;
    const { statement } = await callCurrent(node, "announce", node.stream, { address });
    if (statement === "") return;
    requireSaid(statement, { node: node.stream, stream: node.stream, kinds: [moved.name] });
    await ledger.submit(statement);
  };

  const requireFounding = (stream: string, founding: string): void => {
    const { digest, statement } = parseStatement(founding);
    // What a node of another ledger signs, no bundle would prove.
    const { ledger: followed } = statement.payload as { ledger?: string };
    if (digest !== stream || statement.kind !== attested.name || followed !== ledger.verifierKey)
      throw refuse("key-node.answer", { node: tag });
  };

  /** Founding statements are public: whoever brings one shows that it has the key. @throws Refusal key-node.impostor */
  const requireKey = async (link: Link, founding: string): Promise<void> => {
    const { tag: named, signingKey } = parseStatement(founding).statement.payload as {
      tag?: string;
      signingKey?: string;
    };
    const nonce = toBase64url(randomBytes(32));
    const { followed } = await callOver(link, "attest", { nonce });
    try {
      if (named !== tag) throw new Error("another node");
      verifyFollowed(followed, nonce, publicKeyFromSpki(fromBase64(signingKey ?? "")));
    } catch {
      throw refuse("key-node.impostor", { node: tag });
    }
  };

  /** @throws Refusal key-node.other, which says by what it differs from the one that the ledger has under this tag */
  const requireSame = (stream: string, founding: string): void => {
    const known = ledger.world.ids.get(tag);
    if (known === undefined || known === stream) return;
    const found = (parseStatement(founding).statement.payload as Pick<KeyNodeState, "components">).components;
    const meant = streamOf(ledger.world, keyNode, known)?.state.components ?? {};
    const names = [...new Set([...Object.keys(found), ...Object.keys(meant)])].sort();
    const differ = names.filter((name) => found[name] !== meant[name]);
    throw refuse("key-node.other", { node: tag, components: differ.join(", ") || "keys" });
  };

  /** A node that could not be founded in time founds itself anew, and is started again under that. */
  const found = async ({ channel }: Link, statement: string): Promise<void> => {
    try {
      await ledger.submit(statement);
    } catch (error) {
      if (error instanceof Refusal && error.code === "statement.clock") await channel.call("identify", { again: true });
      throw error;
    }
  };

  const launch = async (): Promise<Running> => {
    const link = await open();
    try {
      const { stream, statement } = await callOver(link, "identify", {});
      requireFounding(stream, statement);
      if (link.isRemote) await requireKey(link, statement);
      requireSame(stream, statement);
      if (!ledger.world.streams.has(stream)) await found(link, statement);
      const node: Running = { link, stream, followed: 0, isPrompt: false, shown: new Map() };
      await announce(node);
      node.isPrompt = true;
      return node;
    } catch (error) {
      await link.stop();
      throw error;
    }
  };

  const again = (): void => {
    if (!stopped) setTimeout(() => ensure().catch((error: unknown) => log(String(error))), RESTART_AFTER).unref();
  };

  const ensure = (): Promise<Running> => {
    if (stopped) return Promise.reject(unavailable("the server is shutting down"));
    running ??= launch().then(
      (node) => {
        known = node.stream;
        up = true;
        void node.link.channel.closed.then((reason) => {
          running = undefined;
          up = false;
          onDown(node.stream);
          if (!stopped) log(`the key node ${tag} ended (${reason}); starting it again`);
          again();
        });
        onUp(self, node.stream);
        return node;
      },
      (error: unknown) => {
        running = undefined;
        again();
        throw error;
      },
    );
    return running;
  };

  /** Of those that answer at once: nobody waits for a node that is not there. */
  const present = (): Promise<Running> => {
    if (!up) throw unavailable("it is not connected");
    return ensure();
  };

  const textsOf = async (digests: readonly (string | undefined)[]): Promise<Record<string, unknown>> =>
    Object.fromEntries(await details(digests.flatMap((digest) => digest || [])));

  const self: KeyNode = {
    tag,
    stream: () => known,
    isUp: () => up,
    start: async () => (await ensure()).stream,
    async show(node) {
      await present();
      await callShowing("show", node, {});
    },
    async make(key, run, share) {
      await present();
      const found = streamOf(ledger.world, keyBook, key)?.state;
      const texts = await textsOf([found?.detail]);
      return callShowing("make", key, { key, run, details: texts, ...(share !== undefined && { share }) });
    },
    async sign(request, signers, details) {
      await present();
      return callShowing("sign", request, { request, signers: [...signers], details });
    },
    async prepare(key, signers) {
      await present();
      return callShowing("prepare", key, { key, signers: [...signers], path: [], count: READY });
    },
    async backup(key) {
      await present();
      return callShowing("backup", key, { key });
    },
    async restore(key, envelope) {
      await present();
      return callShowing("restore", key, { key, envelope });
    },
    attest: async (nonce) => call(await present(), "attest", { nonce }),
    challenge: async (challenge) => call(await present(), "challenge", { challenge }),
    status: async () => call(await present(), "status", {}),
    async stop() {
      stopped = true;
      await (await running?.catch(() => undefined))?.link.stop();
    },
  };
  return self;
};
