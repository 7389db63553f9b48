import { strict as assert } from "node:assert";
import { test } from "node:test";
import { completedPayload, enabledKey, requestPayload, vault } from "../../test/support/keys.ts";
import { act, stateOf, worldStage } from "../../test/support/stage.ts";
import { keyRequest } from "./key-request.ts";

test("a request is approved and completed", async () => {
  const stage = worldStage();
  const all = await vault(stage);
  const key = await enabledKey(stage, all);
  const id = await act(stage, all.requester, "key-request.founded", "", requestPayload(stage, key));
  await act(stage, all.approvers[0], "key-request.approved", id);
  await act(stage, all.nodes[0], "key-request.completed", id, completedPayload());
  assert.equal(stateOf(stage, keyRequest, id).status, "completed");
});
