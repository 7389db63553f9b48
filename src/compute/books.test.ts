import assert from "node:assert/strict";
import { test } from "node:test";
import { ARCHIVE, consortium, taskUpTo } from "../../test/support/consortium.ts";
import { act, worldStage } from "../../test/support/stage.ts";
import { DAY, iso } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { createContentNamed } from "../spine/blobs.ts";
import { bookViews } from "../spine/book-view.ts";
import { digestOf } from "../trust/digest.ts";
import { computeBooks } from "./books.ts";

test("an archive that somebody agreed to in advance is kept when the model has a newer one, until that is withdrawn", async () => {
  const stage = worldStage();
  // What is named is in the world alone: no ledger is asked.
  const contentNamed = createContentNamed(bookViews(computeBooks({ ledger: {} as Ledger, clock: stage.clock })));
  const { institute, hospitals, enclave, parts } = await consortium(stage);
  const [hospital] = hospitals;
  const [source = ""] = parts.sources;
  await act(stage, hospital, "source.granted", source, {
    ...{ member: institute.id, receiver: institute.id, model: parts.model, archive: ARCHIVE, main: "main" },
    ...{ table: "a", rows: 1, runs: 1, expires: iso(stage.clock.now() + DAY) },
  });
  const grant = stage.world.streams.get(source)?.head ?? "";
  const archive = { digest: digestOf("new"), size: 9 };
  const version = { version: "1.1.0", runner: "javascript", main: "main", archive, enclave: enclave.id };
  await act(stage, institute, "model.revised", parts.model, version);
  assert.ok(contentNamed(stage.world).has(ARCHIVE));
  await act(stage, hospital, "source.grant-withdrawn", source, { grant });
  assert.ok(!contentNamed(stage.world).has(ARCHIVE));
});

test("whoever is asked to decide hears of it, before answering and after", async () => {
  const stage = worldStage();
  const books = bookViews(computeBooks({ ledger: {} as Ledger, clock: stage.clock }));
  const all = await consortium(stage);
  /** Of a stream: who has something to decide, and who hears when it moves. */
  const heard = (id: string) => {
    const { book, state } = stage.world.streams.get(id) ?? assert.fail();
    const view = books.get(book) ?? assert.fail();
    const asked = view.inbox?.(id, state).filter((event) => event.state === "pending") ?? [];
    return { asked: asked.map(({ member }) => member), hear: new Set(view.listeners?.(state)) };
  };
  await act(stage, all.institute, "alliance.invited", all.parts.alliance, { member: all.stranger.id });
  const invited = heard(all.parts.alliance);
  assert.deepEqual(invited.asked, [all.stranger.id]);
  assert.ok(invited.hear.isSupersetOf(new Set([all.stranger.id, all.institute.id])));
  await act(stage, all.stranger, "alliance.declined", all.parts.alliance);
  assert.ok(!heard(all.parts.alliance).hear.has(all.stranger.id), "what goes on inside is nothing to them");
  const task = await taskUpTo(stage, all, "receiver");
  const { asked, hear } = heard(task);
  assert.ok(asked.length > 0 && hear.isSupersetOf(new Set(asked)));
});
