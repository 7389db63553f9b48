/** A key put together on this machine, for whoever its administrators hand it to. */

import { generateKey } from "#crypto";
import { openExport, requestExport } from "../../sdk/workflows/export-key.ts";
import { awaitRequest } from "../../sdk/workflows/key-requests.ts";
import { keyFromPem, keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import type { Command } from "../command.ts";
import { refuse } from "../errors.ts";
import { readSecret, readText, remove, requireAbsent, writeTo } from "../files.ts";
import { argOf, textOf } from "../given.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";
import { keyNamed, REQUEST_FLAGS } from "./key-names.ts";

const MINUTE = 60_000;

export const exportCommand: Command = {
  words: ["keys", "export"],
  summary: text(
    "Have nodes hand out a key, put it together on this machine, and write it under a passphrase",
    "导出密钥：在本机合成私钥，并以口令加密写入文件",
  ),
  args: [{ name: "key" }],
  flags: [
    {
      name: "out",
      type: "text",
      required: true,
      value: "FILE",
      summary: text("PKCS #8, encrypted (PEM)", "加密的 PKCS #8 文件（PEM）"),
    },
    { name: "pem-passphrase-file", type: "text", required: true, value: "FILE" },
    {
      name: "request",
      type: "text",
      value: "REQUEST",
      summary: text("goes on with a request that was made before", "继续先前的导出请求"),
    },
    ...REQUEST_FLAGS,
    { name: "timeout", type: "number", default: 600, summary: text("seconds to wait", "等待时限（秒）") },
  ],
  async run(context, given) {
    const out = textOf(given, "out") ?? "";
    const passphrase = readSecret(textOf(given, "pem-passphrase-file") ?? "");
    if (passphrase === "")
      throw refuse("usage.missing", { what: "--pem-passphrase-file", command: "entente keys export" });
    requireAbsent(out);
    const client = context.client();
    const key = await keyNamed(context, argOf(given, "key"));
    // Opens what comes: it outlives this process, and is gone with the key.
    const opener = `${out}.opener`;
    let id = textOf(given, "request");
    if (id === undefined) {
      const pair = generateKey("X25519");
      writeTo(opener, keyToPem(pair, passphrase), { secret: true, fresh: true });
      const asked = await requestExport(client, {
        ...{ key: key.stream, recipient: pair.publicKey, note: textOf(given, "note") },
        expiresIn: ((given.flags["expires-in"] as number | undefined) ?? 60) * MINUTE,
      }).catch((error: unknown) => {
        remove(opener);
        throw error;
      });
      id = asked.id;
      context.note(ASKED, { id, key: key.id, out });
    }
    const seconds = (given.flags.timeout as number | undefined) ?? 600;
    const { key: asked, state, ended, stateLabel } = await awaitRequest(client, id, seconds * 1_000);
    if (asked.stream !== key.stream)
      throw refuse("usage.value", { flag: "--request", value: id, expected: key.id, command: "entente keys export" });
    if (state === "pending") throw refuse("wait.timeout", { id, state, seconds });
    if (state !== "completed")
      throw refuse("request.ended", { id, state: stateLabel[context.language], reason: ended?.code ?? "" });
    const recipient = keyFromPem(readText(opener), { passphrase, accept: ["X25519"] });
    const whole = await openExport(client, id, recipient, {
      enclaves: trustedEnclaves(context.settings()),
    });
    writeTo(out, whole.toPem(passphrase), { secret: true, fresh: true });
    remove(opener);
    context.note(WRITTEN, { out });
    return { file: out, key: key.id, request: id, publicKeyPem: publicKeyToPem(whole.publicKey) };
  },
};
const ASKED = text(
  "Request {id}: approvers are asked. If this ends before, go on with `entente keys export {key} --out {out} --request {id}`.",
  "请求 {id} 已提交审批。若命令提前结束，可用 `entente keys export {key} --out {out} --request {id}` 继续。",
);
const WRITTEN = text(
  "{out} holds the whole key: whoever has it and the passphrase signs without anybody's approval.",
  "{out} 中是完整私钥：持有该文件与口令的人无需任何审批即可签名。",
);
