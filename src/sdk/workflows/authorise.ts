/** Authorises a task: in whichever part is the caller's turn, over a digest computed here from what is shown. */
import type { z } from "zod";
import type { Task } from "../../contract/tasks.ts";
import { structureDigest } from "../../rules/source.ts";
import { type Delivery, SEALED_FILE, taskDigest } from "../../rules/task-definition.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { publicKeyToPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { requireAsked } from "./asked.ts";
import { refuse } from "./errors.ts";
import { requireOwners } from "./owners.ts";
import { type ExpectedEnclave, readEnclave } from "./verify-enclave.ts";
import { requireWorkers } from "./workers.ts";

type TaskView = z.output<typeof Task>;
export type Part = "receiver" | "source" | "model";

export interface AuthoriseOptions extends ExpectedEnclave {
  /** Stream id of the organisation that decides. */
  readonly me: string;
  /** As the receiver: the public key (PEM) that the result is sealed to. */
  readonly key?: string | undefined;
  /** As the receiver: the database that the result goes into, of `sealDestination`; a file otherwise. */
  readonly destination?: Destination | undefined;
  /** Sees what is about to be signed; whatever it throws stops it. */
  review?(about: AboutToSign): void | Promise<void>;
}

export interface AboutToSign {
  readonly part: Part;
  readonly task: TaskView;
  /** What the signature is over: everything in the task's definition, and where the result goes. */
  readonly digest: string;
  /** Attestation of the enclave, by its own statement. */
  readonly provider: string;
}

/** The part in which `me` decides next; undefined where nothing waits for it. */
export const partDue = ({ state, deciders }: Pick<TaskView, "state" | "deciders">, me: string): Part | undefined => {
  if (!deciders.some(({ id }) => id === me)) return undefined;
  if (state === "receiver-authorising") return "receiver";
  if (state === "source-authorising") return "source";
  return state === "model-authorising" ? "model" : undefined;
};

/** A database of the receiver's: its kind, and the digest of the sealed connection. */
export interface Destination {
  readonly type: string;
  readonly envelope: string;
}

/** Where the result goes, for the holder of this key. @throws Refusal receiver-key.*, key.* */
export const deliveryTo = (pem: string, destination?: Destination): Delivery => {
  const { publicKey, enc } = receiverKey(pem);
  const to = destination ? { sink: destination.type, destination: destination.envelope } : { sink: SEALED_FILE };
  return { key: publicKeyToPem(publicKey), cipher: enc, ...to };
};

/**
 * The digest that authorisations of the task as shown sign.
 * @throws Refusal task.shown-otherwise where the server names another, task.key-required before there is a delivery
 */
export const shownDigest = ({ stream, definition, delivery, digest }: TaskView): string => {
  if (!delivery) throw refuse("task.key-required");
  const expected = taskDigest(stream, definition, delivery as Delivery);
  if (digest !== expected) throw refuse("task.shown-otherwise", { found: digest ?? "", expected });
  return expected;
};

/**
 * @param task as it was shown to whoever decides; read from the server where it was not
 * @throws Refusal task.not-yours, task.key-required, task.shown-otherwise, enclave.untrusted, enclave.statement,
 *   server.history
 */
export const authoriseTask = async (
  client: Pick<Client, "tasks" | "enclaves" | "streams">,
  id: string,
  { me, key, destination, review, ...expected }: AuthoriseOptions,
  task?: TaskView,
) => {
  const shown = task ?? (await client.tasks.get({ id }));
  requireAsked(id, shown);
  const part = partDue(shown, me);
  if (!part) throw refuse("task.not-yours", { id, state: shown.state });
  const { model, sources } = shown.definition;
  const [{ provider }] = await Promise.all([
    readNamed(client, shown, expected),
    requireOwners(client, [
      { kind: "model", stream: model.stream, id: shown.model.id, owner: shown.model.owner.id },
      ...sources.map(({ stream }, i) => {
        const { id = "", owner } = shown.sources[i] ?? {};
        return { kind: "source" as const, stream, id, owner: owner?.id ?? "" };
      }),
    ]),
  ]);
  requireColumns(shown);
  const delivery = part === "receiver" ? deliveryTo(required(key), destination) : undefined;
  const digest = delivery ? taskDigest(shown.stream, shown.definition, delivery) : shownDigest(shown);
  await review?.({ part, task: shown, digest, provider });
  return { part, ...(await sign(client, shown, part, digest, delivery)) };
};

/** Columns are signed by their positions: those that are shown are those of the sources. @throws Refusal source.structure */
const requireColumns = ({ definition, sources }: TaskView): void => {
  for (const [i, { structure }] of definition.sources.entries()) {
    const found = structureDigest(sources[i]?.columns ?? []);
    if (found !== structure) throw refuse("source.structure", { found, expected: structure });
  }
};

/** @throws Refusal task.key-required */
const required = (key: string | undefined): string => {
  if (key === undefined) throw refuse("task.key-required");
  return key;
};

/** The enclaves that the task names are ones whose own statements have the measurement that the task names. */
const readNamed = async (
  client: Pick<Client, "enclaves">,
  { definition: { enclave, measurement, workers = [] } }: TaskView,
  expected: ExpectedEnclave,
) => {
  const state = await readEnclave(client, enclave, expected);
  if (state.measurement !== measurement)
    throw refuse("enclave.statement", { id: enclave, reason: `its measurement is ${state.measurement}` });
  await requireWorkers(client, workers, state, expected);
  return state;
};

// Another provider may act at the same time, and then the head is read again: what is authorised stays the same, for
// the digest covers all of it.
const sign = (
  { tasks }: Pick<Client, "tasks">,
  { id }: TaskView,
  part: Part,
  task: string,
  delivery: Delivery | undefined,
) => {
  if (delivery) return tasks.authoriseReceiver(id, { task, delivery });
  return part === "source" ? tasks.authoriseSource(id, { task }) : tasks.authoriseModel(id, { task });
};
