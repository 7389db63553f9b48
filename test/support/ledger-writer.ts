/**
 * Writes to an evidence ledger until it is killed: `node ledger-writer.ts <directory> <run>`. Prints "ready", then the
 * position and digest of each statement, a line each, only after the ledger has acknowledged it.
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../src/base/clock.ts";
import { permissions } from "../conformance/ledger.ts";
import { model } from "./consortium.ts";
import { openEvidence } from "./evidence.ts";
import { createEnclave, createOrganisation } from "./principals.ts";
import { found, ledgerStage } from "./stage.ts";

const WRITERS = 8;
const AT_A_TIME = 50;

const [directory = "", run = "0"] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

const ledger = await openEvidence(directory);
const stage = ledgerStage(ledger, systemClock);
const at = systemClock.now();
const appId = String(5_000_000_000 + Number(run));
const [member, enclave] = [createOrganisation(`Run ${run}`, { at, appId }), createEnclave({ at })];
await found(stage, member, enclave);
const streams = await Promise.all(
  Array.from({ length: WRITERS }, (_, i) => model(stage, member, enclave, { id: `M20260105080000${run}${i}` })),
);
say("ready");
await Promise.all(
  streams.map(async (stream) => {
    for (let seen = stream; ; )
      for (const jws of permissions(member, stream, seen, AT_A_TIME)) {
        const { index, statement } = await ledger.submit(jws);
        say(`${index} ${statement}`);
        seen = statement;
      }
  }),
);
