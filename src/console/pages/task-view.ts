/** What pages of tasks share: the task as it is shown, the colour of its state, what this member may do. */
import type { z } from "zod";
import type { Step, Task, TaskSummary } from "../../contract/tasks.ts";

export type TaskView = z.output<typeof Task>;
export type TaskLine = z.output<typeof TaskSummary>;
export type StepView = Omit<z.output<typeof Step>, "step"> & { readonly step: string };

export const taskColours: Readonly<Record<TaskLine["state"], string>> = {
  "receiver-authorising": "processing",
  "source-authorising": "processing",
  "model-authorising": "processing",
  authorised: "success",
  "authorisation-failed": "error",
  running: "processing",
  succeeded: "success",
  failed: "error",
};

const REVOCABLE: readonly TaskView["state"][] = ["source-authorising", "model-authorising", "authorised", "running"];

/** This member has agreed, and may take it back. */
export const mayRevoke = ({ state, steps }: TaskView, me: string | undefined): boolean =>
  REVOCABLE.includes(state) &&
  steps.some(
    ({ step, decisions }) =>
      step !== "request" && decisions.some(({ member, decision }) => member.id === me && decision === "authorised"),
  );

/** Names of the columns that the model may read of a source; all, unless the task names some. */
export const columnsRead = ({ definition, sources }: TaskView, at: number): ReadonlySet<string> => {
  const positions = definition.sources[at]?.columns;
  const columns = sources[at]?.columns ?? [];
  return new Set(columns.filter((_, i) => positions?.includes(i) ?? true).map(({ name }) => name));
};
