/** A task of a drill, seen by those who take part in it. */
import type { Party } from "../../src/cli/demo/parties.ts";
import type { authoriseTask } from "../../src/sdk/workflows/index.ts";
import type { Trio } from "../../test/support/trio.ts";
import type { Memory, TaskRecord } from "./record.ts";

/**
 * Does what is due on the task.
 * @param authorise has a party say yes to it
 * @returns whether it has ended
 */
export const advance = async (
  { institute, hospitals }: Trio,
  memory: Memory,
  task: TaskRecord,
  authorise: (party: Party) => ReturnType<typeof authoriseTask>,
): Promise<boolean> => {
  const shown = await memory.attempt(() => institute.client.tasks.get({ id: task.id }));
  if (!shown) return false;
  if (shown.result) {
    task.result ??= shown.result.digest;
    if (task.result !== shown.result.digest) memory.violation(`${task.id} was shown with two results`);
  }
  const ended = shown.receipt !== null || shown.failure !== null;
  if (ended || shown.state === "running") task.authorised = true;
  if (ended) return true;
  const parties = [institute, ...hospitals];
  await Promise.all(
    shown.deciders.map(async ({ id }) => {
      const party = parties.find(({ member }) => member === id);
      const answer = party && (await memory.attempt(() => authorise(party)));
      if (!answer) return;
      memory.acknowledged(answer);
      if (answer.part === "model") task.authorised = true;
    }),
  );
  return false;
};
