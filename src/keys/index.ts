/** The key pillar (分布式密钥管理): nodes, groups, keys that nobody holds, and requests to sign with them. */

import { join } from "node:path";
import { SECOND } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { patienceOf } from "../keynode/protocol/patience.ts";
import type { PlatformDb } from "../platform/db/schema.ts";
import type { Log } from "../platform/log.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";
import type { Spine } from "../spine/index.ts";
import { childLink } from "./child-link.ts";
import { createClosures } from "./closures.ts";
import { createErasing } from "./erasing.ts";
import { keyEvents } from "./events.ts";
import { createJoining } from "./joining.ts";
import { createKeyNodesApi } from "./key-nodes.ts";
import { createKeyService } from "./key-service.ts";
import { createMaking } from "./making.ts";
import { createNodeHost, type Link } from "./node-host.ts";
import type { KeyNode } from "./node-port.ts";
import { createKeyNodes } from "./nodes.ts";
import { keptProgram, NODE_OPTIONS } from "./programs.ts";
import { createGroups, createKeysApi, createRequests } from "./resources.ts";
import { createRunsStore } from "./runs-store.ts";
import { createSigning } from "./signing.ts";
import type { ViewDeps } from "./view-deps.ts";

/** Runs that make keys at a time, and requests that are signed at a time. */
const MAKING = { all: 8, each: 2 };
const SIGNING = { all: 256, each: 16 };
/** Milliseconds that signers are waited for beyond what they wait for one another: to be shown the ledger, and to judge. */
const MORE = 5 * SECOND;

export interface KeysOptions {
  readonly spine: Spine;
  readonly db: PlatformDb;
  readonly views: ViewDeps;
  /** Where nodes have folders of their own. */
  readonly directory: string;
  /** Tags of the nodes of this machine; those that were added are remembered. None: no key nodes run here. */
  readonly tags: readonly string[];
  /** Command that runs the program, without its arguments: for nodes that are new, others keep theirs. */
  readonly command: readonly string[];
  /** Where nodes of this machine listen, and others reach them. */
  readonly host: string;
  readonly attestation: { readonly provider: string; readonly options: Record<string, string> };
  /** Where nodes of other machines join; none do without. */
  readonly door?: { readonly host: string; readonly port: number; readonly token: string; readonly file: string };
  readonly log: Log;
}

export const createKeys = (options: KeysOptions) => {
  const { spine, db, views, directory, tags, command, attestation, door, log } = options;
  const { ledger, clock } = spine;
  const closures = createClosures(ledger);
  const now = () => clock.now();

  /** The port that a node had before, so that the others find it again. */
  const portOf = (tag: string): number | undefined => {
    const stream = ledger.world.ids.get(tag);
    const address = stream && streamOf(ledger.world, keyNode, stream)?.state.address;
    return address ? Number(address.slice(address.lastIndexOf(":") + 1)) : undefined;
  };

  const commandOf = async (tag: string): Promise<string[]> => [
    ...command.slice(0, -1),
    ...NODE_OPTIONS,
    await keptProgram({ directory, tag, program: command.at(-1) ?? "" }),
  ];
  const sayOf = (tag: string) => (line: string) => log.warn({ node: tag, line }, "key node");
  const host = (tag: string): KeyNode => {
    const configuration = { directory: join(directory, tag), ledger: ledger.verifierKey, tag, attestation };
    const started = { command: () => commandOf(tag), configuration, host: options.host };
    return hostOver(tag, childLink({ ...started, port: () => portOf(tag), log: sayOf(tag) }));
  };
  const hostOver = (tag: string, open: () => Promise<Link>): KeyNode =>
    createNodeHost({
      tag,
      ledger,
      closures,
      open,
      details: (digests) => spine.views.details(digests),
      log: sayOf(tag),
      onUp: introduce,
      onDown: (stream) => views.presence.went(stream),
    });
  const nodes = createKeyNodes({
    directory,
    tags,
    world: () => ledger.world,
    host,
    onError: (error) => log.warn({ err: error }, "a key node did not start"),
  });

  /** The door for nodes of other machines, where it is open. */
  const joining =
    door &&
    createJoining({
      ...{ token: door.token, file: door.file, ledger: ledger.verifierKey, clock },
      onJoin: (tag, next) => nodes.join(tag, () => hostOver(tag, next)),
      log: (line) => log.warn({ line }, "a key node could not join"),
    });

  const shown = (error: unknown) => log.warn({ err: error }, "a key node was not shown another");
  /** Nodes let in whom they have seen on the ledger. */
  const introduce = (node: KeyNode, stream: string): void => {
    views.presence.came(stream);
    for (const other of views.index.nodes()) if (other !== stream) node.show(other).catch(shown);
    signing.work.wake();
    making.wake();
    erasing.came(stream);
  };

  const erasing = createErasing({ ledger, nodes, now, onError: shown });
  const making = createMaking({
    ledger,
    blobs: spine.blobs,
    nodes,
    runs: createRunsStore(db),
    concurrency: MAKING,
    ...{ now, reasons: views.reasons },
    onError: (key, error) => log.warn({ err: error, key }, "a key is made again"),
    onMade: (key) =>
      void signing
        .prepare(key)
        .catch((error: unknown) => log.debug({ err: error, key }, "its presignatures are made when it is used")),
  });
  const signing = createSigning({
    ledger,
    nodes,
    views: spine.views,
    concurrency: SIGNING,
    patienceOf: (count, failed) => patienceOf(count, failed) + MORE,
    ...{ now, reasons: views.reasons },
    // Nodes say no to what waits for approvals, and are asked again: that is no fault.
    onError: (request, error) =>
      log[error instanceof Refusal && error.status < 500 ? "debug" : "warn"]({ err: error, request }, "not signed yet"),
  });

  /** A node that came to the ledger, or moved. */
  const announce = (moved: Iterable<string>): void => {
    for (const stream of moved)
      if (ledger.world.streams.get(stream)?.book === keyNode.name)
        for (const node of nodes.all()) if (node.isUp() && node.stream() !== stream) node.show(stream).catch(shown);
  };
  let detach: () => void = () => undefined;

  return {
    api: {
      keyNodes: createKeyNodesApi({ ...views, nodes, clock }),
      keyGroups: createGroups(spine, views),
      keys: createKeysApi(spine, views, nodes),
      keyRequests: createRequests(spine, views),
    },
    events: keyEvents(spine, views),
    service: createKeyService({ spine, views, nodes }),
    nodes,
    /** Starts the nodes; those that do not start are tried again. */
    async open() {
      if (door && joining) {
        const port = await joining.listen(door);
        log.info({ port, fingerprint: joining.fingerprint }, "key nodes may join");
      }
      await nodes.start();
    },
    /** Where nodes of other machines join, and by what they know this server. */
    joinedBy: () => joining && { port: joining.port(), fingerprint: joining.fingerprint },
    /** Takes up what the ledger says is to be made and signed. */
    start() {
      let size = ledger.size;
      detach = ledger.onDurable((now) => {
        const moved = ledger.streamsBetween(size, now);
        size = now;
        announce(moved);
        erasing.look(moved);
      });
      erasing.start();
      making.start();
      signing.work.start();
    },
    signing: { active: () => signing.work.active },
    async stop() {
      detach();
      erasing.stop();
      making.stop();
      signing.work.stop();
      await joining?.close();
      await nodes.stop();
    },
  };
};
