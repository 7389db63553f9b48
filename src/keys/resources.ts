/** 群组, 密钥, 签名请求: lists and details of whoever has a part in them. */
import { exportBundle } from "../evidence/export.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyGroup } from "../rules/key-group.ts";
import { keyRequest } from "../rules/key-request.ts";
import type { Asker } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";
import { type ListInput, listPage, showOne } from "../spine/show.ts";
import { showGroup, showGroupSummary } from "./group-view.ts";
import { showKey, showKeySummary } from "./key-view.ts";
import { showRequest, showRequestSummary } from "./request-view.ts";
import { createSimulation } from "./simulation.ts";
import type { ViewDeps } from "./view-deps.ts";

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

export const createKeysApi = (spine: Spine, deps: ViewDeps) => ({
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
