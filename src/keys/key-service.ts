/** What the faces ask for, done in the asker's name: every change goes the way of an act that it sent itself. */
import { HOUR, iso } from "../base/clock.ts";
import type { AnyAct } from "../contract/endpoint.ts";
import { keyRequests } from "../contract/key-requests.ts";
import { keys } from "../contract/keys.ts";
import { key as keyBook } from "../rules/key.ts";
import { refuse as refuseKey } from "../rules/key-errors.ts";
import { keyNode } from "../rules/key-node.ts";
import { keyRequest } from "../rules/key-request.ts";
import { approvalsOf, type KeyRequest, requestStateOf } from "../rules/key-request-state.ts";
import { epochOf, type Key, stateOf } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import { type Asker, type Readable, requireMember } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";
import { loadNames } from "../spine/names.ts";
import { listPage } from "../spine/show.ts";
import { showKeySummary } from "./key-view.ts";
import type { KeyNodes } from "./nodes.ts";
import { createGroupOf } from "./own-group.ts";
import { showRequest } from "./request-view.ts";
import type { KeyInfo, KeyParameters, KeyService, PendingRequest, RequestInfo } from "./service.ts";
import { splitFor } from "./split.ts";
import { describedBy, findGroup, findKey, type ViewDeps } from "./view-deps.ts";

export interface KeyServiceDeps {
  readonly spine: Spine;
  readonly views: ViewDeps;
  readonly nodes: KeyNodes;
}

const PENDING = new Set(["pending"]);
/** Milliseconds until it is asked again what the ledger does not say. */
const LOOK = 250;
const PAGE = 100;

export const createKeyService = ({ spine, views: deps, nodes }: KeyServiceDeps): KeyService => {
  const { ledger, access, acts, views, clock } = spine;
  const now = () => clock.now();

  /** @returns the stream */
  const submit = async (asker: Asker, endpoint: AnyAct, stream: string, input: object): Promise<string> => {
    const { receipt } = await acts.submit(asker, endpoint, { stream, input: input as Record<string, unknown> });
    return receipt.stream;
  };
  const groupOf = createGroupOf({ spine, nodes: () => deps.index.nodes(), submit });

  const nodeOf = (tag: string): string => {
    const stream = ledger.world.ids.get(tag);
    if (stream === undefined || !streamOf(ledger.world, keyNode, stream))
      throw refuseKey("key-node.unknown", { node: tag });
    return stream;
  };

  const readKey = async (asker: Asker, id: string): Promise<Readable<Key>> => {
    const stream = access.resolve(id) ?? (await views.named("key", id, requireMember(asker)));
    return access.read(asker, keyBook, stream ?? id);
  };

  const infoOf = async ({ id: stream, state: key }: Readable<Key>): Promise<KeyInfo> => {
    const names = await loadNames(views, { members: [], details: [key.detail] });
    const { alias, tags, description } = describedBy(names, key);
    const { threshold, participants } = epochOf(key) ?? key.attempt ?? { threshold: 0, participants: [] };
    return {
      id: key.id,
      scheme: key.scheme,
      threshold,
      participants: participants.map((node) => deps.presence.nameOf(node).tag),
      status: stateOf(key, now()),
      imported: key.origin.kind === "imported",
      publicKey: key.publicKey || undefined,
      failure: key.failure?.code ?? deps.reasons.get(stream)?.code,
      alias: alias ?? undefined,
      tags,
      description,
      createdAt: key.created,
      deletionAt: key.deletion || undefined,
    };
  };
  const keyInfo = async (asker: Asker, id: string) => infoOf(await readKey(asker, id));

  const requestInfo = async ({ id, state: request }: Readable<KeyRequest>): Promise<RequestInfo> => {
    const digest = request.completed?.detail ?? "";
    const outcome = (await loadNames(views, { members: [], details: [digest] })).detail(digest);
    const { signatures = [], publicKey } = outcome as { signatures?: string[]; publicKey?: string };
    const key = findKey(deps, request.key);
    const group = key && findGroup(deps, key.group);
    return {
      id: request.id,
      key: key?.id ?? request.key,
      scheme: key?.scheme ?? "ECDSA_K1",
      status: requestStateOf(request, now()),
      signatures,
      publicKey,
      approvals: group ? approvalsOf(request, group).length : 0,
      failure: request.ended?.code || deps.reasons.get(id)?.code,
    };
  };

  /** Resolves when `done` says so of the world, or after `timeout` milliseconds. */
  const settled = (done: () => boolean, timeout: number): Promise<void> =>
    new Promise((resolve) => {
      if (done()) return resolve();
      const end = () => {
        clearTimeout(timer);
        clearInterval(looking);
        detach();
        resolve();
      };
      const timer = setTimeout(end, timeout);
      const look = () => {
        if (done()) end();
      };
      const looking = setInterval(look, LOOK);
      const detach = ledger.onDurable(look);
    });

  /** What the founding of a key says, whether it is made or imported. */
  const founding = (group: string, { scheme, threshold, participants, ...described }: KeyParameters) => {
    const { alias, tags = {}, description = "" } = described;
    return {
      ...{ group, scheme, threshold, participants: participants.map(nodeOf) },
      detail: { ...(alias !== undefined && { alias }), tags, description },
    };
  };

  const change = (endpoint: AnyAct) => async (asker: Asker, id: string, input: object) => {
    const { id: stream } = await readKey(asker, id);
    await submit(asker, endpoint, stream, input);
    return keyInfo(asker, stream);
  };
  const describe = change(keys.describe);
  const enable = change(keys.enable);
  const disable = change(keys.disable);
  const schedule = change(keys.scheduleDeletion);
  const cancel = change(keys.cancelDeletion);

  return {
    nodes: async () =>
      nodes.all().flatMap((one) => {
        const node = one.stream();
        return node === undefined ? [] : [{ tag: one.tag, node, up: one.isUp() }];
      }),
    async createNode(tag) {
      const node = await nodes.create(tag);
      return { tag, node, up: nodes.isUp(node) };
    },
    async createKey(asker, parameters) {
      const group = await groupOf(asker, parameters.participants.map(nodeOf));
      const input = { ...founding(group, parameters), origin: { kind: "generated" } };
      return keyInfo(asker, await submit(asker, keys.create, "", input));
    },
    async importKey(asker, parameters, secret) {
      const group = await groupOf(asker, parameters.participants.map(nodeOf));
      const input = await splitFor(spine, asker, founding(group, parameters), secret);
      return keyInfo(asker, await submit(asker, keys.create, "", input));
    },
    key: keyInfo,
    async keyByPublicKey(asker, publicKey) {
      const member = requireMember(asker);
      for (const stream of deps.index.withPublicKey(publicKey)) {
        if (!(await views.isVisible(stream, member))) continue;
        const info = await keyInfo(asker, stream);
        if (info.status !== "failed" && info.status !== "deleted") return info;
      }
    },
    async keys(asker, page) {
      const { items, total } = await listPage(spine, "key", showKeySummary(deps), asker, page);
      return { items: await Promise.all(items.map(({ stream }) => keyInfo(asker, stream))), total };
    },
    describeKey: (asker, id, { alias, ...rest }) =>
      describe(asker, id, { detail: { ...(alias !== undefined && { alias }), ...rest } }),
    enableKey: (asker, id) => enable(asker, id, {}),
    disableKey: (asker, id) => disable(asker, id, {}),
    scheduleDeletion: (asker, id, days) => schedule(asker, id, { days }),
    cancelDeletion: (asker, id) => cancel(asker, id, {}),
    async requestSignature(asker, { key: id, messages, path, note = "", expiresIn = HOUR }) {
      const { id: key } = await readKey(asker, id);
      const stream = await submit(asker, keyRequests.create, "", {
        ...{ key, action: "sign", count: messages.length, expires: iso(now() + expiresIn) },
        detail: { messages, note, ...(path !== undefined && { path }) },
      });
      return requestInfo(await access.read(asker, keyRequest, stream));
    },
    request: async (asker, id) => requestInfo(await access.read(asker, keyRequest, id)),
    async pendingRequests(asker, since) {
      const found: PendingRequest[] = [];
      for (let page = 1; ; page++) {
        const ask = { tab: "mine", page, pageSize: PAGE } as const;
        const { items } = await listPage(spine, "key-request", showRequest(deps), asker, ask);
        const recent = items.filter(({ createdAt }) => Date.parse(createdAt) >= since);
        for (const { id, key, note, messages, state } of recent)
          if (state === "pending") found.push({ id, key: key.id, note, messages: messages.map((one) => one.message) });
        if (recent.length < PAGE) return found;
      }
    },
    async settledKey(asker, id, timeout) {
      const { id: stream } = await readKey(asker, id);
      const isPending = () => PENDING.has(stateOf(findKey(deps, stream) as Key, now()));
      await settled(() => !isPending() || deps.reasons.get(stream)?.code === "keynode.policy", timeout);
      return keyInfo(asker, stream);
    },
    async settledRequest(asker, id, timeout) {
      const { id: stream } = await access.read(asker, keyRequest, id);
      const state = () => streamOf(ledger.world, keyRequest, stream)?.state;
      await settled(() => !PENDING.has(requestStateOf(state() as KeyRequest, now())), timeout);
      return requestInfo(await access.read(asker, keyRequest, stream));
    },
  };
};
