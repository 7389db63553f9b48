/** 失败诊断: asked for with a key of one's own, decided on over the request itself, opened on this machine. */
import type { z } from "zod";
import { fromBase64 } from "../../base/bytes.ts";
import type { Diagnostics } from "../../contract/task-diagnostics.ts";
import type { Task } from "../../contract/tasks.ts";
import { diagnosticsText, verifyDiagnostics } from "../../rules/released-diagnostics.ts";
import { type Delivery, taskDigest } from "../../rules/task-definition.ts";
import { diagnosticsRequested } from "../../rules/task-diagnostics.ts";
import { diagnosticsContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { keyFromPem, publicKeyFromSpki, publicKeyToPem } from "../../trust/keys.ts";
import { parseStatement, type SignedStatement } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { refuse as refuseServer } from "../errors.ts";
import { requireAsked } from "./asked.ts";
import { refuse } from "./errors.ts";
import { type ExpectedEnclave, readEnclave } from "./verify-enclave.ts";

type TaskView = z.output<typeof Task>;
type Asked = z.output<typeof Diagnostics>;

/** @param pem public key that they are to be sealed to. @throws Refusal receiver-key.*, key.* */
export const requestDiagnostics = ({ tasks }: Pick<Client, "tasks">, id: string, pem: string) =>
  tasks.requestDiagnostics(id, { key: publicKeyToPem(receiverKey(pem).publicKey) });

export interface DecideOptions {
  /** Sees what is about to be agreed to: the task, who reads, under which key. Whatever it throws stops it. */
  review?(task: TaskView, asked: Asked): void | Promise<void>;
}

/** @throws Refusal diagnostics.missing, task.other, server.history */
export const authoriseDiagnostics = async (
  client: Pick<Client, "tasks" | "streams">,
  id: string,
  { review }: DecideOptions = {},
) => {
  const task = await client.tasks.get({ id });
  const { request } = await requireShown(client, id, task, review);
  return client.tasks.authoriseDiagnostics(id, { request });
};

/** Refuses, or takes back what was authorised. @throws Refusal diagnostics.missing, task.other */
export const refuseDiagnostics = async ({ tasks }: Pick<Client, "tasks">, id: string) => {
  const task = await tasks.get({ id });
  requireAsked(id, task);
  return tasks.refuseDiagnostics(id, { request: askedIn(task).request });
};

/** @throws Refusal diagnostics.missing */
const askedIn = ({ id, diagnostics }: TaskView): Asked => {
  if (!diagnostics) throw refuse("diagnostics.missing", { id });
  return diagnostics;
};

/** The request that is shown is the newest statement of its kind, by the member and with the key that are shown. */
const requireShown = async (
  client: Pick<Client, "streams">,
  id: string,
  task: TaskView,
  review: DecideOptions["review"],
): Promise<Asked> => {
  requireAsked(id, task);
  const asked = askedIn(task);
  const found = await newestRequest(client, task.stream);
  const { key } = (found?.statement.payload ?? {}) as { key?: unknown };
  if (found?.digest !== asked.request || found.statement.by !== asked.by.id || key !== asked.key)
    throw refuseServer("server.history", { id, reason: "the request that is shown is not the one in it" });
  await review?.(task, asked);
  return asked;
};

/** Its signature is left to ledger and enclave: over a made-up request, a new signature counts nowhere. */
const newestRequest = async ({ streams }: Pick<Client, "streams">, stream: string) => {
  let found: SignedStatement | undefined;
  for (let start = 0; ; ) {
    const { items, next } = await streams.get({ id: stream, start });
    for (const { statement: jws } of items) {
      const signed = parseStatement(jws);
      const { kind, stream: of } = signed.statement;
      if (kind === diagnosticsRequested.name && of === stream) found = signed;
    }
    if (next === null || items.length === 0) return found;
    start = next;
  }
};

export interface OpenDiagnosticsOptions extends ExpectedEnclave {
  /** Of the private key. */
  readonly passphrase?: string | undefined;
}

/**
 * The text that the enclave kept, believed only as far as the enclave signed it. A model wrote most of it: it may hold
 * anything, characters that steer a terminal included.
 * @param pem private key whose public half the request names
 * @throws Refusal diagnostics.missing, diagnostics.other, enclave.untrusted, enclave.statement, envelope.*, key.*
 */
export const openDiagnostics = async (
  client: Pick<Client, "tasks" | "enclaves">,
  id: string,
  pem: string,
  { passphrase, ...expected }: OpenDiagnosticsOptions,
): Promise<string> => {
  const key = keyFromPem(pem, {
    accept: ["RSA", "P-256", "X25519", "SM2"],
    ...(passphrase !== undefined && { passphrase }),
  });
  const task = await client.tasks.get({ id });
  requireAsked(id, task);
  const { request } = askedIn(task);
  const { stream, definition, delivery, runsIn } = task;
  // Kept by the enclave that ran it, which is one of those that the task names.
  const named = [definition.enclave, ...(definition.workers ?? [])].includes(runsIn);
  if (!delivery || !named) throw refuse("diagnostics.missing", { id });
  const { signingKey } = await readEnclave(client, runsIn, expected);
  const released = await client.tasks.diagnostics({ id });
  const envelope = verifyDiagnostics(stream, request, released, publicKeyFromSpki(fromBase64(signingKey)));
  const context = diagnosticsContext(taskDigest(stream, definition, delivery as Delivery), request);
  return diagnosticsText(await openBytes(envelope, { key, context }));
};
