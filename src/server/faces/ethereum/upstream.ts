/** The Ethereum node behind the signer: what it is asked, and what is passed on to it. */
import { SECOND } from "../../../base/clock.ts";
import { CODES, RpcError } from "./errors.ts";

/** @throws RpcError as the node gives it; CODES.internal when it does not answer */
export type Upstream = (method: string, params: unknown) => Promise<unknown>;

const TIMEOUT = 30 * SECOND;
/** Bytes of an answer. */
const MOST = 64 << 20;

/** @param url of its JSON-RPC; "": there is none, and every call says so */
export const createUpstream = (url: string): Upstream => {
  return async (method, params) => {
    if (url === "") throw new RpcError(CODES.unsupported, `${method} needs an Ethereum node. Set ethereumUpstream.`);
    const answer = await askNode(url, method, params, { timeout: TIMEOUT, most: MOST }).catch(() => {
      throw new RpcError(CODES.internal, "The Ethereum node behind this signer does not answer.");
    });
    if (answer.error) throw new RpcError(answer.error.code, answer.error.message, answer.error.data);
    return answer.result;
  };
};

export interface NodeAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What came is no answer of JSON-RPC; the message says why, and holds nothing of what came. */
export class NotAnAnswer extends Error {}

let id = 0;

/**
 * One call, of the node at this address and nowhere else: it does not lead to another.
 * @throws NotAnAnswer; any other Error where it does not answer
 */
export const askNode = async (
  url: string,
  method: string,
  params: unknown,
  { timeout, most }: { readonly timeout: number; readonly most: number },
): Promise<NodeAnswer> => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
  const options = { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(timeout) } as const;
  const response = await fetch(url, options);
  const answer = parsed(await bounded(response, most)) as Partial<NodeAnswer> | null | undefined;
  const { result, error } = answer ?? {};
  if (result === undefined && typeof error?.message !== "string") throw new NotAnAnswer(`HTTP ${response.status}`);
  return { result, ...(error && { error }) };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const bounded = async ({ body }: Response, most: number): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > most) throw new NotAnAnswer(`> ${most} B`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};
