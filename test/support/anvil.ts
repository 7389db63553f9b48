/** A local Ethereum chain that makes a block for every transaction. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { anvilProgram } from "../../src/cli/demo/keys/chain.ts";

export interface Anvil {
  readonly url: string;
  readonly rpc: (method: string, ...params: unknown[]) => Promise<unknown>;
  close(): Promise<void>;
}

export const openAnvil = async (hardfork = "prague"): Promise<Anvil> => {
  const child = spawn(anvilProgram(), ["--host", "127.0.0.1", "--port", "0", "--hardfork", hardfork], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = `http://${await listening(child)}`;
  return {
    url,
    async rpc(method, ...params) {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (error) throw new Error(error.message);
      return result;
    },
    close: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
};

/** The address that it says it listens on. */
const listening = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("anvil did not start")));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const [, address] = /^Listening on (\S+)$/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
