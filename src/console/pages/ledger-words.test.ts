/** The ledger's page speaks of every kind of statement in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulebooks } from "../../rules/world.ts";
import { books, kindText } from "./ledger-words.ts";

test("every kind of statement and of stream has words", () => {
  for (const { name, kinds } of rulebooks) {
    assert.ok(books[name], name);
    for (const kind of kinds) assert.notEqual(kindText(kind.name).en, kind.name, kind.name);
  }
});
