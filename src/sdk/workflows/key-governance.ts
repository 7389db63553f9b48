/**
 * What administrators of a key group sign: proposed and agreed to as it was shown to them. Their statements name a digest,
 * or what changes alone; so what is shown is held here to the history on whose head they sign.
 */
import type { z } from "zod";
import type { KeyGroup as GroupAnswer } from "../../contract/key-groups.ts";
import type { Key as KeyAnswer } from "../../contract/keys.ts";
import { key as keyBook } from "../../rules/key.ts";
import { type GroupChange, type GroupSettings, keyGroup } from "../../rules/key-group.ts";
import { digestOf } from "../../trust/digest.ts";
import type { Client } from "../client.ts";
import { followStream } from "../replay-streams.ts";
import { refuse } from "./errors.ts";

type ShownGroup = z.output<typeof GroupAnswer>;
type ShownKey = z.output<typeof KeyAnswer>;

const isSame = (one: unknown, other: unknown): boolean => digestOf({ of: one }) === digestOf({ of: other });
const idsOf = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id);
const streamsOf = (all: readonly { readonly stream: string }[]): string[] => all.map(({ stream }) => stream);

const settingsShown = (shown: ShownGroup): Required<GroupSettings> => ({
  nodes: streamsOf(shown.nodes),
  administrators: idsOf(shown.administrators),
  approvals: shown.approvals,
  requesters: idsOf(shown.requesters),
  approvers: idsOf(shown.approvers),
  policies: [...shown.policies],
  backup: shown.backup.map(({ node, recipient }) => ({ node: node.stream, recipient })),
});

/** The group as its own statements have it, if that is what is shown. @throws Refusal request.shown-otherwise, and those of its rules */
const requireGroup = async (client: Pick<Client, "streams">, shown: ShownGroup) => {
  const found = await followStream(client, keyGroup, shown.stream);
  const differs = (reason: string) => refuse("request.shown-otherwise", { id: shown.id, reason });
  if (!found || found.state.id !== shown.id) throw differs(`it is ${found?.state.id}`);
  const { state, head } = found;
  for (const [name, value] of Object.entries(settingsShown(shown)))
    if (!isSame(value, state[name as keyof GroupSettings] ?? []))
      throw differs(`its ${name} are not those on the ledger`);
  return { state, differs, at: { stream: shown.stream, head } };
};

/** @param shown the group on whose showing the change was written @throws Refusal request.shown-otherwise, and those of the server */
export const proposeChange = async (
  client: Pick<Client, "keyGroups" | "streams">,
  shown: ShownGroup,
  change: GroupChange,
) => {
  const { at } = await requireGroup(client, shown);
  return client.keyGroups.propose(shown.stream, { change }, { at });
};

/**
 * @param shown the group with its proposals, as somebody has read it
 * @param id of the proposal
 * @throws Refusal request.shown-otherwise, and those of the server
 */
export const approveChange = async (client: Pick<Client, "keyGroups" | "streams">, shown: ShownGroup, id: string) => {
  const { state, differs, at } = await requireGroup(client, shown);
  const found = state.proposals.find((one) => one.id === id);
  const read = shown.proposals.find(({ proposal }) => proposal === id);
  if (!found || !read) throw differs(`there is no proposal ${id}`);
  if (found.by !== read.by.id) throw differs(`it is proposed by ${found.by}`);
  if (!isSame(found.change, read.change)) throw differs("another change is proposed");
  return client.keyGroups.approve(shown.stream, { proposal: id }, { at });
};

/** @param shown the key with what is being made of it @throws Refusal request.shown-otherwise, and those of the server */
export const approveReshare = async (client: Pick<Client, "keys" | "streams">, shown: ShownKey) => {
  const stream = await followStream(client, keyBook, shown.stream);
  const [found, read] = [stream?.state.attempt, shown.attempt];
  const differs = (reason: string) => refuse("request.shown-otherwise", { id: shown.id, reason });
  if (!stream || !found || !read || stream.state.id !== shown.id || found.request !== read.request)
    throw differs("nothing like it is asked for");
  const { kind, epoch, threshold, lost } = read;
  const asked = { kind, epoch, threshold, lost, participants: streamsOf(read.participants) };
  const { participants } = found;
  const signed = { kind: found.kind, epoch: found.epoch, threshold: found.threshold, lost: found.lost, participants };
  if (!isSame(asked, signed)) throw differs("other holders, or another threshold, are asked for");
  return client.keys.approveReshare(
    shown.stream,
    { request: read.request },
    { at: { stream: shown.stream, head: stream.head } },
  );
};
