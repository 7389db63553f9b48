/** Key groups: over which nodes, for whom, by which policies. Everybody and every node is named as people name them. */
import { isPinned } from "../../evidence/enclave-pin.ts";
import type { KeyPolicy } from "../../rules/key-group.ts";
import { proposeChange } from "../../sdk/workflows/key-governance.ts";
import { verifyKeyNode } from "../../sdk/workflows/verify-key-node.ts";
import type { AttestationVerifier } from "../../trust/attestation/provider.ts";
import { attestationVerifiers } from "../../trust/attestation/verify.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readText } from "../files.ts";
import { argOf, type Given, isSet, textOf, textsOf } from "../given.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";
import { asSet, groupNamed, membersNamed, nodesNamed } from "./key-names.ts";

const MEMBERS = text(
  "me, a stream id, NICKNAME/APPID, or a nickname you have met",
  "me、流编号、昵称/APPID，或已核实过的成员昵称",
);
const members = (name: string): Flag => ({ name, type: "text", many: true, value: "MEMBER", summary: MEMBERS });

const POLICY_FLAGS: readonly Flag[] = [
  {
    name: "policies",
    type: "json",
    summary: text('as JSON: [{"id": …, "text": Cedar}, …]', 'JSON 形式：[{"id": …, "text": Cedar}, …]'),
  },
  {
    name: "policy-file",
    type: "pair",
    many: true,
    value: "ID=FILE",
    summary: text("a policy in Cedar", "Cedar 策略文件"),
  },
];

const NODES: Flag = {
  ...{ name: "nodes", type: "text", many: true, value: "NODE" },
  summary: text("tag or id of a key node", "密钥节点的标签或编号"),
};

const SETTING_FLAGS: readonly Flag[] = [
  NODES,
  members("administrators"),
  {
    name: "approvals",
    type: "integer",
    limits: "1..16",
    summary: text("as many administrators agree to a change", "变更所需的管理员同意数"),
  },
  members("requesters"),
  members("approvers"),
  ...POLICY_FLAGS,
  {
    name: "backup",
    type: "json",
    summary: text('[{"node": id, "recipient": X25519 key}, …]', '[{"node": 编号, "recipient": X25519 公钥}, …]'),
  },
];

/** Those given as JSON and those in files; undefined where there are none. */
const policiesOf = ({ flags }: Given): KeyPolicy[] | undefined => {
  const { policies, "policy-file": files } = flags;
  if (policies === undefined && files === undefined) return undefined;
  const read = Object.entries((files as Record<string, string> | undefined) ?? {}).map(([id, path]) => ({
    id,
    text: readText(String(path)).trimEnd(),
  }));
  return [...((policies as KeyPolicy[] | undefined) ?? []), ...read];
};

/** What was given, and no more. */
const settingsOf = async (context: Context, given: Given) => {
  const { approvals, backup } = given.flags;
  const named = async (flag: string) => {
    const names = textsOf(given, flag);
    return names.length > 0
      ? membersNamed(
          context,
          names.filter((name) => name !== "none"),
        )
      : undefined;
  };
  const nodes = textsOf(given, "nodes");
  const [administrators, requesters, approvers] = [
    await named("administrators"),
    await named("requesters"),
    await named("approvers"),
  ];
  const policies = policiesOf(given);
  return {
    ...(nodes.length > 0 && { nodes: asSet(await nodesNamed(context, nodes)) }),
    ...(administrators && { administrators }),
    ...(approvals !== undefined && { approvals: approvals as number }),
    ...(requesters && { requesters }),
    ...(approvers && { approvers }),
    ...(policies && { policies }),
    ...(backup !== undefined && { backup: backup as { node: string; recipient: string }[] }),
  };
};

const create: Command = {
  words: ["key-groups", "create"],
  summary: text("Create a key group", "新建群组"),
  args: [],
  flags: [
    { name: "name", type: "text", required: true, limits: "1..50" },
    { name: "description", type: "text", limits: "0..100" },
    ...SETTING_FLAGS.map((flag): Flag => {
      if (flag.name === "nodes") return { ...flag, required: true };
      if (flag.name === "approvals") return { ...flag, default: 1 };
      return ["administrators", "requesters"].includes(flag.name) ? { ...flag, default: "me" } : flag;
    }),
  ],
  async run(context, given) {
    const { nodes = [], policies = [], ...settings } = await settingsOf(context, given);
    if (policies.length === 0) context.note(NO_POLICY);
    const me = [await context.member()];
    return context.client().keyGroups.create({
      ...{ administrators: me, approvals: 1, requesters: me, approvers: [], nodes, policies },
      ...settings,
      detail: { name: textOf(given, "name") ?? "", description: textOf(given, "description") ?? "" },
    });
  },
};
const NO_POLICY = text(
  "The group has no policy: its nodes make and sign nothing until one permits it.",
  "该群组没有策略：在有策略允许之前，节点不会生成密钥或签名。",
);

const propose: Command = {
  words: ["key-groups", "propose"],
  summary: text(
    "Propose a change of a group's nodes, members or policies: what is given takes the place of what is there",
    "提议变更群组节点、成员或策略：所给内容整体替换原有内容",
  ),
  args: [{ name: "group" }],
  flags: SETTING_FLAGS,
  async run(context, given) {
    const change = await settingsOf(context, given);
    if (Object.keys(change).length === 0)
      throw refuse("usage.missing", { what: "--nodes, --policy-file, …", command: "entente key-groups propose" });
    return proposeChange(context.client(), await groupNamed(context, argOf(given, "group")), change);
  },
};

const pardon: Command = {
  words: ["key-groups", "pardon"],
  summary: text("Propose that nodes kept out after failed checks are let in again", "提议恢复因校验失败而被排除的节点"),
  args: [{ name: "group" }],
  flags: [{ ...NODES, required: true }],
  async run(context, given) {
    const group = await groupNamed(context, argOf(given, "group"));
    const pardons = asSet(await nodesNamed(context, textsOf(given, "nodes")));
    return proposeChange(context.client(), group, { pardons });
  },
};

const simulate: Command = {
  words: ["key-groups", "simulate"],
  summary: text("Try policies on past requests", "使用历史请求模拟策略"),
  args: [{ name: "group" }],
  flags: [
    ...POLICY_FLAGS,
    { name: "days", type: "integer", default: 30, limits: "1..366" },
    {
      name: "changed",
      type: "boolean",
      summary: text("only those whose outcome changes", "仅显示结果改变的请求"),
    },
    { name: "page", type: "integer", default: 1, limits: ">= 1" },
    { name: "page-size", type: "integer", default: 10, limits: "1..100" },
  ],
  async run(context, given) {
    const { stream } = await groupNamed(context, argOf(given, "group"));
    const { days, page, "page-size": pageSize } = given.flags as Record<string, number | undefined>;
    return context.client().keyGroups.simulate({
      ...{ id: stream, policies: policiesOf(given) ?? [], changed: isSet(given, "changed") },
      ...(days !== undefined && { days }),
      ...(page !== undefined && { page }),
      ...(pageSize !== undefined && { pageSize }),
    });
  },
};

const verify: Command = {
  words: ["key-nodes", "verify"],
  summary: text("Verify a key node with fresh evidence", "使用最新证明验证密钥节点"),
  args: [{ name: "node" }],
  flags: [
    {
      name: "pin",
      type: "boolean",
      summary: text("trust its program, and no other from now on", "信任其程序，此后拒绝其他程序"),
    },
  ],
  async run(context, given) {
    // Whoever pins accepts what is found.
    const pin = isSet(given, "pin");
    const { enclaves } = context.settings();
    const expected = { enclaves: pin ? "any" : trustedEnclaves(context.settings()) } as const;
    const node = await verifyKeyNode(context.client(), argOf(given, "node"), expected);
    const { id, tag, provider, measurement, address, followed, machine } = node;
    const known = isPinned({ provider, measurement, platform: machine.platform }, enclaves);
    if (pin && !known) context.remember({ enclaves: [...enclaves, { provider, measurement }] });
    const { hardware, proves, doesNotProve } = attestationVerifiers[provider] as AttestationVerifier;
    return { id, tag, provider, hardware, measurement, address, followed, proves, doesNotProve, pinned: known || pin };
  },
};

export const keyGroupCommands: readonly Command[] = [create, propose, pardon, simulate, verify];
