/**
 * Who asks, and what a function of an endpoint looks like. The shapes are those of the server's ports, declared again
 * here because the platform does not know the server.
 */
import type { z } from "zod";
import type { Language } from "../../base/refusal.ts";
import type { CommandEndpoint, DownloadEndpoint, ViewEndpoint } from "../../contract/endpoint.ts";
import { refuse } from "../accounts/errors.ts";

/** By what the caller was recognised. The id of a session is the hash of its token. */
export type Credential =
  | { readonly kind: "access-key"; readonly id: string }
  | { readonly kind: "session"; readonly id: string; readonly csrf: string; readonly expiresAt: number };

export interface Caller {
  readonly kind: "user" | "operator" | "anonymous";
  /** "" when anonymous. */
  readonly userId: string;
  /** Null for operators and whoever is anonymous. */
  readonly accountId: string | null;
  /** Stream id of the account's organisation; null until it is founded. */
  readonly member: string | null;
  readonly permissions: ReadonlySet<string>;
  readonly credential: Credential | undefined;
  readonly language: Language;
  readonly requestId: string;
  readonly ip: string;
  readonly userAgent: string;
}

/** Headers that a command adds to its answer. */
export interface Answer {
  header(name: string, value: string): void;
}

type Handler<E> =
  E extends CommandEndpoint<infer I, infer O>
    ? (caller: Caller, input: z.output<I>, answer: Answer) => Promise<z.input<O>>
    : E extends ViewEndpoint<infer I, infer O>
      ? (caller: Caller, input: z.output<I>) => Promise<z.input<O>>
      : E extends DownloadEndpoint<infer I>
        ? (caller: Caller, input: z.output<I>) => Promise<{ content: string }>
        : never;

/** One function for each endpoint of a resource of the contract. */
export type Api<R> = { readonly [E in keyof R]: Handler<R[E]> };

/** The account of the caller. @throws Refusal account.unknown for operators, who have none */
export const accountOf = ({ accountId, userId }: Caller): string => {
  if (accountId === null) throw refuse("account.unknown", { id: userId });
  return accountId;
};
