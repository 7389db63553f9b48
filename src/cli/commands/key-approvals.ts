/** Changes of a group, and of who holds a key: shown as their statements have them, then agreed to. */
import type { z } from "zod";
import type { KeyGroup } from "../../contract/key-groups.ts";
import type { Key } from "../../contract/keys.ts";
import { approveChange, approveReshare } from "../../sdk/workflows/key-governance.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { argOf, textOf } from "../given.ts";
import { recognise } from "../members.ts";
import { text } from "../text.ts";
import { groupNamed, keyNamed } from "./key-names.ts";

const PROPOSED = text("Group {group}: {member} proposes", "群组 {group}：提议方 {member}");
const CHANGE = text("  {name}: {value}", "  {name}：{value}");
const RESHARED = text(
  "Key {key}: {label}, any {threshold} of {nodes}",
  "密钥 {key}：{label}，{nodes} 中任意 {threshold} 个",
);

/** What somebody proposes, each part as it will be written. */
const reviewChange = async (context: Context, group: z.output<typeof KeyGroup>, id: string): Promise<void> => {
  const found = group.proposals.find(({ proposal }) => proposal === id);
  // What is not there is refused below, with what to do next.
  if (!found) return;
  context.note(PROPOSED, { group: group.name || group.id, member: await recognise(context, found.by) });
  for (const [name, value] of Object.entries(found.change))
    context.note(CHANGE, { name, value: JSON.stringify(value) });
};

const reviewReshare = (context: Context, { id, alias, attempt }: z.output<typeof Key>): void => {
  if (!attempt) return;
  const { kindLabel, threshold, participants } = attempt;
  const nodes = participants.map(({ tag, stream }) => `${tag} (${stream})`).join(", ");
  context.note(RESHARED, { key: alias ?? id, label: kindLabel[context.language], threshold, nodes });
};

const approve: Command = {
  words: ["key-groups", "approve"],
  summary: text("Agree to a proposed change, having shown what it changes", "显示变更内容后同意变更提案"),
  args: [{ name: "group" }],
  flags: [{ name: "proposal", type: "text", required: true }],
  async run(context, given) {
    const [group, id] = [await groupNamed(context, argOf(given, "group")), textOf(given, "proposal") ?? ""];
    await reviewChange(context, group, id);
    return approveChange(context.client(), group, id);
  },
};

const approveHolders: Command = {
  words: ["keys", "approve-reshare"],
  summary: text("Agree to other holders or another threshold, having shown which", "显示持有节点与门限后同意重新分片"),
  args: [{ name: "key" }],
  flags: [],
  async run(context, given) {
    const key = await keyNamed(context, argOf(given, "key"));
    reviewReshare(context, key);
    return approveReshare(context.client(), key);
  },
};

export const keyApprovalCommands: readonly Command[] = [approve, approveHolders];
