/** 计算任务管理 */
import { exportBundle, replayable } from "../evidence/export.ts";
import type { Blobs } from "../platform/blobs.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { task } from "../rules/task.ts";
import type { Asker } from "../spine/access.ts";
import { type ListInput, listPage, type PillarDeps, showAll, showOne } from "../spine/show.ts";
import type { Fleet } from "./fleet.ts";
import { detailsOf } from "./runs.ts";
import { runsOf } from "./schedules.ts";
import { createTaskCode } from "./task-code.ts";
import { showTask, showTaskSummary } from "./task-view.ts";

export const createTasks = (deps: PillarDeps & { blobs: Blobs; fleet: Pick<Fleet, "of"> }) => {
  const { ledger, clock, access, views, blobs, fleet } = deps;
  const now = () => clock.now();
  const shown = showTask(ledger, now);
  const lines = showTaskSummary(ledger, now);

  return {
    list: (asker: Asker, input: ListInput) => listPage(deps, "task", lines, asker, input),
    /** In the ledger's own words: a run has its number in its name. */
    async runs(asker: Asker, { id, page, pageSize }: { id: string; page: number; pageSize: number }) {
      const { state } = await access.read(asker, task, id);
      const all = runsOf(ledger.world, state);
      const some = access.state(task, all.slice((page - 1) * pageSize, page * pageSize));
      return { items: await showAll(deps, lines, some, asker), total: all.length, page, pageSize };
    },
    get: async (asker: Asker, { id }: { id: string }) =>
      showOne(deps, shown, await access.read(asker, task, id), asker),
    code: createTaskCode(deps),
    /** The result as it was sealed: only the receiver's key opens it. */
    async result(asker: Asker, { id }: { id: string }) {
      const { state } = await access.read(asker, task, id);
      if (!state.result || state.definition.receiver !== asker.member)
        throw refusePlatform("blob.unknown", { digest: "" });
      return { ...(await blobs.get(state.result.digest)), fileName: `${state.id}.sealed` };
    },
    /** In the enclave, on rows that are made up: any party may ask. */
    async dryRun(asker: Asker, { id }: { id: string }) {
      const found = await access.read(asker, task, id);
      const details = await detailsOf(ledger, views, found.state);
      return fleet
        .of(found.state.definition.enclave)
        .dryRun(found.id, details, (until) => replayable(ledger, found.id, until));
    },
    /** Sealed to the key of whoever asked for them: nobody else needs them. */
    async diagnostics(asker: Asker, { id }: { id: string }) {
      const found = await access.read(asker, task, id);
      if (found.state.diagnostics.at(-1)?.by !== asker.member) throw refuseRule("task.party", { id });
      return fleet.of(found.state.runner).diagnose(found.id, (until) => replayable(ledger, found.id, until));
    },
    /** With every text that its statements commit to: a party may read them all. */
    async bundle(asker: Asker, { id }: { id: string }) {
      const found = await access.read(asker, task, id);
      const bytes = await exportBundle(ledger, found.id, (digests) => views.details(digests));
      return { content: bytes, size: bytes.length, fileName: `${found.state.id}.evidence.json` };
    },
  };
};
