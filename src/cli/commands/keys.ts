/** Keys that nobody holds: made by nodes, or split here and sealed to them. */
import { KeyScheme } from "../../rules/key-schemes.ts";
import { awaited, awaitKey, generateKey, importKey, type NewKey, rotateKey } from "../../sdk/workflows/keys.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readSecret, readText, writeTo } from "../files.ts";
import { argOf, type Given, isSet, textOf, textsOf } from "../given.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";
import { groupNamed, keyNamed, nodesNamed } from "./key-names.ts";

const NEW_KEY_FLAGS: readonly Flag[] = [
  { name: "group", type: "text", required: true, value: "GROUP", summary: text("its id or name", "群组编号或名称") },
  { name: "scheme", type: "text", choices: KeyScheme.options, default: "ECDSA_K1" },
  {
    name: "threshold",
    type: "integer",
    default: 2,
    limits: "2..16",
    summary: text("as many nodes sign together", "签名所需的节点数"),
  },
  {
    name: "nodes",
    type: "text",
    many: true,
    value: "NODE",
    summary: text(
      "tags or ids of nodes that get a share; all of the group",
      "持有分片的节点（标签或编号），默认为群组的全部节点",
    ),
  },
  { name: "alias", type: "text", limits: "1..250" },
  { name: "tags", type: "pair", many: true, value: "NAME=VALUE" },
  { name: "description", type: "text", limits: "0..100" },
  {
    name: "rotates",
    type: "text",
    value: "KEY",
    summary: text("the key that it takes the place of", "所轮换的原密钥"),
  },
  { name: "wait", type: "boolean", summary: text("until its nodes have made it", "等待节点完成生成") },
  { name: "timeout", type: "number", default: 600, summary: text("seconds, with --wait", "--wait 的时限（秒）") },
];

const newKeyOf = async (context: Context, given: Given): Promise<NewKey> => {
  const group = await groupNamed(context, textOf(given, "group") ?? "");
  const named = textsOf(given, "nodes");
  const rotates = textOf(given, "rotates");
  const tags = (given.flags.tags as Record<string, unknown> | undefined) ?? {};
  return {
    group: group.stream,
    scheme: (textOf(given, "scheme") ?? "ECDSA_K1") as KeyScheme,
    threshold: (given.flags.threshold as number | undefined) ?? 2,
    nodes: await nodesNamed(context, named.length > 0 ? named : group.nodes.map(({ tag }) => tag).sort()),
    alias: textOf(given, "alias"),
    tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)])),
    description: textOf(given, "description"),
    ...(rotates !== undefined && { rotates: (await keyNamed(context, rotates)).stream }),
  };
};

/** The answer as it is, or the key once its nodes have made it. @throws Refusal wait.failed, wait.timeout */
const made = async <A extends { resource: { id: string } }>(context: Context, given: Given, answer: A) => {
  if (!isSet(given, "wait")) return answer;
  const { id } = answer.resource;
  const seconds = (given.flags.timeout as number | undefined) ?? 600;
  const key = await awaitKey(context.client(), id, seconds * 1_000);
  if (key.state === "pending") throw refuse("wait.timeout", { id, state: key.state, seconds });
  if (key.failure && key.state === "failed") {
    const { code, text } = key.failure;
    throw refuse("wait.failed", { id, state: key.state, reason: `${code}: ${text[context.language]}`, what: "keys" });
  }
  return key;
};

const create: Command = {
  words: ["keys", "create"],
  summary: text("Have nodes of a group make a key", "生成密钥"),
  args: [],
  flags: NEW_KEY_FLAGS,
  async run(context, given) {
    const key = await newKeyOf(context, given);
    const expected = { enclaves: trustedEnclaves(context.settings()) };
    return made(context, given, await generateKey(context.client(), key, expected));
  },
};

const importOwn: Command = {
  words: ["keys", "import"],
  summary: text(
    "Split a private key on this machine, and seal each share to its node",
    "在本机拆分私钥，并将各分片加密给对应节点",
  ),
  args: [],
  flags: [
    ...NEW_KEY_FLAGS,
    { name: "pem", type: "text", required: true, value: "FILE" },
    {
      name: "pem-passphrase-file",
      type: "text",
      value: "FILE",
      summary: text("passphrase of that key", "该私钥的口令文件"),
    },
  ],
  async run(context, given) {
    const pem = readText(textOf(given, "pem") ?? "");
    const secret = textOf(given, "pem-passphrase-file");
    const passphrase = secret === undefined ? undefined : readSecret(secret);
    const key = await newKeyOf(context, given);
    const expected = { enclaves: trustedEnclaves(context.settings()) };
    const answer = await importKey(context.client(), key, { pem, passphrase }, expected);
    context.note(DESTROY);
    return made(context, given, answer);
  },
};
const DESTROY = text(
  "Once the key is enabled, destroy the file: whoever has it signs without anybody's approval.",
  "密钥启用后请销毁该文件：持有它的人无需任何审批即可签名。",
);

const publicKey: Command = {
  words: ["keys", "public-key"],
  summary: text("Print the public key (PEM)", "输出公钥（PEM）"),
  args: [{ name: "key" }],
  flags: [{ name: "out", type: "text", value: "FILE" }],
  async run(context, given) {
    const { id, state, publicKeyPem: pem } = await keyNamed(context, argOf(given, "key"));
    if (pem === null) throw refuse("key.unmade", { id, state });
    const out = textOf(given, "out");
    if (out !== undefined) {
      writeTo(out, pem);
      return { file: out };
    }
    if (context.json) return { publicKeyPem: pem };
    context.print(pem.trimEnd());
    return undefined;
  },
};

const rotate: Command = {
  words: ["keys", "rotate"],
  summary: text(
    "Have the same nodes make a key that takes the place of another, and its alias",
    "轮换密钥：由相同节点生成新密钥，并接替原密钥的别名",
  ),
  args: [{ name: "key" }],
  flags: [{ name: "timeout", type: "number", default: 600, summary: text("seconds to wait", "等待时限（秒）") }],
  async run(context, given) {
    const { stream } = await keyNamed(context, argOf(given, "key"));
    const expected = { enclaves: trustedEnclaves(context.settings()) };
    const seconds = (given.flags.timeout as number | undefined) ?? 600;
    const key = await rotateKey(context.client(), stream, expected, seconds * 1_000);
    const { id, state, failure } = key;
    if (state === "pending") throw refuse("wait.timeout", { id, state, seconds });
    if (state !== "enabled")
      throw refuse("wait.failed", { id, state, reason: failure?.text[context.language] ?? "", what: "keys" });
    return key;
  },
};

/** `node-2`, or `node-2=node-4` where another takes its place. */
const lostOf = (named: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    named.map((one) => {
      const [lost = "", other = lost] = one.split("=");
      return [lost, other];
    }),
  );

const reshare: Command = {
  words: ["keys", "reshare"],
  summary: text(
    "Make a key's shares anew; recover lost ones; or hand them to other nodes. The public key stays",
    "更新密钥分片、恢复丢失的分片，或将其交给其他节点；公钥不变",
  ),
  args: [{ name: "key" }],
  flags: [
    {
      name: "lost",
      type: "text",
      many: true,
      value: "NODE[=OTHER]",
      summary: text(
        "recover: a node that lost its share, and who takes its place",
        "恢复：丢失分片的节点，以及取而代之的节点",
      ),
    },
    {
      name: "nodes",
      type: "text",
      many: true,
      value: "NODE",
      summary: text("hand over: all who hold a share from now on", "重新分片：此后持有分片的全部节点"),
    },
    {
      name: "threshold",
      type: "integer",
      limits: "2..16",
      summary: text("hand over: the new one", "重新分片：新的门限"),
    },
    { name: "wait", type: "boolean", summary: text("until the new shares are in effect", "等待新分片生效") },
    { name: "timeout", type: "number", default: 600, summary: text("seconds, with --wait", "--wait 的时限（秒）") },
  ],
  async run(context, given) {
    const key = await keyNamed(context, argOf(given, "key"));
    const [named, lost] = [textsOf(given, "nodes"), lostOf(textsOf(given, "lost"))];
    const threshold = given.flags.threshold as number | undefined;
    const kind = lost.size > 0 ? "recover" : named.length > 0 || threshold !== undefined ? "reshare" : "refresh";
    const before = key.participants.map(({ tag }) => tag);
    const unknown = [...lost.keys()].find((tag) => !before.includes(tag));
    if (unknown !== undefined || (lost.size > 0 && named.length > 0))
      throw refuse("usage.value", {
        flag: "--lost",
        value: unknown ?? named.join(" "),
        expected: before.join(" | "),
        command: "entente keys reshare",
      });
    const tags = named.length > 0 ? named : before.map((tag) => lost.get(tag) ?? tag);
    const epoch = (key.epoch ?? 0) + 1;
    const answer = await context.client().keys.reshare(key.stream, {
      ...{ epoch, kind, threshold: threshold ?? key.threshold, participants: await nodesNamed(context, tags) },
      ...(lost.size > 0 && { lost: before.flatMap((tag, place) => (lost.has(tag) ? [place + 1] : [])) }),
    });
    return isSet(given, "wait") ? reshared(context, given, key.stream, epoch) : answer;
  },
};

/** @throws Refusal wait.failed, wait.timeout */
const reshared = async (context: Context, given: Given, stream: string, epoch: number) => {
  const { keys } = context.client();
  const seconds = (given.flags.timeout as number | undefined) ?? 600;
  const key = await awaited(
    () => keys.get({ id: stream }),
    ({ attempt }) => attempt === null,
    seconds * 1_000,
  );
  if (key.attempt) throw refuse("wait.timeout", { id: key.id, state: key.attempt.kind, seconds });
  if (key.epoch === epoch) return key;
  const reason = key.failure ? `${key.failure.code}: ${key.failure.text[context.language]}` : "";
  throw refuse("wait.failed", { id: key.id, state: key.state, reason, what: "keys" });
};

export const keyCommands: readonly Command[] = [create, importOwn, publicKey, rotate, reshare];
