/**
 * The group that an asker's keys are made in when it names none: its own, over all nodes, in which it alone asks and
 * governs, under one policy that permits everything. Founded when it is first needed; who wants rules founds a group.
 */

import type { AnyAct } from "../contract/endpoint.ts";
import { keyGroups } from "../contract/key-groups.ts";
import { keyGroup, MAX_NODES } from "../rules/key-group.ts";
import { streamOf } from "../rules/world.ts";
import { type Asker, requireMember } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";

const EVERYTHING = { id: "everything", text: "permit(principal, action, resource);" };
const NAME = "Own keys";
const DESCRIPTION = "Made by the platform for keys without a group of their own; its policy permits everything.";

export interface OwnGroupDeps {
  readonly spine: Spine;
  readonly nodes: () => Iterable<string>;
  readonly submit: (asker: Asker, endpoint: AnyAct, stream: string, input: object) => Promise<string>;
}

export const createGroupOf = ({ spine, nodes, submit }: OwnGroupDeps) => {
  const { ledger } = spine;
  /** By member, with one founding or change at a time. */
  const own = new Map<string, Promise<string>>();

  const isOwn = (stream: string, member: string): boolean => {
    const group = streamOf(ledger.world, keyGroup, stream)?.state;
    return (
      group !== undefined &&
      [group.creator, ...group.administrators, ...group.requesters].every((one) => one === member) &&
      group.administrators.length === 1 &&
      group.requesters.length === 1 &&
      group.approvers.length === 0
    );
  };
  const find = async (member: string): Promise<string | undefined> => {
    const { streams } = await spine.views.list({
      ...{ kind: "key-group", member, owner: member, tab: "mine", search: NAME.toLowerCase() },
      ...{ now: spine.clock.now(), page: 1, pageSize: 100 },
    });
    return streams.find((one) => isOwn(one, member));
  };
  const found = (asker: Asker, member: string, needed: readonly string[]): Promise<string> =>
    submit(asker, keyGroups.create, "", {
      nodes: sorted([...needed, ...nodes()]),
      ...{ administrators: [member], approvals: 1, requesters: [member], approvers: [] },
      policies: [EVERYTHING],
      detail: { name: NAME, description: DESCRIPTION },
    });
  /** Those that are needed first: a group has room for so many. */
  const sorted = (streams: readonly string[]): string[] => [...new Set(streams)].slice(0, MAX_NODES).sort();

  const prepare = async (asker: Asker, member: string, known: string | undefined, needed: readonly string[]) => {
    const group = known ?? (await find(member)) ?? (await found(asker, member, needed));
    const { nodes: has = [] } = streamOf(ledger.world, keyGroup, group)?.state ?? {};
    if (needed.some((node) => !has.includes(node)))
      await submit(asker, keyGroups.propose, group, { change: { nodes: sorted([...needed, ...has]) } });
    return group;
  };

  /** @param needed nodes (streams) that it has to have @returns its stream */
  return (asker: Asker, needed: readonly string[]): Promise<string> => {
    const member = requireMember(asker);
    const before = own.get(member) ?? Promise.resolve(undefined);
    const next = before.catch(() => undefined).then((known) => prepare(asker, member, known, needed));
    own.set(member, next);
    return next;
  };
};
