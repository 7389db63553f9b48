/**
 * One record an endpoint: from it come the server's route, the SDK's method, the command with its flags, the line
 * in the OpenAPI document and the reference page. A pillar exposes a function of the same name.
 */
import { z } from "zod";
import type { Kind } from "../rules/rulebook.ts";

/** A text in both languages. */
export interface Text {
  readonly en: string;
  readonly "zh-CN": string;
}

interface Common {
  /** Path with `:name` parameters, under `/v1`. */
  readonly path: string;
  readonly summary: Text;
  /** Permission of platform/accounts; `public` needs no account, `signed-in` any. */
  readonly permission: string;
  /** Codes of refusals particular to it; those every endpoint has are added. */
  readonly errors?: readonly string[];
  /** A request body or query that shows how it is used. */
  readonly example?: unknown;
  /** Answers 201: something new is there afterwards. */
  readonly creates?: true;
  /** The answer holds a secret: it is kept nowhere, so an idempotency key does nothing here. */
  readonly confidential?: true;
}

/**
 * A change that matters: its body is `{statement, detail}`, a signed statement of `kind`. `:id` names the stream; a
 * founding act has no `:id`.
 */
export interface ActEndpoint<
  Path extends string = string,
  P extends z.ZodType = z.ZodType,
  D extends z.ZodType | undefined = z.ZodType | undefined,
  O extends z.ZodType = z.ZodType,
> extends Common {
  readonly type: "act";
  readonly method: "POST";
  readonly path: Path;
  // A rulebook's state is its own.
  // biome-ignore lint/suspicious/noExplicitAny: existential type
  readonly kind: Kind<any, P, D>;
  readonly output: O;
}

/** A read. Path parameters and query together are its input. */
export interface ViewEndpoint<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Common {
  readonly type: "view";
  readonly method: "GET";
  readonly input: I;
  readonly output: O;
}

/** A change of operational data (accounts, access keys, sessions): path parameters and JSON body are its input. */
export interface CommandEndpoint<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Common {
  readonly type: "command";
  readonly method: "POST" | "PUT" | "DELETE";
  readonly input: I;
  /** `z.void()` answers 204. */
  readonly output: O;
}

/** Bytes up: the request's body, beside path parameters and query. The answer is JSON. */
export interface UploadEndpoint<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Common {
  readonly type: "upload";
  readonly method: "POST";
  readonly input: I;
  readonly output: O;
  /** Media type of the request's body. */
  readonly media: string;
}

/** Bytes down. */
export interface DownloadEndpoint<I extends z.ZodType = z.ZodType> extends Common {
  readonly type: "download";
  readonly method: "GET";
  readonly input: I;
  /** Media type of the answer. */
  readonly media: string;
}

/** Server-sent events; `output` is one of them: `{id, type, data}`. */
export interface LiveEndpoint<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Common {
  readonly type: "live";
  readonly method: "GET";
  readonly input: I;
  readonly output: O;
}

// Each endpoint's schemas are its own.
// biome-ignore lint/suspicious/noExplicitAny: existential type
export type AnyAct = ActEndpoint<string, any, any, z.ZodType>;
export type Endpoint = AnyAct | ViewEndpoint | CommandEndpoint | UploadEndpoint | DownloadEndpoint | LiveEndpoint;
export type Contract = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;

export const act = <
  const Path extends string,
  P extends z.ZodType,
  D extends z.ZodType | undefined,
  O extends z.ZodType,
>(
  e: Omit<ActEndpoint<Path, P, D, O>, "type" | "method">,
): ActEndpoint<Path, P, D, O> => ({ type: "act", method: "POST", ...(e.kind.founds && { creates: true }), ...e });
export const view = <I extends z.ZodType, O extends z.ZodType>(
  e: Omit<ViewEndpoint<I, O>, "type" | "method">,
): ViewEndpoint<I, O> => ({ type: "view", method: "GET", ...e });
export const command = <I extends z.ZodType, O extends z.ZodType>(
  e: Omit<CommandEndpoint<I, O>, "type">,
): CommandEndpoint<I, O> => ({ type: "command", ...e });
export const upload = <I extends z.ZodType, O extends z.ZodType>(
  e: Omit<UploadEndpoint<I, O>, "type" | "method">,
): UploadEndpoint<I, O> => ({ type: "upload", method: "POST", ...e });
export const download = <I extends z.ZodType>(
  e: Omit<DownloadEndpoint<I>, "type" | "method">,
): DownloadEndpoint<I> => ({ type: "download", method: "GET", ...e });
export const live = <I extends z.ZodType, O extends z.ZodType>(
  e: Omit<LiveEndpoint<I, O>, "type" | "method">,
): LiveEndpoint<I, O> => ({ type: "live", method: "GET", ...e });

/** Where the ledger put an act. */
export const Receipt = z
  .object({
    /** Position in the log, from 0. */
    index: z.int(),
    /** Ledger's time, ISO 8601. */
    time: z.iso.datetime(),
    stream: z.string(),
    /** The stream's new head: `seen` of the next statement. */
    head: z.string(),
  })
  .meta({ id: "Receipt" });
export type Receipt = z.output<typeof Receipt>;

/** The answer to every act: its receipt and the resource as it is now. */
export const acted = <O extends z.ZodType>(resource: O) => z.object({ receipt: Receipt, resource });

/** A statement of at most 256 KiB of payload, as compact JWS. */
export const STATEMENT_MAX = 524_288;

/** The body of an act signed by its member: the statement as compact JWS, and the text that it commits to. */
export const SignedActBody = z.strictObject({
  statement: z.string().min(1).max(STATEMENT_MAX),
  detail: z.record(z.string(), z.unknown()).optional(),
});
/** Of a member whose key is managed: the payload in plain, `detail` the text itself, to be signed by the platform. */
export const ManagedActBody = z.strictObject({ input: z.record(z.string(), z.unknown()) });
