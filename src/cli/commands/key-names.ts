/** Keys, groups, nodes and members by the names that people use. */
import type { z } from "zod";
import type { KeyGroup } from "../../contract/key-groups.ts";
import type { Key } from "../../contract/keys.ts";
import { requireAsked } from "../../sdk/workflows/asked.ts";
import { readKeyNode } from "../../sdk/workflows/verify-key-node.ts";
import type { Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { meetMember, recognise } from "../members.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";

/** What a request says of itself: `--note`, `--expires-in`. */
export const REQUEST_FLAGS: readonly Flag[] = [
  { name: "note", type: "text", limits: "0..100", summary: text("what for; approvers see it", "用途，审批方可见") },
  {
    name: "expires-in",
    type: "integer",
    default: 60,
    limits: "1..10080",
    summary: text("minutes", "有效期（分钟）"),
  },
];

const STREAM = /^[0-9a-f]{64}$/;
/** As many as a page has; whoever has more of one name says which by its id. */
const PAGE = 100;

interface Found {
  readonly id: string;
  readonly stream: string;
}

/** The only one of that name. @throws Refusal name.unknown, name.several */
const onlyOne = <T extends Found>(what: "keys" | "key-groups", name: string, found: readonly T[]): T => {
  const [only, ...more] = found;
  if (!only) throw refuse("name.unknown", { name, command: `entente ${what} list` });
  if (more.length > 0) throw refuse("name.several", { name, ids: found.map(({ id }) => id).join(", ") });
  return only;
};

/** By its K…, its stream or its alias; says which it is where it was named by alias. */
export const keyNamed = async (context: Context, name: string): Promise<z.output<typeof Key>> => {
  const { keys } = context.client();
  const isId = STREAM.test(name) || /^K\d{14}/.test(name);
  const id = isId
    ? name
    : onlyOne(
        "keys",
        name,
        (await keys.list({ search: name.slice(0, 64), pageSize: PAGE })).items.filter(({ alias }) => alias === name),
      ).id;
  const key = await keys.get({ id });
  requireAsked(id, key);
  if (!isId) context.note(KEY, { name, id: key.id, scheme: key.scheme, group: key.group.name || key.group.id });
  return key;
};
const KEY = text("Key {name}: {id}, {scheme}, group {group}", "密钥 {name}：{id}，{scheme}，群组 {group}");

/** By its G…, its stream or its name. */
export const groupNamed = async (context: Context, name: string): Promise<z.output<typeof KeyGroup>> => {
  const { keyGroups } = context.client();
  const isId = STREAM.test(name) || /^G\d{14}\d{1,6}$/.test(name);
  const id = isId
    ? name
    : onlyOne(
        "key-groups",
        name,
        (await keyGroups.list({ search: name.slice(0, 64), pageSize: PAGE })).items.filter((one) => one.name === name),
      ).id;
  const group = await keyGroups.get({ id });
  requireAsked(id, group);
  return group;
};

/** Streams of nodes that were named by tag or stream, in the order given; each as its own statement has it. */
export const nodesNamed = async (context: Context, names: readonly string[]): Promise<string[]> => {
  const expected = { enclaves: trustedEnclaves(context.settings()) };
  const client = context.client();
  const nodes = await Promise.all(names.map((name) => readKeyNode(client, name, expected)));
  for (const { tag, provider, measurement, id } of nodes) context.note(NODE, { tag, provider, measurement, id });
  return nodes.map(({ id }) => id);
};
const NODE = text(
  "Key node {tag}: {provider}, program {measurement}",
  "密钥节点 {tag}：{provider}，程序度量值 {measurement}",
);

/**
 * Stream of a member: itself as `me`, by stream id, as NICKNAME/APPID, or by either alone once it has been met.
 * @throws Refusal member.unmet, member.several, and as `findMember`
 */
export const memberNamed = async (context: Context, name: string): Promise<string> => {
  const { organisation, members } = context.settings();
  const mine = organisation && [organisation.id, organisation.nickname, organisation.appId].includes(name);
  if (name === "me" || mine) return context.member();
  if (STREAM.test(name)) {
    const shown = await context.client().organisations.get({ id: name });
    context.note(MEMBER, { member: await recognise(context, { ...shown, id: name }) });
    return name;
  }
  const whole = /^(.+)\/(\d{10})$/.exec(name);
  const known = whole ? [name] : Object.keys(members).filter((one) => namesOf(one).includes(name));
  const [only, ...more] = known;
  if (only === undefined) throw refuse("member.unmet", { name });
  if (more.length > 0) throw refuse("member.several", { name, known: known.join(", ") });
  const [nickname = "", appId = ""] = namesOf(only);
  const found = await meetMember(context, { nickname, appId });
  context.note(MEMBER, { member: await recognise(context, { ...found, id: found.member }) });
  return found.member;
};
const MEMBER = text("Member {member}", "成员 {member}");

const namesOf = (known: string): string[] => {
  const at = known.lastIndexOf("/");
  return [known.slice(0, at), known.slice(at + 1)];
};

/** What a statement has as a set: each once, growing. */
export const asSet = (streams: readonly string[]): string[] => [...new Set(streams)].sort();

export const membersNamed = async (context: Context, names: readonly string[]): Promise<string[]> => {
  const found: string[] = [];
  // One after the other: whoever is met for the first time is written into the profile.
  for (const name of names) found.push(await memberNamed(context, name));
  return asSet(found);
};
