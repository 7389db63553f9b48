/** A malicious server performs every attack of the threat model; each is refused by name, or bounded as it says. */
import { test } from "node:test";
import { catalogue } from "./catalogue.ts";

for (const { id, name, perform } of catalogue) test(`${id} ${name}`, perform);
