/** Many keys at once, 2 of 2: how fast they are made, that every one of them signs, and what a node takes to hold them. */
import { treeOf } from "../../test/support/processes.ts";
import type { TreasuryKey } from "../../test/support/treasury.ts";
import { report } from "../support.ts";
import { inParallel, isKeyNode, makeKey, memory, type Signed, signOnce, verifySigned, withStage } from "./stage.ts";

const bench = "keys";
const ABREAST = 24;

/** @param count keys */
export const measureHeld = (count: number): Promise<void> =>
  withStage({ nodes: 2 }, async (stage) => {
    const keys: TreasuryKey[] = [];
    const making = await inParallel(count, ABREAST, async () => keys.push(await makeKey(stage, "ECDSA_K1", 2, 2)));
    const held = `ECDSA_K1 2 of 2, ${count} keys`;
    report({ bench, metric: `${held}: made`, value: count / making, unit: "keys/s" });
    const signed: Signed[] = [];
    const sign = async (i: number) => signed.push(await signOnce(stage, keys[i] as TreasuryKey));
    const signing = await inParallel(count, ABREAST, sign);
    for (const one of signed) verifySigned(one);
    const note = "one signature of every key, each without a presignature, all verified";
    report({ bench, metric: `${held}: signatures in parallel`, value: count / signing, unit: "/s", note });
    const nodes = treeOf(stage.platform.pid).filter(isKeyNode);
    const each = await Promise.all(nodes.map((node) => memory([node])));
    const most = each.reduce((a, b) => (a.rss > b.rss ? a : b));
    const bound = { target: 400, atMost: true, note: `RSS, the larger one; PSS ${Math.round(most.pss)} MB` } as const;
    report({ bench, metric: `${held}: memory of a node`, value: most.rss, unit: "MB", ...bound });
  });
