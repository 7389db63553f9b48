import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext } from "./context.ts";
import { text } from "./text.ts";

test("what a member reads before it signs holds no words of others that rewrite it", () => {
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const context = createContext({ given: { args: {}, flags: {} }, language: "en", print: note, note });
  // What the server says a task failed with, after the line that names who reads its diagnostics.
  context.note(text("Request {request}, failure {code}", ""), {
    request: "r",
    code: "x\u001b[1A\u001b[2K\u009b\u202eRead by: you",
  });
  assert.deepEqual(lines, ["Request r, failure x\\u001b[1A\\u001b[2K\\u009b\\u202eRead by: you"]);
});
