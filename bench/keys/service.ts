/**
 * Signing through the server, with key nodes as processes of their own: from the request to the signature that the client
 * has verified. The client, the server and all nodes share this machine.
 * What is sustained is verified when the clock has stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { median, percentile, report } from "../support.ts";
import { createRest } from "./rest.ts";
import {
  inParallel,
  makeKey,
  processorSeconds,
  type Signed,
  type Stage,
  signOnce,
  verifySigned,
  withStage,
} from "./stage.ts";

const bench = "keys";
/** Requests, one after another, with time between them for presignatures to be made. */
const ALONE = 60;
/** As many as it takes until the nodes' code is compiled. */
const WARM_UP = 100;
const APART = 60;
/** Requests of one digest, so many abreast, after others: what lasts is what is measured; and of many. */
const BEFORE = 500;
const SUSTAINED = 400;
const ABREAST = 24;
const BATCHES = 20;
const BATCH = 50;

const TARGETS = {
  ECDSA_K1: { native: 60, portable: 25 },
  EDDSA_ED25519: { native: 100, portable: 30 },
} as const;

/** Over the REST face. */
const latency = async ({ platform }: Stage, scheme: KeyScheme, note: string, target?: number) => {
  const rest = createRest(platform.keys?.url ?? "");
  const key = await rest.makeKey(scheme, 2, ["node-1", "node-2", "node-3"]);
  const times: number[] = [];
  for (let i = -WARM_UP; i < ALONE; i++) {
    const began = performance.now();
    await rest.signOnce(key);
    if (i >= 0) times.push(performance.now() - began);
    await sleep(APART);
  }
  const metric = `REST, ${scheme} 2 of 3 with presignature, request to verified signature`;
  const bound = target === undefined ? {} : ({ target, atMost: true } as const);
  report({ bench, metric: `${metric}, p50`, value: median(times), unit: "ms", note, ...bound });
  report({ bench, metric: `${metric}, p95`, value: percentile(times, 0.95), unit: "ms", note });
};

const sustained = async (stage: Stage, scheme: KeyScheme, note: string, target?: number) => {
  const key = await makeKey(stage, scheme, 2, 3);
  await inParallel(BEFORE, ABREAST, () => signOnce(stage, key));
  const before = processorSeconds(stage);
  const signed: Signed[] = [];
  const seconds = await inParallel(SUSTAINED, ABREAST, async () => signed.push(await signOnce(stage, key)));
  const after = processorSeconds(stage);
  for (const one of signed) verifySigned(one);
  const each = (total: number) => ((1_000 * total) / SUSTAINED).toFixed(1);
  const cost = `processor ${each(after.server - before.server)} ms server, ${each(after.nodes - before.nodes)} ms nodes each`;
  report({
    ...{ bench, metric: `${scheme} 2 of 3, sustained`, value: SUSTAINED / seconds, unit: "/s" },
    ...(target !== undefined && { target }),
    note: `requests of one digest, ${ABREAST} abreast, after ${BEFORE} others; ${cost}; ${note}`,
  });
  const batches: Signed[] = [];
  const many = await inParallel(BATCHES, 2, async () => batches.push(await signOnce(stage, key, BATCH)));
  for (const one of batches) verifySigned(one);
  report({
    ...{ bench, metric: `${scheme} 2 of 3, sustained in batches`, value: (BATCHES * BATCH) / many, unit: "/s" },
    note: `requests of ${BATCH} digests; ${note}`,
  });
};

export const measureService = async (): Promise<void> => {
  for (const portable of [false, true])
    await withStage({ nodes: 3, portable }, async (stage) => {
      const note = portable ? "curve arithmetic in JavaScript" : "native curve arithmetic";
      for (const scheme of ["ECDSA_K1", "EDDSA_ED25519"] as const) {
        await latency(stage, scheme, note, scheme === "ECDSA_K1" ? 15 : undefined);
        await sustained(stage, scheme, note, TARGETS[scheme][portable ? "portable" : "native"]);
      }
    });
};
