import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, before, test } from "node:test";
import { parseEther, parseTransaction, serializeTransaction, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Anvil, openAnvil } from "../../../../test/support/anvil.ts";
import type { Caller } from "../../ports.ts";
import { createChainApi } from "./chain.ts";

const account = privateKeyToAccount(`0x${"42".repeat(32)}`);
/** Makes a contract whose constructor reverts. */
const REVERTS = "0x60006000fd";
const OTHER = `0x${"5a".repeat(20)}` as const;
const caller = { member: "a".repeat(64) } as Caller;
const requireMember = ({ member }: Caller) => {
  if (!member) throw new Error("no member");
};
const api = (upstream: string) => createChainApi({ upstream, requireMember });
let anvil: Anvil;
let chain: ReturnType<typeof api>;
before(async () => {
  anvil = await openAnvil();
  chain = api(anvil.url);
  await anvil.rpc("anvil_setBalance", account.address, toHex(parseEther("10")));
});
after(() => anvil.close());

const asked = { from: account.address, value: "0", data: "" };
const bare = (hex: string) => hex.slice(2);
const signed = async (fields: object = {}) => {
  const { chainId, nonce, maxFee, tip } = await chain.prepare(caller, asked);
  return account.signTransaction({
    ...{ type: "eip1559", chainId, nonce, gas: 21_000n, to: OTHER, value: parseEther("1") },
    ...{ maxFeePerGas: BigInt(maxFee), maxPriorityFeePerGas: BigInt(tip), ...fields },
  } as Parameters<typeof account.signTransaction>[0]);
};
const refused = (code: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, code, String(error));
  return true;
};

test("what a payment needs is told, and of what cannot be paid why", async () => {
  const { chainId } = await chain.show(caller);
  assert.equal(chainId, 31_337);
  const prepared = await chain.prepare(caller, { ...asked, to: OTHER, value: "1" });
  assert.deepEqual(
    { ...prepared, maxFee: "", tip: "" },
    {
      ...{ chainId, nonce: 0, balance: String(parseEther("10")), maxFee: "", tip: "" },
      ...{ gas: 21_000, problem: null },
    },
  );
  assert.ok(BigInt(prepared.maxFee) > BigInt(prepared.tip));
  const hopeless = await chain.prepare(caller, { ...asked, data: bare(REVERTS) });
  assert.equal(hopeless.gas, null);
  assert.match(hopeless.problem ?? "", /revert/i);
  const misspelt = `0x${account.address.slice(2, -1)}${account.address.endsWith("0") ? "1" : "0"}`;
  await assert.rejects(async () => chain.prepare(caller, { ...asked, from: misspelt }), refused("ethereum.address"));
});

/** Once a block has it, which a node that mines by itself makes a moment later. */
const settled = async (hash: string): Promise<string> => {
  for (;;) {
    const { state } = await chain.transaction(caller, { hash });
    if (state !== "pending") return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test("a signed transaction is sent, once however often, and its outcome told", async () => {
  await anvil.rpc("evm_setAutomine", false);
  const raw = await signed();
  const { nonce = 0 } = parseTransaction(raw);
  const { hash } = await chain.send(caller, { raw: bare(raw) });
  assert.deepEqual(await chain.send(caller, { raw: bare(raw) }), { hash });
  assert.equal((await chain.transaction(caller, { hash })).state, "pending");
  const rival = await signed({ nonce, value: 2n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 11n });
  const other = await chain.send(caller, { raw: bare(rival) });
  await anvil.rpc("evm_mine");
  const from = account.address;
  assert.equal((await chain.transaction(caller, { hash, from, nonce })).state, "replaced");
  assert.equal((await chain.transaction(caller, { hash })).state, "unknown");
  const { state, block, gasUsed, confirmations, at } = await chain.transaction(caller, { hash: other.hash });
  assert.deepEqual({ state, gasUsed, confirmations }, { state: "succeeded", gasUsed: "21000", confirmations: 1 });
  assert.ok(block !== null && at !== null);
  await anvil.rpc("evm_setAutomine", true);
  const failing = await chain.send(caller, {
    raw: bare(await signed({ to: null, data: REVERTS, gas: 100_000n, value: 0n })),
  });
  assert.equal(await settled(failing.hash), "failed");
  const legacy = await account.signTransaction({
    ...{ type: "legacy", chainId: 31_337, nonce: 2, gas: 21_000n, gasPrice: 10n ** 10n, to: OTHER, value: 1n },
  });
  assert.equal(await settled((await chain.send(caller, { raw: bare(legacy) })).hash), "succeeded");
});

test("what is no signed transaction of this chain goes nowhere", async () => {
  const raw = await signed();
  const { chainId, ...rest } = parseTransaction(raw);
  const unsigned = bare(
    serializeTransaction({ ...rest, chainId, r: undefined, s: undefined, yParity: undefined } as never),
  );
  const foreign = await account.signTransaction({ ...rest, chainId: 1, type: "eip1559" } as never);
  for (const junk of ["00", unsigned, bare(raw).slice(0, -2), `${bare(raw)}00`, `02f8${"00".repeat(40)}`, "c0"])
    await assert.rejects(async () => chain.send(caller, { raw: junk }), refused("ethereum.unsigned"), junk);
  await assert.rejects(async () => chain.send(caller, { raw: bare(foreign) }), refused("ethereum.other-chain"));
  const dear = await signed({ value: parseEther("100") });
  await assert.rejects(async () => chain.send(caller, { raw: bare(dear) }), refused("ethereum.rejected"));
  await assert.rejects(async () => chain.send({ ...caller, member: null }, { raw: bare(raw) }), /no member/);
});

/** A node that answers as it likes. */
const oddNode = async (answer: (call: { method: string }) => { status?: number; body: string; location?: string }) => {
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      const { status = 200, body, location } = answer(JSON.parse(text));
      response.writeHead(status, location === undefined ? {} : { location });
      response.end(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
};

test("without a node, with one that is down or one that talks nonsense, that is said", async () => {
  await assert.rejects(async () => api("").show(caller), refused("ethereum.no-node"));
  await assert.rejects(async () => api("http://127.0.0.1:1").show(caller), refused("ethereum.unreachable"));
  const answers = [
    { body: "<html>sign in</html>" },
    { status: 302, body: "", location: "http://127.0.0.1:1/elsewhere" },
    { body: '{"jsonrpc":"2.0","id":1,"result":"abc"}' },
    { body: '{"jsonrpc":"2.0","id":1,"result":null}' },
    { body: '{"jsonrpc":"2.0","id":1,"result":"0xffffffffffffffffff"}' },
    { body: '{"jsonrpc":"2.0","id":1,"error":"no"}' },
    { body: "null" },
    { body: `"${"a".repeat(2 << 20)}"` },
  ];
  for (const one of answers) {
    const node = await oddNode(() => one);
    await assert.rejects(async () => api(node.url).show(caller), refused("ethereum.nonsense"), one.body.slice(0, 80));
    node.close();
  }
  const rude = await oddNode(() => ({
    body: JSON.stringify({ error: { code: 1, message: `a\u0007\n${"b".repeat(999)}` } }),
  }));
  await assert.rejects(
    async () => api(rude.url).show(caller),
    (error: unknown) => {
      assert.match(String((error as { details: { reason: string } }).details.reason), /^a b{298}$/);
      return true;
    },
  );
  rude.close();
});
