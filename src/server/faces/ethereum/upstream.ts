/** The Ethereum node behind the signer: what it is asked, and what is passed on to it. */
import { SECOND } from "../../../base/clock.ts";
import { CODES, RpcError } from "./errors.ts";

/** @throws RpcError as the node gives it; CODES.internal when it does not answer */
export type Upstream = (method: string, params: unknown) => Promise<unknown>;

const TIMEOUT = 30 * SECOND;

/** @param url of its JSON-RPC; "": there is none, and every call says so */
export const createUpstream = (url: string): Upstream => {
  let id = 0;
  return async (method, params) => {
    if (url === "") throw new RpcError(CODES.unsupported, `${method} needs an Ethereum node. Set ethereumUpstream.`);
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const answer = await ask(url, body).catch(() => {
      throw new RpcError(CODES.internal, "The Ethereum node behind this signer does not answer.");
    });
    if (answer.error) throw new RpcError(answer.error.code, answer.error.message, answer.error.data);
    return answer.result;
  };
};

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const ask = async (url: string, body: string): Promise<Answer> => {
  const headers = { "content-type": "application/json" };
  const options = { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(TIMEOUT) } as const;
  const answer: unknown = await (await fetch(url, options)).json();
  if (typeof answer !== "object" || answer === null) throw new TypeError("not an answer of JSON-RPC");
  return answer;
};
