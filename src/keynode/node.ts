/** A key node's agent: the ledger it follows, its connections with other nodes, and what it does for a server. */
import { join } from "node:path";
import { sha256Hex } from "#crypto";
import { fromBase64 } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { baseOt } from "../mpc/ot/base.ts";
import { signFollowed } from "../rules/followed.ts";
import { keyNode as keyNodeBook } from "../rules/key-node.ts";
import { requestStreams } from "../rules/key-request-state.ts";
import { epochOf, type Key, keyStreams, participantsOf, stateOf } from "../rules/key-state.ts";
import { createFollower } from "../tee/follower.ts";
import type { Handler } from "../tee/protocol/channel.ts";
import type { PlacedStatement } from "../tee/protocol/messages.ts";
import { decodeStatements } from "../tee/protocol/statements.ts";
import { reportData } from "../trust/attestation/report-data.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { parseStatement } from "../trust/statement.ts";
import { createAccounts } from "./accounts.ts";
import { createAgreement } from "./agreement.ts";
import { backup, restore } from "./backup.ts";
import { createErasing } from "./erasing.ts";
import { refuse } from "./errors.ts";
import { createHistory } from "./history.ts";
import { claimsOf, openIdentity, STORE } from "./identity.ts";
import { createImports } from "./imports.ts";
import { requireSigners } from "./judge.ts";
import { type LookDeps, lookAtKey, timeOf } from "./look.ts";
import { createMaking } from "./make.ts";
import type { NodeOptions } from "./options.ts";
import { createPairStore, KEPT_OUT } from "./pair-store.ts";
import { createPairs } from "./pairs.ts";
import { createPardons } from "./pardons.ts";
import { createPeers } from "./peers/peers.ts";
import { createPools } from "./pools.ts";
import type { Held } from "./presigning.ts";
import { type KeyNodeMethods, keyNodeMethods } from "./protocol/messages.ts";
import { createRuns } from "./runs.ts";
import { createSay } from "./say.ts";
import { schemeOf } from "./schemes.ts";
import { createShares, type Shares } from "./shares.ts";
import { createSigning } from "./sign.ts";
import { openStore, storeIdOf } from "./store.ts";
import { whenSealed } from "./when-sealed.ts";
import { createWitness } from "./witness.ts";

export interface KeyNode {
  readonly handlers: Record<keyof KeyNodeMethods, Handler>;
  close(): Promise<void>;
}

/** Requests whose statements are kept; of an older one they are shown again when it is asked for. */
const MAX_REQUESTS = 1_024;
/** Milliseconds until the others are asked again whether old shares may go. */
const SETTLE_AGAIN = 2_000;

/** @throws Refusal enclave.state.*, enclave.ledger.other, keynode.tag, keynode.store.* */
export const createKeyNode = async (options: NodeOptions): Promise<KeyNode> => {
  const { provider, clock, listen, tag } = options;
  const identity = await openIdentity(options);
  const { node, change } = identity;
  const { signingKey, encryptionKey, tlsKey } = identity.state;
  const store = openStore({
    path: join(options.directory, STORE),
    ...identity.state.store,
    seal: (version) => change((now) => ({ store: { ...now.store, version } })),
  });
  // In the register, so that a process that goes on from a copy of this state elsewhere saves nothing any more.
  await change(() => ({}));
  const storeId = storeIdOf(identity.state.store.key);
  const follower = createFollower(options.ledger, identity.state.followed);
  const witness = createWitness(follower);

  /** As far as it was shown: the rules have verified its attestation, and its keys never change. */
  const known = (other: string) => witness.known(keyNodeBook, other);
  /** What was seen once is never unseen, however this process ends: nothing that came of it leaves before. */
  let sealing: Promise<void> = Promise.resolve();
  const sealed = () => sealing;
  const connections = await createPeers({
    ...{ node, tlsKey, listen, clock },
    keyOf: (other) => optional(known(other)?.tlsKey, fromBase64),
    addressOf: (other) => known(other)?.address || undefined,
  });
  const signingKeyOf = (other: string) =>
    optional(known(other)?.signingKey, (key) => publicKeyFromSpki(fromBase64(key), ["P-256"]));
  const pairStore = createPairStore(store, () => follower.time);
  pairStore.onBan((other, check) => process.stderr.write(`${KEPT_OUT} ${other}: ${check}\n`));
  const { peers, runs } = whenSealed(
    {
      peers: connections,
      runs: createRuns({ node, peers: connections, pairs: pairStore, signingKey, signingKeyOf }),
    },
    sealed,
  );
  const pairs = createPairs({ node, peers, runs, store: pairStore, protocol: baseOt });
  const shares = createShares(store);
  const accounts = createAccounts(store, sealed);
  const looking = { node, clock, follower, witness };
  const pools = createPools({ node, peers, runs, pairs, store: pairStore, schemeOf, heldOf: heldBy(looking, shares) });
  const say = createSay({ ...looking, signingKey });
  const history = createHistory({ peers });
  const agreed = createAgreement({ node, peers, witness, history });
  const common = { ...looking, history, accountOf: accounts.of, shares, say };
  const making = { ...common, imports: createImports(store), runs, pairs, encryptionKey };
  const make = createMaking(making);
  const sign = createSigning({ ...common, accounts, pools, peers, pairStore, patience: options.patience });

  const requests = new Set<string>();
  /** Keys that have moved since it was last looked at what of them is to be erased. */
  const unsettled = new Set<string>();
  /** Those of which other holders do not say the same. */
  const disputed = new Set<string>();
  /** Whether the ledger is as new as any seen before. */
  const isCurrent = () => follower.followed.size >= identity.state.followed.size;
  /** By both clocks: what is erased does not come back. */
  const eraseTime = () => Math.min(clock.now(), follower.time);
  const erasing = createErasing({ node, witness, shares, sealed, time: eraseTime, agreed });
  const pardons = createPardons({ node, witness, pairStore, isCurrent, sealed });
  /** What is erased does not come back: only a ledger that is current, and sealed, decides, and nobody's clock alone. */
  const settle = async () => {
    if (!isCurrent()) return;
    for (const stream of unsettled) {
      // Shown to its end, or it waits until it is.
      if (!witness.isWhole(stream)) continue;
      const key = witness.known(keyStreams, stream);
      await sealed();
      // What it moved to meanwhile may not be sealed: whoever showed that settles it.
      if (witness.known(keyStreams, stream) !== key || !unsettled.delete(stream) || !key) continue;
      const time = eraseTime();
      if (key.deletion > 0) erasing.add(stream);
      if (stateOf(key, time) === "deleted") continue;
      if (!(await shares.settle(stream, key, time, () => agreed(stream, key)))) disputed.add(stream);
    }
    // The others may be shown the same a moment later; no call waits for that.
    if (disputed.size > 0) again ??= setTimeout(settleAgain, SETTLE_AGAIN).unref();
  };
  let again: NodeJS.Timeout | undefined;
  const settleAgain = () => {
    again = undefined;
    for (const stream of disputed) unsettled.add(stream);
    disputed.clear();
    settle().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  };
  /** Takes statements, and does what follows from them: old shares are erased, peers are met. */
  const show = async (statements: readonly PlacedStatement[]) => {
    for (const stream of witness.show(statements)) {
      if (witness.known(requestStreams, stream)) requests.add(stream);
      pardons.look(stream);
      const key = witness.known(keyStreams, stream);
      if (!key) continue;
      const holders = [...participantsOf(key), ...(key.attempt?.participants ?? [])];
      if (holders.includes(node)) peers.keep(holders.filter((other) => other !== node && known(other)));
      pools.drop(stream, isUsable(key, timeOf(looking)) ? epochOf(key)?.epoch : undefined);
      unsettled.add(stream);
    }
    await pardons.take();
    await settle();
    if (isCurrent()) erasing.look();
    for (const oldest of requests) {
      if (requests.size <= MAX_REQUESTS) break;
      requests.delete(oldest);
      witness.forget(oldest);
    }
  };

  const agent: Agent = {
    async identify({ again }) {
      if (again) await identity.foundAgain();
      return { stream: parseStatement(identity.state.founding).digest, statement: identity.state.founding };
    },
    async attest({ nonce }) {
      await sealed();
      const claims = { ...claimsOf(identity.state, identity.measurement), nonce };
      const { size, root } = identity.state.followed;
      return {
        provider: provider.id,
        evidence: await provider.evidence(reportData(claims), identity.measurement),
        followed: signFollowed({ size, root: root || EMPTY_ROOT, nonce }, signingKey),
      };
    },
    challenge: async ({ challenge }) => ({ answer: (await provider.answer?.(challenge)) ?? "" }),
    async follow(shown) {
      const { followed, commit } = follower.follow(shown);
      commit();
      history.add(shown.leaves);
      if (followed.size > identity.state.followed.size) {
        sealing = change(() => ({ followed }));
        // Whoever waits for it hears of it.
        sealing.catch(() => undefined);
      }
      if (isCurrent()) erasing.look();
      return { size: followed.size };
    },
    async show({ statements }) {
      await show(statements);
      return {};
    },
    async announce({ address, statements }) {
      await show(statements);
      const own = witness.stream(keyNodeBook, node);
      if (!own) throw refuse("keynode.statements", { stream: node });
      return { statement: own.state.address === address ? "" : say("key-node.moved", node, { address }) };
    },
    async make({ statements, ...request }) {
      await show(statements);
      return { statement: await make(request) };
    },
    async sign({ statements, ...request }) {
      await show(statements);
      return sign(request);
    },
    async prepare({ key, signers, path, count, statements }) {
      await show(statements);
      const looked = lookAtKey(looking, key);
      const { epoch } = requireSigners(looking, looked, signers, timeOf(looking));
      pools.prepare({ key, epoch: epoch.epoch, signers, path }, count);
      return {};
    },
    async backup({ key, statements }) {
      await show(statements);
      return backup(making, key);
    },
    async restore({ key, envelope, statements }) {
      await show(statements);
      return restore({ ...making, storeId }, key, envelope);
    },
    status: async () => ({
      tag,
      listens: peers.address,
      keys: shares.keys().length,
      store: storeId,
      presignatures: pools.status().led + pools.status().followed,
      peers: peers.status().map((peer) => ({ ...peer, banned: pairStore.isBanned(peer.node) })),
    }),
  };
  return {
    handlers: handlersOf(agent, sealed),
    async close() {
      const erased = erasing.close();
      clearTimeout(again);
      pools.close();
      await peers.close();
      await erased;
      await sealing.catch(() => undefined);
      store.close();
    },
  };
};

const isUsable = (key: Key, time: number): boolean => stateOf(key, time) === "enabled";

/** What this node holds of keys that may be used now, for those who presign. */
const heldBy =
  (looking: LookDeps, shares: Shares) =>
  (stream: string, epoch: number): Held | undefined => {
    try {
      const { key } = lookAtKey(looking, stream);
      const share = isUsable(key, timeOf(looking)) ? shares.current(stream, key) : undefined;
      if (share?.epoch !== epoch) return undefined;
      return { share, group: key.group, nodes: new Map(participantsOf(key).map((node, place) => [place + 1, node])) };
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  };

/** Of a ledger without leaves (RFC 6962): SHA-256 of nothing. */
const EMPTY_ROOT = sha256Hex("");

const optional = <A, B>(value: A | undefined, of: (value: A) => B): B | undefined =>
  value === undefined ? undefined : of(value);

type Agent = {
  [M in keyof KeyNodeMethods]: (params: KeyNodeMethods[M]["params"]) => Promise<KeyNodeMethods[M]["result"]>;
};

/** Parameters and results as the protocol has them. @param sealed resolves when a result may leave */
const handlersOf = (agent: Agent, sealed: () => Promise<void>): Record<keyof KeyNodeMethods, Handler> => {
  const handler =
    <M extends keyof KeyNodeMethods>(method: M): Handler =>
    async (params, body) => {
      const declared = keyNodeMethods[method];
      const parsed = declared.params.parse(params);
      const carried = "carries" in declared ? { statements: await decodeStatements(body) } : {};
      try {
        return { result: await agent[method]({ ...parsed, ...carried } as KeyNodeMethods[M]["params"]) };
      } finally {
        // That leaves were taken is no more than the server knows: it need not wait before it shows the statements.
        if (method !== "follow") await sealed();
      }
    };
  const names = Object.keys(keyNodeMethods) as (keyof KeyNodeMethods)[];
  return Object.fromEntries(names.map((name) => [name, handler(name)])) as Record<keyof KeyNodeMethods, Handler>;
};
