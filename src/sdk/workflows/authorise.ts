/** Authorises a task: in whichever part is the caller's turn, over a digest computed here from what is shown. */
import type { z } from "zod";
import type { Task } from "../../contract/tasks.ts";
import { type Delivery, taskDigest } from "../../rules/task-definition.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { publicKeyToPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { type ExpectedEnclave, readEnclave } from "./verify-enclave.ts";

type TaskView = z.output<typeof Task>;
export type Part = "receiver" | "source" | "model";

export interface AuthoriseOptions extends ExpectedEnclave {
  /** Stream id of the organisation that decides. */
  readonly me: string;
  /** As the receiver: the public key (PEM) that the result is sealed to. */
  readonly key?: string | undefined;
}

/** The part in which `me` decides next; undefined where nothing waits for it. */
export const partDue = ({ state, deciders }: Pick<TaskView, "state" | "deciders">, me: string): Part | undefined => {
  if (!deciders.some(({ id }) => id === me)) return undefined;
  if (state === "receiver-authorising") return "receiver";
  if (state === "source-authorising") return "source";
  return state === "model-authorising" ? "model" : undefined;
};

/** Where the result goes: a sealed file, for the holder of this key. @throws Refusal receiver-key.*, key.* */
export const deliveryTo = (pem: string): Delivery => {
  const { publicKey, enc } = receiverKey(pem);
  return { key: publicKeyToPem(publicKey), cipher: enc, sink: "sealed-file" };
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
 * @throws Refusal task.not-yours, task.key-required, task.shown-otherwise, enclave.untrusted, enclave.statement
 */
export const authoriseTask = async (
  client: Pick<Client, "tasks" | "enclaves">,
  id: string,
  { me, key, enclaves }: AuthoriseOptions,
  task?: TaskView,
) => {
  const shown = task ?? (await client.tasks.get({ id }));
  if (shown.id !== id && shown.stream !== id) throw refuse("task.other", { id, found: shown.id });
  const part = partDue(shown, me);
  if (!part) throw refuse("task.not-yours", { id, state: shown.state });
  await requireEnclave(client, shown, { enclaves });
  return { part, ...(await sign(client, shown, part, key)) };
};

/** The enclave that the task names is one whose own statement has the measurement that the task names. */
const requireEnclave = async (
  client: Pick<Client, "enclaves">,
  { definition: { enclave, measurement } }: TaskView,
  expected: ExpectedEnclave,
): Promise<void> => {
  const state = await readEnclave(client, enclave, expected);
  if (state.measurement !== measurement)
    throw refuse("enclave.statement", { id: enclave, reason: `its measurement is ${state.measurement}` });
};

const sign = async ({ tasks }: Pick<Client, "tasks">, shown: TaskView, part: Part, key: string | undefined) => {
  // Another provider may act at the same time, and then the head is read again: what is authorised stays the same,
  // for the digest covers all of it.
  if (part === "receiver") {
    if (key === undefined) throw refuse("task.key-required");
    const delivery = deliveryTo(key);
    return tasks.authoriseReceiver(shown.id, { task: taskDigest(shown.stream, shown.definition, delivery), delivery });
  }
  const signed = { task: shownDigest(shown) };
  return part === "source" ? tasks.authoriseSource(shown.id, signed) : tasks.authoriseModel(shown.id, signed);
};
