/** A chain of this machine's own (anvil, one block a transaction), and payments on it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, fromHex, toHex } from "../../../base/bytes.ts";
import { refuse } from "../errors.ts";

export interface Chain {
  readonly id: number;
  call<T = string>(method: string, ...params: readonly unknown[]): Promise<T>;
  /** Waits until the transaction is in a block. @throws Error where it failed @returns whose it is, lower case */
  mined(hash: string): Promise<string>;
  /** Wei. */
  balance(address: string): Promise<bigint>;
  close(): Promise<void>;
}

/** Of the package that npm has for this kind of machine. @throws Refusal demo.machine */
export const anvilProgram = (): string => {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}/bin/anvil`;
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    throw refuse("demo.machine", { reason: `${name} (npm install)` });
  }
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
};

const START = 30_000;

export const openChain = async (): Promise<Chain> => {
  const port = await freePort();
  const child = spawn(anvilProgram(), ["--host", "127.0.0.1", "--port", String(port), "--silent"], { stdio: "ignore" });
  const ended = once(child, "exit");
  const call = async <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const close = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  const mined = async (hash: string): Promise<string> => {
    const end = Date.now() + START;
    for (;;) {
      const receipt = await call<{ status: string; from: string } | null>("eth_getTransactionReceipt", hash);
      if (receipt?.status === "0x1") return receipt.from;
      if (receipt || Date.now() > end) throw new Error(`${hash}: ${receipt?.status ?? "not mined"}`);
      await sleep(20);
    }
  };
  const balance = async (of: string) => BigInt(await call("eth_getBalance", of, "latest"));
  const end = Date.now() + START;
  for (;;) {
    const id = await call<string>("eth_chainId").catch(() => undefined);
    if (id !== undefined) return { id: Number(id), call, mined, balance, close };
    if (child.exitCode !== null || Date.now() > end) throw refuse("demo.machine", { reason: "anvil" });
    await sleep(50);
  }
};

const number = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return value === 0n ? new Uint8Array() : fromHex(hex.length % 2 ? `0${hex}` : hex);
};

const GWEI = 10n ** 9n;
/** Of a payment to somebody who is no contract. */
const GAS = 21_000n;

/** An unsigned payment (EIP-1559), hex. @param wei what is paid */
export const payment = async (chain: Chain, from: string, to: string, wei: bigint): Promise<string> => {
  const nonce = BigInt(await chain.call("eth_getTransactionCount", from, "pending"));
  const most = 2n * BigInt(await chain.call("eth_gasPrice")) + GWEI;
  const head = [BigInt(chain.id), nonce, GWEI, most, GAS].map(number);
  const fields = [...head, fromHex(to.slice(2).toLowerCase()), number(wei), new Uint8Array(), []];
  return toHex(concat(Uint8Array.of(2), RLP.encode(fields as Parameters<typeof RLP.encode>[0])));
};
