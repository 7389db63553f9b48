/** An Ethereum payment by a key that nobody holds: prepared, read, asked for, signed, sent, and its receipt. */
import { unitsOf, writtenOf } from "../../sdk/workflows/amounts.ts";
import { addressOfPoint, publicKeyAt } from "../../sdk/workflows/child-key.ts";
import { awaitRequest, requestSignatures } from "../../sdk/workflows/key-requests.ts";
import { signaturesOf } from "../../sdk/workflows/key-signatures.ts";
import { awaited } from "../../sdk/workflows/keys.ts";
import { isAddress, sentPayment, unsignedPayment } from "../../sdk/workflows/payment.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { argOf, type Given, textOf } from "../given.ts";
import { text } from "../text.ts";
import { keyNamed, REQUEST_FLAGS } from "./key-names.ts";
import { pathOf } from "./key-requests.ts";
import { linesOf } from "./key-review.ts";

const PAY = "entente key-requests pay";
const MINUTE = 60_000;

/** The unsigned transaction, with what the platform's node suggests. @throws Refusal usage.value, ethereum.* */
const prepared = async (context: Context, given: Given, from: string): Promise<string> => {
  const [to, ether] = [textOf(given, "to") ?? "", textOf(given, "ether") ?? ""];
  if (!isAddress(to)) throw refuse("usage.value", { flag: "--to", value: to, expected: "0x… (EIP-55)", command: PAY });
  const value = unitsOf(ether);
  if (value === undefined)
    throw refuse("usage.value", { flag: "--ether", value: ether, expected: "0.75", command: PAY });
  const found = await context.client().ethereum.prepare({ from, to, value: String(value) });
  if (found.problem !== null) context.note(PROBLEM, { problem: found.problem });
  context.note(BALANCE, { from, ether: writtenOf(BigInt(found.balance)) });
  return unsignedPayment({
    ...{ chainId: found.chainId, nonce: BigInt(found.nonce), to, value, gas: BigInt(found.gas ?? 21_000) },
    ...{ maxFee: BigInt(found.maxFee), tip: BigInt(found.tip) },
  });
};
const PROBLEM = text("The chain would not carry it out now: {problem}", "按当前状态，链上将无法执行：{problem}");
const BALANCE = text("{from} has {ether} ETH", "{from} 余额 {ether} ETH");

/** @throws Refusal request.ended, wait.timeout, ethereum.* */
const sent = async (context: Context, id: string, unsigned: string, seconds: number) => {
  const client = context.client();
  const { state, stateLabel, ended, publicKey, stream } = await awaitRequest(client, id, seconds * 1_000);
  if (state === "pending") throw refuse("wait.timeout", { id, state, seconds });
  if (state !== "completed")
    throw refuse("request.ended", { id, state: stateLabel[context.language], reason: ended?.code ?? "" });
  const [signature] = await signaturesOf(client, stream);
  const raw = signature?.transaction ?? "";
  await client.ethereum.send({ raw });
  const { hash, from, nonce } = sentPayment(unsigned, raw, publicKey ?? "");
  context.note(SENT, { hash });
  const found = await awaited(
    () => client.ethereum.transaction({ hash, from, nonce }),
    (one) => one.state !== "pending" && one.state !== "unknown",
    seconds * 1_000,
  );
  return { id, from, ...found };
};
const SENT = text("Sent: {hash}", "已发送：{hash}");

export const payCommand: Command = {
  words: ["key-requests", "pay"],
  summary: text(
    "Ask a key to pay on Ethereum, wait until it is signed, send it, and print the receipt",
    "请求密钥发起以太坊付款，签名后发送并输出交易结果",
  ),
  args: [{ name: "key" }],
  flags: [
    { name: "to", type: "text", required: true, value: "ADDRESS" },
    { name: "ether", type: "text", required: true, value: "0.75" },
    {
      name: "path",
      type: "text",
      value: "m/0/5",
      summary: text("of the child key that pays", "付款所用子密钥的路径"),
    },
    ...REQUEST_FLAGS,
    { name: "timeout", type: "number", default: 600, summary: text("seconds to wait", "等待时限（秒）") },
  ],
  async run(context, given) {
    const path = pathOf(textOf(given, "path"), PAY) ?? [];
    const key = await keyNamed(context, argOf(given, "key"));
    if (key.scheme !== "ECDSA_K1")
      throw refuse("usage.value", { flag: "KEY", value: key.id, expected: "ECDSA_K1", command: PAY });
    const hex = await prepared(context, given, addressOfPoint(publicKeyAt(key, path)));
    const message = { kind: "transaction", hex } as const;
    for (const [line, details] of linesOf(key, message, 1)) context.note(line, details);
    const { resource } = await requestSignatures(context.client(), {
      ...{ key: key.stream, messages: [message], path, note: textOf(given, "note") },
      expiresIn: ((given.flags["expires-in"] as number | undefined) ?? 60) * MINUTE,
    });
    context.note(ASKED, { id: resource.id });
    return sent(context, resource.id, hex, (given.flags.timeout as number | undefined) ?? 600);
  },
};
const ASKED = text("Request {id} waits for approvals and nodes", "请求 {id} 等待审批与节点签名");
