/**
 * Cedar's engine, compiled when something is first judged: tens of megabytes that a key node does without until then,
 * and a server for as long as nobody proposes a policy.
 */
import { createRequire } from "node:module";

type Cedar = typeof import("@cedar-policy/cedar-wasm/nodejs");

// In a bundle the line is left out (scripts/bundle-plugin.ts), and `require` is the bundler's own.
const require = createRequire(import.meta.url);

let loaded: Cedar | undefined;

export const cedar = (): Cedar => {
  loaded ??= require("@cedar-policy/cedar-wasm/nodejs") as Cedar;
  return loaded;
};
