import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { ethers } from "ethers";
import {
  createWalletClient,
  type Hex,
  http,
  parseEther,
  parseTransaction,
  publicActions,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { type Anvil, openAnvil } from "../../../../test/support/anvil.ts";
import { HOUSE, openFaces, type TestFaces } from "../../../../test/support/faces.ts";
import { createFaces } from "../listener.ts";

const KEY = { scheme: "ECDSA_K1", threshold: 2, participants: ["node-1", "node-2"] } as const;
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
let anvil: Anvil;
let faces: TestFaces;
let url: string;
let address: Hex;
before(async () => {
  anvil = await openAnvil();
  faces = await openFaces({ upstream: anvil.url, wait: 300 });
  url = `${faces.url}/ethereum`;
  await faces.keys.createKey(HOUSE, { ...KEY, scheme: "EDDSA_ED25519" });
  await faces.keys.createKey(HOUSE, KEY);
  [address] = (await result("eth_accounts")) as [Hex];
  await anvil.rpc("anvil_setBalance", address, ethers.toQuantity(parseEther("1000")));
});
afterEach(() => {
  faces.keys.mode = "at once";
});
after(async () => {
  await faces.close();
  await anvil.close();
});

const post = async (body: unknown, headers: Record<string, string> = {}, to = url) => {
  const response = await fetch(to, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
};
const answer = async (method: string, ...params: unknown[]) =>
  (await post({ jsonrpc: "2.0", id: 7, method, params })).body as {
    result?: unknown;
    error?: { code: number; message: string; data?: Record<string, unknown> };
  };
const result = async (method: string, ...params: unknown[]): Promise<unknown> => {
  const { result, error } = await answer(method, ...params);
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
};
const refused = async (code: number, method: string, ...params: unknown[]) => {
  const { error } = await answer(method, ...params);
  assert.equal(error?.code, code, JSON.stringify(error));
  return error as NonNullable<typeof error>;
};

const provider = () => new ethers.JsonRpcProvider(url, undefined, { pollingInterval: 50, cacheTimeout: -1 });
const wallet = () =>
  createWalletClient({ account: address, chain, transport: http(url), pollingInterval: 50 }).extend(publicActions);

const TYPED = {
  domain: { name: "Entente", version: "1", chainId: 31337, verifyingContract: OTHER },
  types: {
    Person: [
      { name: "name", type: "string" },
      { name: "wallet", type: "address" },
    ],
    Mail: [
      { name: "from", type: "Person" },
      { name: "amounts", type: "uint256[]" },
      { name: "contents", type: "bytes" },
    ],
  },
  message: { from: { name: "甲", wallet: OTHER }, amounts: [1n, 2n ** 200n], contents: "0x0102" },
} as const;

test("ethers: sends a transaction, signs messages and typed data", async () => {
  const rpc = provider();
  const signer = await rpc.getSigner();
  assert.equal(await signer.getAddress(), address);
  const before = await rpc.getBalance(OTHER);
  const sent = await signer.sendTransaction({ to: OTHER, value: ethers.parseEther("1.5") });
  const receipt = await sent.wait();
  assert.equal(receipt?.status, 1);
  assert.equal(receipt?.from, address);
  assert.equal((await rpc.getBalance(OTHER)) - before, ethers.parseEther("1.5"));
  for (const message of ["你好", new Uint8Array([0, 255]), ""])
    assert.equal(ethers.verifyMessage(message, await signer.signMessage(message)), address);
  assert.equal(ethers.verifyMessage("old", await signer._legacySignMessage("old")), address);
  const types = { Person: [...TYPED.types.Person], Mail: [...TYPED.types.Mail] };
  const signature = await signer.signTypedData(TYPED.domain, types, TYPED.message);
  assert.equal(ethers.verifyTypedData(TYPED.domain, types, TYPED.message, signature), address);
  rpc.destroy();
});

test("ethers: a contract is created and called, several at a time", async () => {
  const rpc = provider();
  const signer = await rpc.getSigner();
  // Returns 42 whatever it is called with.
  const code = "0x600a600c600039600a6000f3602a60005260206000f3";
  const created = await (await signer.sendTransaction({ data: code })).wait();
  assert.equal(BigInt(await rpc.call({ to: created?.contractAddress })), 42n);
  const many = await Promise.all(
    Array.from({ length: 5 }, (_, i) => signer.sendTransaction({ to: OTHER, value: BigInt(i) })),
  );
  const receipts = await Promise.all(many.map((one) => one.wait()));
  assert.equal(new Set(many.map(({ nonce }) => nonce)).size, 5);
  assert.ok(receipts.every((one) => one?.status === 1));
  rpc.destroy();
});

test("viem: sends without gas, nonce or fees; signs messages and typed data", async () => {
  const client = wallet();
  assert.deepEqual(await client.getAddresses(), [address]);
  const hash = await client.sendTransaction({ to: OTHER, value: parseEther("2") });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  assert.equal(receipt.type, "eip1559");
  const message = "in viem 文本";
  assert.equal(await recoverMessageAddress({ message, signature: await client.signMessage({ message }) }), address);
  const typed = { ...TYPED, primaryType: "Mail" } as const;
  const signature = await client.signTypedData(typed);
  assert.equal(await recoverTypedDataAddress({ ...typed, signature }), address);
});

const BASE = { from: "", to: OTHER, gas: "0x186a0", value: "0x1", nonce: "0x0", chainId: "0x7a69", data: "0x" };
const DYNAMIC = { maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1" };
const ACCESS = [{ address: OTHER, storageKeys: [`0x${"01".repeat(32)}`] }];
const HASHES = [`0x01${"02".repeat(31)}`];

test("eth_signTransaction: all five types, read alike by viem and ethers", async () => {
  const delegator = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const authorization = await delegator.signAuthorization({ contractAddress: OTHER, chainId: 31337, nonce: 0 });
  const authorizationList = [
    {
      ...{ chainId: "0x7a69", address: OTHER, nonce: "0x0", yParity: `0x${authorization.yParity}` },
      ...{ r: authorization.r, s: authorization.s },
    },
  ];
  const all: readonly [string, number, object][] = [
    ["legacy", 0, { gasPrice: "0x77359400" }],
    ["legacy", 0, { type: "0x0", gasPrice: "0x77359400", data: undefined, input: "0x1234" }],
    ["eip2930", 1, { gasPrice: "0x77359400", accessList: ACCESS }],
    ["eip1559", 2, { ...DYNAMIC, accessList: ACCESS }],
    ["eip1559", 2, { ...DYNAMIC, to: undefined, data: "0x60" }],
    ["eip4844", 3, { ...DYNAMIC, blobVersionedHashes: HASHES, maxFeePerBlobGas: "0x5" }],
    ["eip7702", 4, { ...DYNAMIC, authorizationList }],
  ];
  for (const [name, type, more] of all) {
    const raw = (await result("eth_signTransaction", { ...BASE, from: address, ...more })) as Hex;
    const parsed = parseTransaction(raw);
    assert.equal(parsed.type, name);
    assert.equal(await recoverTransactionAddress({ serializedTransaction: raw as never }), address, name);
    const read = ethers.Transaction.from(raw);
    assert.deepEqual([read.type, read.from, read.chainId, read.gasLimit], [type, address, 31337n, 100_000n]);
  }
  const signed = await wallet().signTransaction({
    ...{ to: OTHER, value: 3n, gas: 21_000n, nonce: 9, type: "eip1559" },
    ...{ maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1n },
  });
  assert.equal(await recoverTransactionAddress({ serializedTransaction: signed }), address);
});

test("a chain without a fee market is sent legacy transactions", async () => {
  const old = await openAnvil("berlin");
  const signer = await openFaces({ upstream: old.url });
  const key = await signer.keys.createKey(HOUSE, KEY);
  assert.ok(key.publicKey);
  const send = async (method: string, ...params: unknown[]) =>
    (await post({ jsonrpc: "2.0", id: 1, method, params }, {}, `${signer.url}/ethereum`)).body.result;
  const [from] = await send("eth_accounts");
  await old.rpc("anvil_setBalance", from, "0xde0b6b3a7640000");
  const hash = await send("eth_sendTransaction", { from, to: OTHER, value: "0x1" });
  const { type } = (await old.rpc("eth_getTransactionByHash", hash)) as { type: string };
  assert.equal(type, "0x0");
  await signer.close();
  await old.close();
});

test("approvals: the caller is told which request to watch, and a repeated call joins it", async () => {
  faces.keys.mode = "hold";
  const count = faces.keys.asked.length;
  const transfer = { from: address, to: OTHER, value: "0x5" };
  const waiting = await refused(-32002, "eth_sendTransaction", transfer);
  const request = String(waiting.data?.request);
  assert.match(waiting.message, new RegExp(`${request} waits`));
  await refused(-32002, "eth_sendTransaction", transfer);
  assert.equal(faces.keys.asked.length, count + 1);
  const pending = { id: request, status: "pending", approvals: 0, failure: null, result: null, error: null };
  assert.deepEqual(await result("entente_getRequest", request), pending);
  faces.keys.finish(request);
  const hash = await result("eth_sendTransaction", transfer);
  const receipt = (await anvil.rpc("eth_getTransactionReceipt", hash)) as { status: string };
  assert.equal(receipt.status, "0x1");
  // Told once; the same again is another payment.
  await refused(-32002, "eth_sendTransaction", transfer);
  assert.equal(faces.keys.asked.length, count + 2);
  const second = faces.keys.asked.at(-1)?.id ?? "";
  faces.keys.finish(second, "refused");
  const no = await refused(4001, "eth_sendTransaction", transfer);
  assert.deepEqual(no.data, { request: second, status: "refused" });
});

test("what was approved while nobody waited is sent, and its hash told to who asks", async () => {
  faces.keys.mode = "hold";
  const transfer = { from: address, to: OTHER, value: "0x6" };
  const { data } = await refused(-32002, "eth_sendTransaction", transfer);
  faces.keys.finish(String(data?.request));
  let hash: unknown = null;
  while (hash === null)
    hash = ((await result("entente_getRequest", data?.request)) as { result: string | null }).result;
  const { value } = (await anvil.rpc("eth_getTransactionByHash", hash)) as { value: string };
  assert.equal(value, "0x6");
});

test("what waits when the server is started again is sent all the same, and asked for again it is not asked for twice", async () => {
  faces.keys.mode = "hold";
  const transfer = { from: address, to: OTHER, value: "0x7" };
  const hello = ["0x68656c6c6f", address];
  const requests = await Promise.all([
    refused(-32002, "eth_sendTransaction", transfer),
    refused(-32002, "personal_sign", ...hello),
  ]);
  const count = faces.keys.asked.length;
  const [sending, signing] = requests.map(({ data }) => String(data?.request));
  const again = createFaces(faces.given);
  const there = `${(await again.listen({ host: "127.0.0.1", port: 0 })).url}/ethereum`;
  const call = async (method: string, ...params: unknown[]) =>
    (await post({ jsonrpc: "2.0", id: 1, method, params }, {}, there)).body;
  const { error } = await call("personal_sign", ...hello);
  assert.deepEqual([error.code, error.data.request], [-32002, signing]);
  for (const id of [sending, signing]) faces.keys.finish(String(id));
  let hash: unknown = null;
  while (hash === null) hash = (await call("entente_getRequest", sending)).result.result;
  assert.equal((await call("eth_sendTransaction", transfer)).result, hash);
  const { value } = (await anvil.rpc("eth_getTransactionByHash", hash)) as { value: string };
  assert.equal(value, "0x7");
  const signature = (await call("personal_sign", ...hello)).result;
  assert.equal(ethers.verifyMessage("hello", signature), address);
  assert.equal(faces.keys.asked.length, count);
  await again.close(0);
});

test("a policy says no", async () => {
  faces.keys.mode = "fail";
  const error = await refused(-32003, "personal_sign", "0x01", address);
  assert.equal(error.data?.failure, "keynode.policy");
});

test("the chain is read through the node, errors and all", async () => {
  assert.equal(await result("eth_chainId"), "0x7a69");
  const bare = await post({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber" });
  assert.match(bare.body.result, /^0x/);
  const wrong = await refused(-32602, "eth_getBalance", "nothing");
  assert.ok(wrong.message);
  const reverts = { to: null, data: "0x60006000fd", from: address };
  assert.match(JSON.stringify(await answer("eth_call", reverts, "latest")), /revert/);
});

test("what governs the node, or signs with keys of its own, is not passed on", async () => {
  for (const method of ["anvil_setBalance", "admin_addPeer", "personal_unlockAccount", "debug_setHead", "evm_mine"])
    await refused(-32601, method, OTHER, "0x1");
  for (const method of ["eth_signTypedData", "eth_signTypedData_v3", "toString", "__proto__", ""])
    await refused(-32601, method);
  const [, unlocked] = (await anvil.rpc("eth_accounts")) as string[];
  await refused(-32000, "eth_sendTransaction", { from: unlocked, to: OTHER, value: "0x1" });
  await refused(-32000, "eth_sign", unlocked, "0x01");
});

test("JSON-RPC: batches, notifications, and what is none", async () => {
  const one = (id: unknown, method = "eth_chainId") => ({ jsonrpc: "2.0", id, method, params: [] });
  const batch = await post([
    one(1),
    one("b", "eth_accounts"),
    one(null, "no_such"),
    { jsonrpc: "2.0", method: "eth_chainId" },
    5,
  ]);
  assert.equal(batch.status, 200);
  assert.deepEqual(
    batch.body.map((each: { id: unknown; error?: { code: number } }) => [each.id, each.error?.code]),
    [
      [1, undefined],
      ["b", undefined],
      [null, -32601],
      [null, -32600],
    ],
  );
  assert.equal((await post([])).body.error.code, -32600);
  assert.equal((await post(Array(101).fill(one(1)))).body.error.code, -32600);
  assert.equal((await post("{")).body.error.code, -32700);
  assert.equal((await post({ id: 1, method: "eth_chainId" })).body.error.code, -32600);
  assert.equal((await post({ ...one(1), params: {} })).body.error.code, -32602);
  assert.equal((await post({ ...one({}) })).body.error.code, -32600);
  assert.deepEqual(await post({ jsonrpc: "2.0", method: "eth_chainId" }), { status: 204, body: undefined });
  assert.equal((await post("x", { "content-type": "text/plain" })).status, 415);
});

test("bad params are refused before anybody is asked to sign", async () => {
  const count = faces.keys.asked.length;
  const tx = { ...BASE, from: address };
  const bad: readonly object[] = [
    { ...tx, to: "0x70997970c51812dC3A010C7d01b50e0d17dc79C8" },
    { ...tx, to: "0x1234" },
    { ...tx, value: "1" },
    { ...tx, value: 1 },
    { ...tx, nonce: "0x" },
    { ...tx, ...DYNAMIC, gasPrice: "0x1" },
    { ...tx, gasPrice: "0x1", type: "0x2" },
    { ...tx, ...DYNAMIC, type: "0x0" },
    { ...tx, ...DYNAMIC, type: "0x5" },
    { ...tx, gasPrice: "0x1", type: "0x0", accessList: ACCESS },
    { ...tx, ...DYNAMIC, data: "0x01", input: "0x02" },
    { ...tx, ...DYNAMIC, maxPriorityFeePerGas: "0x77359401" },
    { ...tx, ...DYNAMIC, type: "0x2", blobVersionedHashes: HASHES },
    { ...tx, ...DYNAMIC, maxFeePerBlobGas: "0x1", blobVersionedHashes: [] },
    { ...tx, ...DYNAMIC, authorizationList: [] },
    { ...tx, ...DYNAMIC, chainId: "0x0" },
    { ...tx, ...DYNAMIC, feeCurrency: OTHER },
  ];
  for (const one of bad) await refused(-32602, "eth_signTransaction", one);
  await refused(-32602, "eth_sendTransaction", { ...tx, ...DYNAMIC, chainId: "0x1" });
  await refused(-32602, "eth_sendTransaction", { ...tx, ...DYNAMIC, blobVersionedHashes: HASHES });
  await refused(-32602, "eth_signTransaction");
  await refused(-32602, "personal_sign", address, "text");
  await refused(-32602, "eth_sign", address, "0x1");
  await refused(-32602, "eth_signTypedData_v4", address, "{}");
  await refused(-32602, "eth_signTypedData_v4", address, { ...TYPED, primaryType: "None", message: {} });
  assert.equal(faces.keys.asked.length, count);
});

test("a signer without a node signs what is complete, and says what it cannot do", async () => {
  const alone = await openFaces({ token: "word" });
  await alone.keys.createKey(HOUSE, KEY);
  const to = `${alone.url}/ethereum`;
  const bearer = { authorization: "Bearer word" };
  const call = async (method: string, ...params: unknown[]) =>
    (await post({ jsonrpc: "2.0", id: 1, method, params }, bearer, to)).body;
  const [from] = (await call("eth_accounts")).result;
  const { result: raw } = await call("eth_signTransaction", { ...BASE, ...DYNAMIC, from });
  assert.equal(await recoverTransactionAddress({ serializedTransaction: raw }), from);
  assert.equal((await call("eth_signTransaction", { ...BASE, ...DYNAMIC, from, nonce: undefined })).error.code, -32004);
  assert.equal((await call("eth_chainId")).error.code, -32004);
  const stranger = await post({ jsonrpc: "2.0", id: 1, method: "eth_accounts", params: [] }, {}, to);
  assert.deepEqual([stranger.status, stranger.body.error.data.code], [401, "face.token"]);
  await alone.close();
  const unreachable = await openFaces({ upstream: "http://127.0.0.1:9" });
  const { body } = await post({ jsonrpc: "2.0", id: 1, method: "eth_chainId" }, {}, `${unreachable.url}/ethereum`);
  assert.equal(body.error.code, -32603);
  await unreachable.close();
});

test("typed data of other hands: bytes, arrays of structs, numbers in every writing", async () => {
  const types = {
    EIP712Domain: [{ name: "chainId", type: "uint256" }],
    Leaf: [{ name: "id", type: "bytes32" }],
    Tree: [
      { name: "leaves", type: "Leaf[]" },
      { name: "depth", type: "int8" },
    ],
  };
  const id = `0x${createHash("sha256").update("leaf").digest("hex")}`;
  for (const chainId of ["0x7a69", 31337, "31337"]) {
    const typed = { types, primaryType: "Tree", domain: { chainId }, message: { leaves: [{ id }], depth: -3 } };
    const signature = (await result("eth_signTypedData_v4", address, JSON.stringify(typed))) as string;
    const { EIP712Domain: _, ...own } = types;
    assert.equal(ethers.verifyTypedData({ chainId: 31337 }, own, typed.message, signature), address);
  }
});
