/**
 * Key nodes in the hands of one host, which has the operator's whole power: the log's key, every directory, restarts,
 * what is shown to whom. Nodes, their connections, ledger and rules are the real ones.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { generateKey, randomBytes, sign as signWith } from "#crypto";
import { toBase64url, toHex, utf8 } from "../../src/base/bytes.ts";
import { DAY, iso } from "../../src/base/clock.ts";
import { Refusal } from "../../src/base/refusal.ts";
import { replayable } from "../../src/evidence/export.ts";
import { createKeyNode } from "../../src/keynode/node.ts";
import type { NodeOptions } from "../../src/keynode/options.ts";
import type { Configuration } from "../../src/keynode/protocol/configuration.ts";
import type { KeyNodeMethods } from "../../src/keynode/protocol/messages.ts";
import { nameOf } from "../../src/keynode/sign.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import { key as keyBook } from "../../src/rules/key.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";
import { keyRequest as requestBook } from "../../src/rules/key-request.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";
import { createChannel } from "../../src/tee/protocol/channel.ts";
import type { PlacedStatement } from "../../src/tee/protocol/messages.ts";
import { encodeStatements } from "../../src/tee/protocol/statements.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../src/trust/digest.ts";
import type { Leaf } from "../../src/trust/leaf.ts";
import { leafBytes } from "../../src/trust/leaf.ts";
import { signCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { appendLeaf, EMPTY_FRONTIER, frontierRoot } from "../../src/trust/log/frontier.ts";
import { leafHash } from "../../src/trust/log/merkle.ts";
import { createNoteSigner } from "../../src/trust/log/note.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import { sha384Hex } from "./hostile-host.ts";
import { keyId } from "./keys.ts";
import { createOrganisation, type Organisation, SALT } from "./principals.ts";
import { act, found, ledgerStage, type Stage, signed as signedAct, stateOf } from "./stage.ts";

const ORIGIN = "entente/key-nodes";

/** What one node is started with besides, and asked for. */
export interface HeldNode {
  readonly tag: string;
  readonly directory: string;
  /** Stream. */
  readonly id: string;
  /** Shows what it lacks and makes the call, as an honest host does. @param on stream that the call is about */
  call<M extends keyof KeyNodeMethods>(method: M, params: object, on?: string): Promise<KeyNodeMethods[M]["result"]>;
  /** Makes the call with these statements, and no leaves before it. */
  raw<M extends keyof KeyNodeMethods>(
    method: M,
    params: object,
    statements?: readonly PlacedStatement[],
  ): Promise<KeyNodeMethods[M]["result"]>;
  follow(to?: number): Promise<void>;
  restart(twist?: Partial<NodeOptions>): Promise<void>;
  /** Keeps its disk as it is, for `fork`. */
  snapshot(): Promise<string>;
  /**
   * Runs in its place, until `restart`, from an earlier disk and on another ledger that the operator has made up;
   * `raw` then goes to that one.
   */
  fork(leaves: readonly Leaf[], disk?: string): Promise<void>;
  stop(): Promise<void>;
  /** kill -9, where it is a process. */
  kill(): void;
}

type LaunchOptions = Omit<NodeOptions, "components" | "provider">;
/** A node that runs. */
interface Launched {
  call(method: keyof KeyNodeMethods, params: object, body: AsyncIterable<Uint8Array>): Promise<unknown>;
  close(): Promise<void>;
  kill?(): void;
}
export type Launch = (options: LaunchOptions) => Promise<Launched>;

const inProcess: Launch = async (options) => {
  const provider = await openSimulated(options.directory);
  const components = { program: sha384Hex("key node") };
  const { handlers, close } = await createKeyNode({ ...options, components, provider });
  return { call: async (method, params, body) => (await handlers[method](params, body)).result, close };
};

/** @param program dist/keynode.mjs */
export const asProcess =
  (program: string): Launch =>
  async ({ clock: _, patience: __, ...options }) => {
    const configuration: Configuration = { ...options, attestation: { provider: "simulated" } };
    const argument = toBase64url(utf8(JSON.stringify(configuration)));
    const child = spawn(process.execPath, [program, argument], { stdio: ["pipe", "pipe", "inherit"], env: {} });
    const channel = createChannel(child.stdout, child.stdin, {}, 0);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    return {
      call: async (method, params, body) => (await channel.call(method, params, body)).result,
      async close() {
        channel.close();
        await ended;
      },
      kill: () => child.kill("SIGKILL"),
    };
  };

export interface FleetOptions {
  readonly launch?: Launch;
  /** Milliseconds that signers wait for one another. */
  readonly patience?: number;
  readonly nodes?: number;
  readonly policies?: readonly { readonly id: string; readonly text: string }[];
  /** What the group's founding has other than it should. */
  readonly group?: Record<string, unknown>;
}

const ALL = [{ id: "all", text: "permit(principal, action, resource);" }];
const ids = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id).sort();

/** Runs with the machine's clock, as the connections between nodes do, as far ahead of it as it was moved. */
const clockAhead = () => {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance(ms: number) {
      ahead += ms;
    },
  };
};

/** A ledger, key nodes and a group of theirs with two administrators, a requester and two approvers. */
export const openKeyNodes = async (t: TestContext, options: FleetOptions = {}) => {
  const { nodes: count = 3, policies = ALL, launch = inProcess, patience } = options;
  const directory = mkdtempSync(join(tmpdir(), "entente-keynodes-"));
  const clock = clockAhead();
  const logKey = generateKey("Ed25519");
  const signer = createNoteSigner({
    name: ORIGIN,
    publicKey: rawFromPublicKey(logKey.publicKey),
    sign: (message) => signWith(logKey, message),
  });
  const ledger = await openEvidenceLedger({ directory, clock, signer });
  const stage: Stage<typeof clock> = ledgerStage(ledger, clock);
  const running = new Set<Launched>();
  t.after(async () => {
    await Promise.all([...running].map((node) => node.close()));
    await ledger.close();
    rmSync(directory, { recursive: true });
  });

  /** Over any leaves at all: the log's key is the operator's. */
  const checkpointOver = (leaves: readonly Leaf[]): string => {
    const end = leaves.reduce((frontier, leaf) => appendLeaf(frontier, leafHash(leafBytes(leaf))), EMPTY_FRONTIER);
    return signCheckpoint({ origin: ORIGIN, size: end.size, root: frontierRoot(end) }, signer);
  };
  let copies = 0;
  /** The ledger as the nodes see it, once its operator has gone on with it alone. */
  let beyond: Leaf[] | undefined;

  const startNode = async (tag: string): Promise<HeldNode> => {
    const home = join(directory, tag);
    /** Where it runs; a fork runs elsewhere meanwhile. */
    let disk = home;
    const start = async (twist: Partial<NodeOptions> = {}) => {
      const listen = { host: "127.0.0.1", port: 0 };
      const common = { directory: home, ledger: ledger.verifierKey, tag, listen, clock };
      const node = await launch({ ...common, ...(patience && { patience }), ...twist });
      running.add(node);
      return node;
    };
    let node = await start();
    let followed = 0;
    let shown = new Set<number>();
    const raw: HeldNode["raw"] = async (method, params, statements = []) =>
      (await node.call(method, params, encodeStatements(statements))) as never;
    const follow = async (to = ledger.size) => {
      if (to <= followed) return;
      const leaves = ledger.leaves(followed, to);
      const from = followed;
      followed = to;
      await raw("follow", { from, leaves, checkpoint: ledger.checkpoint(to) });
    };
    const announce = async () => {
      const { listens } = await raw("status", {});
      const { statement } = await held.call("announce", { address: `127.0.0.1:${listens.port}` }, held.id);
      if (statement) await stage.submit(statement);
    };
    const { stream: id, statement } = await raw("identify", {});
    await stage.submit(statement);
    const held: HeldNode = {
      ...{ tag, directory: home, id, raw, follow },
      async call(method, params, on) {
        await follow();
        const all = on === undefined ? [] : await replayable(ledger, on, followed);
        const lacking = all.filter(({ index }) => !shown.has(index));
        const result = await raw(method, params, lacking);
        for (const { index } of lacking) shown.add(index);
        return result;
      },
      async restart(twist) {
        await held.stop();
        disk = twist?.directory ?? home;
        node = await start(twist);
        followed = 0;
        shown = new Set();
        await announce();
      },
      async stop() {
        if (running.delete(node)) await node.close();
      },
      async snapshot() {
        const copy = join(directory, `${tag}.${copies++}`);
        cpSync(disk, copy, { recursive: true });
        return copy;
      },
      async fork(leaves, earlier) {
        const listen = (await raw("status", {})).listens;
        const copy = earlier ?? (await held.snapshot());
        await held.stop();
        node = await start({ directory: copy, listen });
        await raw("follow", { from: 0, leaves, checkpoint: checkpointOver(leaves) });
      },
      kill: () => node.kill?.(),
    };
    await announce();
    return held;
  };
  const nodes: HeldNode[] = [];
  for (let i = 1; i <= count; i++) nodes.push(await startNode(`node-${i}`));

  const at = clock.now();
  const organisation = (name: string) => createOrganisation(name, { at });
  const administrators = [organisation("甲"), organisation("乙")] as const;
  const requester = organisation("商户");
  const approvers = [organisation("风控"), organisation("财务")] as const;
  await found(stage, ...administrators, requester, ...approvers);
  const groupDetail = { salt: SALT, name: "金库", description: "" };
  const group = await act(stage, administrators[0], "key-group.founded", "", {
    ...{ id: keyId("G"), nodes: ids(nodes), administrators: ids(administrators), approvals: 1 },
    ...{ requesters: ids([requester]), approvers: ids(approvers), policies, detail: digestOf(groupDetail) },
    ...options.group,
  });

  /** Texts by digest, of all that was founded here. */
  const details: Record<string, unknown> = {};
  const keep = (detail: unknown): string => {
    details[digestOf(detail)] = detail;
    return digestOf(detail);
  };
  const keyOf = (stream: string) => stateOf(stage, keyBook, stream);

  return {
    ...{ directory, clock, ledger, signer, stage, nodes, startNode, group, details, keep, keyOf },
    ...{ administrators, requester, approvers },

    /** Founds a key over nodes, whose places are their indices. */
    foundKey(scheme: KeyScheme, threshold: number, over: readonly HeldNode[] = nodes, change: object = {}) {
      return act(stage, requester, "key.founded", "", {
        ...{ id: keyId("K"), group, scheme, threshold, participants: over.map(({ id }) => id) },
        ...{ origin: { kind: "generated" }, detail: keep({ salt: SALT, tags: {}, description: "" }), ...change },
      });
    },

    /**
     * Has nodes make what the key's attempt asks for, and puts on the ledger what they say. Nodes that were started again
     * may still be about to meet: then it is tried again.
     */
    async make(stream: string, over: readonly HeldNode[] = nodes, params: (node: HeldNode) => object = () => ({})) {
      let run = "";
      const ask = (node: HeldNode) => node.call("make", { key: stream, run, details, ...params(node) }, stream);
      for (let tries = 1; ; tries++)
        try {
          run = toHex(randomBytes(32));
          await Promise.all(over.map(ask));
          break;
        } catch (error) {
          const code = error instanceof Refusal ? error.code : "";
          if (tries === 5 || !["peer.restarted", "peer.unreachable", "run.ended"].includes(code)) throw error;
        }
      for (const node of over) {
        const { statement } = await ask(node);
        if (statement) await stage.submit(statement);
      }
    },

    /** Founds a request of the requester's. */
    request(key: string, messages: readonly KeyMessage[], change: object = {}, more: object = {}) {
      return act(stage, requester, "key-request.founded", "", {
        ...{ id: keyId("R"), key, action: "sign", count: messages.length, expires: iso(clock.now() + DAY) },
        ...{ detail: keep({ salt: SALT, messages, note: "", ...more }), ...change },
      });
    },
    /** Where signers of a request meet: everybody can know it. */
    meetingOf(request: string, signers: readonly number[]): string {
      const { key } = stateOf(stage, requestBook, request);
      const head = (stream: string) => [stream, stage.world.streams.get(stream)?.head];
      return nameOf(
        { request: { stream: request }, heads: Object.fromEntries([request, key, group].map(head)) },
        signers,
      );
    },
    approve: (request: string, by: Organisation) => act(stage, by, "key-request.approved", request),

    /** Asks nodes to sign, as an honest server does. @returns what the leader says */
    async sign(request: string, signers: readonly number[] = [1, 2]) {
      const { participants } = keyOf(stateOf(stage, requestBook, request).key).epochs.at(-1) ?? { participants: [] };
      const asked = signers.map((index) => {
        const node = nodes.find(({ id }) => id === participants[index - 1]);
        if (!node) throw new Error(`no node ${index}`);
        return node.call("sign", { request, signers, details }, request);
      });
      const [leader] = await Promise.all(asked);
      return leader as KeyNodeMethods["sign"]["result"];
    },

    /** The operator's log goes on with a statement that no rule has seen; from then on nodes are told of no other. */
    async goOn(jws: string): Promise<PlacedStatement> {
      for (const node of nodes) await node.follow();
      beyond ??= [...ledger.leaves(0, ledger.size)];
      const [from, time, { statement, digest }] = [beyond.length, clock.now(), parseStatement(jws)];
      const stream = statement.stream || digest;
      const seq = beyond.filter((leaf) => leaf.stream === stream).length;
      const leaf = { seq, statement: digest, stream, time };
      beyond.push(leaf);
      const params = { from, leaves: [leaf], checkpoint: checkpointOver(beyond) };
      await Promise.all(nodes.map((node) => node.raw("follow", params)));
      return { index: from, time, jws };
    },

    signedAs: (by: Organisation, kind: string, stream: string, payload: object = {}) =>
      signedAct(stage, by, kind, stream, payload),
  };
};
export type KeyNodes = Awaited<ReturnType<typeof openKeyNodes>>;
