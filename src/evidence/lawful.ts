/** Whether nodes might sign, by the ledger as they had followed it: what rules say of that, not policies. */
import { type KeyGroup, keyGroup } from "../rules/key-group.ts";
import {
  approvalsOf,
  type Completion,
  type KeyRequest,
  mayRequest,
  requestStateOf,
  requestStreams,
} from "../rules/key-request-state.ts";
import { type Epoch, epochOf, type Key, keyStreams, stateOf } from "../rules/key-state.ts";
import { streamOf, type World } from "../rules/world.ts";
import { refuse } from "./errors.ts";

export interface Lawful {
  readonly key: Key;
  readonly group: KeyGroup;
  readonly epoch: Epoch;
  /** Members whose approvals counted. */
  readonly approvals: readonly string[];
}

/**
 * @param world at the size that they name @param time of that, milliseconds @param id stream of the request
 * @throws Refusal bundle.unlawful
 */
export const requireLawful = (
  world: World,
  time: number,
  id: string,
  { epoch: signedBy, version }: Pick<Completion, "epoch" | "version">,
): Lawful => {
  const request: KeyRequest | undefined = streamOf(world, requestStreams, id)?.state;
  const key = request && streamOf(world, keyStreams, request.key)?.state;
  const group = key && streamOf(world, keyGroup, key.group)?.state;
  const epoch = key && epochOf(key);
  const wrong = (reason: string) => refuse("bundle.unlawful", { reason });
  if (!request || !key || !group || !epoch) throw wrong("the nodes had not seen it");
  const state = requestStateOf(request, time);
  if (state !== "pending") throw wrong(`the request was ${state}`);
  if (stateOf(key, time) !== "enabled") throw wrong(`the key was ${stateOf(key, time)}`);
  if (!mayRequest(group, request.action, request.requester)) throw wrong("its requester might not ask for it");
  if (epoch.epoch !== signedBy) throw wrong(`the shares were of epoch ${epoch.epoch}, not ${signedBy}`);
  if (group.version !== version) throw wrong("the group had other policies");
  return { key, group, epoch, approvals: approvalsOf(request, group) };
};
