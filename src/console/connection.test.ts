import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { QueryClient } from "@tanstack/react-query";
import { refuse } from "../sdk/errors.ts";
import { noteFailure } from "./connection.ts";

const DEAD = refuse("server.unreachable", { url: "https://platform.example", reason: "" });

/** A page whose queries fail as long as `dead`, and what it asked the platform. */
const openPage = (t: TestContext) => {
  const page = { dead: true, healthy: true, asked: 0, reread: 0 };
  t.mock.method(globalThis, "fetch", async () => {
    page.asked++;
    if (!page.healthy) throw new TypeError("Failed to fetch");
    return new Response();
  });
  const queries = {
    async invalidateQueries() {
      page.reread++;
      if (page.dead) noteFailure(queries, DEAD);
    },
  } as QueryClient;
  return { page, fail: () => noteFailure(queries, DEAD) };
};
const settled = () => new Promise(setImmediate);

test("what an address does not answer is read once more, not without end, while the platform does", async (t) => {
  const { page, fail } = openPage(t);
  for (let i = 0; i < 5; i++) {
    fail();
    await settled();
  }
  assert.equal(page.reread, 1, "the reader sees what failed, and may try again");
});

test("a platform that was away is asked until it answers, and then everything is read again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { page, fail } = openPage(t);
  page.healthy = false;
  fail();
  for (let i = 0; i < 3; i++) {
    await settled();
    t.mock.timers.tick(2_000);
  }
  await settled();
  assert.deepEqual([page.asked, page.reread], [4, 0]);
  page.healthy = true;
  page.dead = false;
  t.mock.timers.tick(2_000);
  await settled();
  assert.deepEqual([page.asked, page.reread], [5, 1]);
});
