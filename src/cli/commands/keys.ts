/** Keys that nobody holds: made by nodes that were checked, or split here. */

import { isPinned } from "../../evidence/enclave-pin.ts";
import { KeyScheme } from "../../rules/key-schemes.ts";
import { awaitKey, generateKey, importKey, type NewKey } from "../../sdk/workflows/keys.ts";
import { verifyKeyNode } from "../../sdk/workflows/verify-key-node.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { readSecret, readText } from "../files.ts";
import { argOf, type Given, isSet, requiredText, textOf, textsOf } from "../given.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";

const NEW_KEY: readonly Flag[] = [
  { name: "group", type: "text", required: true, value: "ID" },
  { name: "scheme", type: "text", required: true, choices: KeyScheme.options },
  {
    name: "threshold",
    type: "integer",
    required: true,
    limits: "2..16",
    summary: text("as many nodes sign together", "门限：共同签名所需的节点数"),
  },
  {
    name: "node",
    type: "text",
    many: true,
    required: true,
    value: "TAG",
    summary: text("a node that holds a share; once for each", "持有分片的节点，可多次指定"),
  },
  { name: "alias", type: "text" },
  { name: "tag", type: "pair", many: true, value: "NAME=VALUE" },
  { name: "description", type: "text" },
  {
    name: "any-node",
    type: "boolean",
    summary: text(
      "take the platform's word for its nodes: their programs are not compared with those that you trust",
      "不核对节点程序是否在您信任的列表中，直接相信平台",
    ),
  },
];

const newKeyOf = (given: Given, command: string): NewKey => {
  const tags = (given.flags.tag ?? {}) as Record<string, unknown>;
  return {
    group: requiredText(given, "group", command),
    scheme: requiredText(given, "scheme", command) as KeyScheme,
    threshold: given.flags.threshold as number,
    nodes: textsOf(given, "node"),
    alias: textOf(given, "alias"),
    tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)])),
    description: textOf(given, "description"),
  };
};

const expectedOf = (context: Context, given: Given) => ({
  enclaves: isSet(given, "any-node") ? ("any" as const) : trustedEnclaves(context.settings()),
});

const make: Command = {
  words: ["keys", "make"],
  summary: text("Have nodes make a key that none of them holds", "由多个节点共同生成密钥"),
  args: [],
  flags: NEW_KEY,
  async run(context, given) {
    const client = context.client();
    const key = newKeyOf(given, "entente keys make");
    const { resource } = await generateKey(client, key, expectedOf(context, given));
    return awaitKey(client, resource.id);
  },
};

const BEWARE = text(
  "The private key is split here and leaves only in shares. Destroy your copy once this is done: whoever has it signs alone",
  "私钥在本机拆分，仅以分片形式发出。完成后请销毁原件：持有者可单独签名",
);

const importCommand: Command = {
  words: ["keys", "import"],
  summary: text(
    "Split a private key on this machine and seal each share to its node",
    "在本机拆分私钥并分别加密给各节点",
  ),
  args: [],
  flags: [
    ...NEW_KEY,
    { name: "private-key", type: "text", required: true, value: "FILE.pem" },
    {
      name: "private-key-passphrase-file",
      type: "text",
      value: "FILE",
      summary: text("passphrase of that key", "该私钥的口令文件"),
    },
  ],
  async run(context, given) {
    const command = "entente keys import";
    const client = context.client();
    const secret = textOf(given, "private-key-passphrase-file");
    const pem = readText(requiredText(given, "private-key", command));
    context.note(BEWARE);
    const { resource } = await importKey(
      client,
      newKeyOf(given, command),
      { pem, passphrase: secret === undefined ? undefined : readSecret(secret) },
      expectedOf(context, given),
    );
    return awaitKey(client, resource.id);
  },
};

const verifyNode: Command = {
  words: ["key-nodes", "verify"],
  summary: text("Verify a key node with fresh evidence", "使用最新证明验证密钥节点"),
  args: [{ name: "id" }],
  flags: [
    {
      name: "pin",
      type: "boolean",
      summary: text("trust its program and attestation from now on", "今后信任其程序与证明方式"),
    },
  ],
  async run(context, given) {
    // Whoever pins accepts what is found.
    const enclaves = isSet(given, "pin") ? ("any" as const) : trustedEnclaves(context.settings());
    const node = await verifyKeyNode(context.client(), argOf(given, "id"), { enclaves });
    const { provider, measurement } = node;
    const known = context.settings().enclaves;
    if (isSet(given, "pin") && !isPinned({ provider, measurement }, known))
      context.remember({ enclaves: [...known, { provider, measurement }] });
    const { id, tag, address, signingKey, encryptionKey, followed } = node;
    return { id, tag, provider, measurement, address, signingKey, encryptionKey, followed, pinned: true };
  },
};

export const keyCommands: readonly Command[] = [make, importCommand, verifyNode];
