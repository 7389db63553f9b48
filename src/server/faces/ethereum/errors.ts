/** Errors of JSON-RPC 2.0 (section 5.1), EIP-1474 and EIP-1193, which wallets' libraries know by their numbers. */
import { explain, type Language, type Refusal } from "../../../base/refusal.ts";

export const CODES = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  /** An account that is not here, or whose key does not sign now. */
  input: -32000,
  /** Not there yet: it waits for approvals. */
  unavailable: -32002,
  /** The policy, or a node, said no. */
  rejected: -32003,
  /** Without a node of a chain behind it. */
  unsupported: -32004,
  limit: -32005,
  /** A person said no. */
  user: 4001,
} as const;

export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const rpcErrorOf = ({ code, status, details }: Refusal, language: Language): RpcError => {
  const message = explain(code, details, language);
  if (code.startsWith("policy.")) return new RpcError(CODES.params, message, { code });
  if (code === "rate.limited") return new RpcError(CODES.limit, message, { code });
  return new RpcError(status >= 500 && status !== 503 ? CODES.internal : CODES.input, message, { code });
};
