/** 群组, 密钥, 签名请求: lists and details of whoever has a part in them. */
import { exportBundle } from "../evidence/export.ts";
import { key as keyBook } from "../rules/key.ts";
import { refuse as refuseRule } from "../rules/key-errors.ts";
import { isAdministrator, keyGroup } from "../rules/key-group.ts";
import { keyRequest } from "../rules/key-request.ts";
import { type Asker, requireMember } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";
import { type ListInput, listPage, showOne } from "../spine/show.ts";
import { showGroup, showGroupSummary } from "./group-view.ts";
import { showKey, showKeySummary } from "./key-view.ts";
import type { KeyNodes } from "./nodes.ts";
import { showRequest, showRequestSummary } from "./request-view.ts";
import { createSimulation } from "./simulation.ts";
import { findGroup, type ViewDeps } from "./view-deps.ts";

interface ById {
  readonly id: string;
}
type Listed = Omit<ListInput, "home" | "subject" | "alliance" | "owner">;

export const createGroups = (spine: Spine, deps: ViewDeps) => ({
  list: (asker: Asker, input: Listed) => listPage(spine, "key-group", showGroupSummary(deps), asker, input),
  get: async (asker: Asker, { id }: ById) =>
    showOne(spine, showGroup(deps), await spine.access.read(asker, keyGroup, id), asker),
  simulate: createSimulation(spine, deps),
});

/** Stream of a resource that a list is narrowed to; one that there is not has nothing in it. */
const within = (spine: Spine, id: string | undefined): string | undefined =>
  id === undefined ? undefined : (spine.access.resolve(id) ?? id);

/** @throws Refusal stream.unknown, key.party */
const governed = async (spine: Spine, deps: ViewDeps, asker: Asker, id: string): Promise<string> => {
  const found = await spine.access.read(asker, keyBook, id);
  const group = findGroup(deps, found.state.group);
  if (!group || !isAdministrator(group, requireMember(asker))) throw refuseRule("key.party", { id: found.state.id });
  return found.id;
};

export const createKeysApi = (spine: Spine, deps: ViewDeps, nodes: Pick<KeyNodes, "of">) => ({
  /** What passes here is sealed, to and fro; nobody keeps it. */
  backup: async (asker: Asker, { id, node }: ById & { node: string }) => {
    const key = await governed(spine, deps, asker, id);
    return nodes.of(node).backup(key);
  },
  restore: async (asker: Asker, { id, node, envelope }: ById & { node: string; envelope: string }) => {
    const key = await governed(spine, deps, asker, id);
    return nodes.of(node).restore(key, envelope);
  },
  list: (
    asker: Asker,
    { group, scheme, ...input }: Listed & { group?: string | undefined; scheme?: string | undefined },
  ) => listPage(spine, "key", showKeySummary(deps), asker, { ...input, home: within(spine, group), subject: scheme }),
  get: async (asker: Asker, { id }: ById) =>
    showOne(spine, showKey(deps), await spine.access.read(asker, keyBook, id), asker),
});

export const createRequests = (spine: Spine, deps: ViewDeps) => ({
  list: (asker: Asker, { group, key, ...input }: Listed & { group?: string | undefined; key?: string | undefined }) =>
    listPage(spine, "key-request", showRequestSummary(deps), asker, {
      ...input,
      home: within(spine, group),
      subject: within(spine, key),
    }),
  get: async (asker: Asker, { id }: ById) =>
    showOne(spine, showRequest(deps), await spine.access.read(asker, keyRequest, id), asker),
  /** With every text that its statements commit to: whoever has a part in the group may read them all. */
  async bundle(asker: Asker, { id }: ById) {
    const found = await spine.access.read(asker, keyRequest, id);
    const bytes = await exportBundle(spine.ledger, found.id, (digests) => spine.views.details(digests));
    return { content: bytes, size: bytes.length, fileName: `${found.state.id}.evidence.json` };
  },
});
