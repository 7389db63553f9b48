/** The rules, as ledger, enclave and verifier run them: two hospitals, an institute and a stranger with a task. */
import assert from "node:assert/strict";
import { consortium, type Step, taskUpTo } from "../../support/consortium.ts";
import { worldStage } from "../../support/stage.ts";
import type { Stand } from "../harness.ts";

export const openRules = async () => {
  const stage = worldStage();
  const parties = await consortium(stage);
  const stand = {
    stage,
    ...parties,
    taskUpTo: (step: Step, twist: Record<string, unknown> = {}) => taskUpTo(stage, parties, step, twist),
    watch() {
      const before = stage.world;
      return () => assert.equal(stage.world, before, "the world is as it was");
    },
  };
  return stand satisfies Stand;
};
export type RulesStand = Awaited<ReturnType<typeof openRules>>;
