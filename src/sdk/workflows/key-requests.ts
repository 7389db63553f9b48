/** Requests to sign: made, approved over what the ledger really has, and their signatures verified here. */
import type { z } from "zod";
import { fromHex } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import type { KeyRequest } from "../../contract/key-requests.ts";
import { verifyKeySignature } from "../../evidence/key-signature.ts";
import { whatIs } from "../../policy/what.ts";
import { founded as keyFounded } from "../../rules/key.ts";
import { type KeyMessage, RequestDetail } from "../../rules/key-messages.ts";
import { founded } from "../../rules/key-request.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { digestOf } from "../../trust/digest.ts";
import { parseStatement } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { awaited } from "./keys.ts";

type Shown = z.output<typeof KeyRequest>;
const HOUR = 3_600_000;

export interface NewSignature {
  /** Id (K… or stream) of the key. */
  readonly key: string;
  /** 1 to 1,000: all are signed, or none. */
  readonly messages: readonly KeyMessage[];
  /** BIP 32, non-hardened: of the child key that signs. */
  readonly path?: readonly number[] | undefined;
  readonly note?: string | undefined;
  /** Milliseconds from now; an hour when it is not given, at most seven days. */
  readonly expiresIn?: number | undefined;
}

export const requestSignatures = async (
  client: Pick<Client, "keys" | "keyRequests">,
  { key, messages, path, note = "", expiresIn = HOUR }: NewSignature,
  now: () => number = Date.now,
) => {
  const found = await client.keys.get({ id: key });
  if (key !== found.stream && key !== found.id) throw refuse("task.other", { id: key, found: found.id });
  return client.keyRequests.create({
    ...{ key: found.stream, action: "sign", count: messages.length, expires: iso(now() + expiresIn) },
    detail: { messages: [...messages], note, ...(path && path.length > 0 && { path: [...path] }) },
  });
};

/** What a key is, by its founding statement, whose digest is its stream. @throws Refusal request.shown-otherwise */
const readKey = async (client: Pick<Client, "streams">, stream: string, id: string): Promise<{ scheme: KeyScheme }> => {
  const { items } = await client.streams.get({ id: stream, start: 0, limit: 1 });
  const { statement, digest } = parseStatement(items[0]?.statement ?? "");
  if (digest !== stream || statement.kind !== keyFounded.name)
    throw refuse("request.shown-otherwise", { id, reason: "its key is another" });
  return statement.payload as { scheme: KeyScheme };
};

/**
 * The request as its requester signed it: messages, path and note are those that the founding statement commits to,
 * whatever the server shows beside.
 * @param asShown what is on somebody's screen, which is then what is held to it; read from the server otherwise
 * @throws Refusal request.shown-otherwise
 */
export const readRequest = async (
  client: Pick<Client, "keyRequests" | "streams">,
  id: string,
  asShown?: Shown,
): Promise<ReadRequest> => {
  const [request, { items }] = await Promise.all([
    asShown ?? client.keyRequests.get({ id }),
    client.streams.get({ id: asShown?.stream ?? id, start: 0, limit: 1 }),
  ]);
  const differs = (reason: string) => refuse("request.shown-otherwise", { id, reason });
  const [first] = items;
  if (!first) throw differs("its stream is empty");
  const { statement, digest } = parseStatement(first.statement);
  if (statement.kind !== founded.name || digest !== request.stream) throw differs("its stream is another's");
  const payload = statement.payload as { id: string; key: string; detail: string; action: string; expires: string };
  if (![payload.id, digest].includes(id) || payload.id !== request.id) throw differs(`it is ${payload.id}`);
  if (payload.key !== request.key.stream) throw differs("it is for another key");
  if (statement.by !== request.requester.id) throw differs(`it is asked for by ${statement.by}`);
  if (payload.action !== request.action) throw differs(`it is to ${payload.action}`);
  if (Date.parse(payload.expires) !== Date.parse(request.expiresAt)) throw differs(`it ends at ${payload.expires}`);
  const { scheme } = await readKey(client, payload.key, id);
  if (scheme !== request.key.scheme) throw differs(`its key is for ${scheme}`);
  const detail = RequestDetail.safeParse(first.detail);
  if (!detail.success || digestOf(first.detail) !== payload.detail)
    throw differs("its messages are not those signed for");
  const shown = request.messages.map(({ message }) => message);
  if (digestOf({ shown }) !== digestOf({ shown: detail.data.messages })) throw differs("other messages are shown");
  const { path = [], note } = detail.data;
  if (request.path.join("/") !== path.join("/")) throw differs(`it is for the child key m/${path.join("/")}`);
  if (request.note !== note) throw differs("another note is shown");
  return { request, signed: detail.data };
};

export interface ReadRequest {
  readonly request: Shown;
  /** What the founding statement commits to. */
  readonly signed: RequestDetail;
}

export interface ApproveOptions {
  /** Sees what is about to be approved; whatever it throws stops it. */
  review?(read: ReadRequest): void | Promise<void>;
}

/**
 * @param asShown to whoever approves: what a server shows now, and showed another time, is not approved in its place
 * @throws Refusal request.shown-otherwise, and those of the server
 */
export const approveRequest = async (
  client: Pick<Client, "keyRequests" | "streams">,
  id: string,
  { review }: ApproveOptions = {},
  asShown?: Shown,
) => {
  const read = await readRequest(client, id, asShown);
  await review?.(read);
  return client.keyRequests.approve(read.request.stream, {});
};

/** The request, once something has come of it; as it is after `timeout` milliseconds otherwise. */
export const awaitRequest = (client: Pick<Client, "keyRequests">, id: string, timeout = 60_000) =>
  awaited(
    () => client.keyRequests.get({ id }),
    ({ state }) => state !== "pending",
    timeout,
  );

/**
 * Every signature of a completed request holds: over what its message comes to as it is read here, under the public key
 * that is shown. Whose that is, the bundle proves.
 * @throws Refusal request.signatures, policy.* for a message that cannot be read
 */
export const verifySignatures = ({ id, key, messages, signatures, publicKey }: Shown): readonly string[] => {
  const fails = (reason: string) => refuse("request.signatures", { id, reason });
  if (!signatures || !publicKey || signatures.length !== messages.length) throw fails("there are none");
  for (const [i, { message }] of messages.entries()) {
    const { sign } = whatIs({ scheme: key.scheme, publicKey: fromHex(publicKey) }, message, i + 1);
    if (!verifyKeySignature(key.scheme, fromHex(publicKey), sign, fromHex(signatures[i] ?? "")))
      throw fails(`number ${i + 1} does not verify`);
  }
  return signatures;
};
