/** After the storm: whatever was acknowledged is there, every task ended once, and everything agrees with everything. */
import { isDeepStrictEqual } from "node:util";
import { fromBase64, toBase64 } from "../../src/base/bytes.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import type { Client } from "../../src/sdk/client.ts";
import { type Leaf, leafBytes } from "../../src/trust/leaf.ts";
import { openCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { createHashTree } from "../../src/trust/log/hash-tree.ts";
import { leafHash, verifyConsistency } from "../../src/trust/log/merkle.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import { readResult, SUM, type Trio } from "../../test/support/trio.ts";
import type { Memory, TaskRecord } from "./record.ts";

const BUNDLES = 10;

export interface Checked {
  readonly entries: number;
  readonly consistencyProofs: number;
  readonly tasksEnded: number;
  readonly resultsOpened: number;
  readonly bundlesVerified: number;
}

/** Through the API of the platform that is up. What does not hold becomes a violation. */
export const check = async (trio: Trio, memory: Memory): Promise<Checked> => {
  const { client } = trio.institute;
  const leaves = await readLeaves(client);
  checkActs(leaves, memory);
  const consistencyProofs = await checkCheckpoints(trio, leaves, memory);
  const authorised = memory.tasks.filter(({ authorised }) => authorised);
  let ended = 0;
  let opened = 0;
  for (const task of authorised) {
    const digest = await checkEnd(client, task, memory);
    if (digest === undefined) continue;
    ended++;
    if (await checkResult(trio, task, digest, memory)) opened++;
  }
  const step = Math.max(1, Math.floor(authorised.length / BUNDLES));
  const sample = authorised.filter((_, i) => i % step === 0).slice(0, BUNDLES);
  let verified = 0;
  for (const { id } of sample) {
    try {
      verifyBundle(await (await client.tasks.bundle({ id })).bytes());
      verified++;
    } catch (error) {
      memory.violation(`the bundle of ${id} does not hold: ${String(error)}`);
    }
  }
  return {
    entries: leaves.length,
    consistencyProofs,
    tasksEnded: ended,
    resultsOpened: opened,
    bundlesVerified: verified,
  };
};

const readLeaves = async (client: Client): Promise<Leaf[]> => {
  const leaves: Leaf[] = [];
  for (let start: number | null = 0; start !== null; ) {
    const page: Awaited<ReturnType<typeof client.ledger.entries>> = await client.ledger.entries({
      start,
      limit: 1_000,
    });
    leaves.push(...page.items);
    start = page.next;
  }
  return leaves;
};

/** Each acknowledged act is in the place that its receipt named. */
const checkActs = (leaves: readonly Leaf[], { acts, violation }: Memory) => {
  for (const { index, stream, head } of acts) {
    const leaf = leaves[index];
    if (leaf?.statement !== head || leaf.stream !== stream)
      violation(`the act ${head} was acknowledged at ${index}, where the ledger has ${leaf?.statement ?? "nothing"}`);
  }
};

/** Every checkpoint ever shown is of a beginning of this very ledger, and the ledger proves it. */
const checkCheckpoints = async ({ institute, ledger }: Trio, leaves: readonly Leaf[], memory: Memory) => {
  const { client } = institute;
  const tree = createHashTree();
  for (const leaf of leaves) tree.append(leafHash(leafBytes(leaf)));
  const now = openCheckpoint(await (await client.ledger.checkpoint()).text(), ledger);
  if (now.size !== leaves.length || toBase64(now.root) !== toBase64(tree.root()))
    memory.violation("the newest checkpoint is not of the entries that the ledger shows");
  const seen = [...memory.checkpoints].sort(([a], [b]) => a - b);
  for (const [size, root] of seen) {
    if (toBase64(tree.root(size)) !== root) memory.violation(`the checkpoint of ${size} entries is of another ledger`);
    const { hashes } = await client.ledger.consistency({ from: size, to: now.size });
    try {
      verifyConsistency({
        first: size,
        second: now.size,
        firstRoot: fromBase64(root),
        secondRoot: now.root,
        proof: hashes.map(fromBase64),
      });
    } catch (error) {
      memory.violation(`from ${size} to ${now.size} entries: ${String(error)}`);
    }
  }
  return seen.length;
};

/** One statement ends the task, and it says that the model ran. @returns the result's digest */
const checkEnd = async (client: Client, { id }: TaskRecord, { violation }: Memory): Promise<string | undefined> => {
  const { items } = await client.streams.get({ id, limit: 1_000 });
  const ends = items.filter(({ kind }) => kind === "task.completed" || kind === "task.failed");
  const [end] = ends;
  if (!end || ends.length > 1) {
    violation(`${id} was authorised by all and has ended ${ends.length} times`);
    return undefined;
  }
  const { payload } = parseStatement(end.statement).statement;
  const { result, code } = payload as { result?: { digest: string }; code?: string };
  if (!result) violation(`${id} failed with ${code}, though its model cannot`);
  return result?.digest;
};

/** The result is the one on the ledger and the one first shown, the receiver can open it, and it is this task's. */
const checkResult = async (trio: Trio, task: TaskRecord, digest: string, { violation }: Memory): Promise<boolean> => {
  const { id, round } = task;
  const shown = (await trio.institute.client.tasks.get({ id })).result?.digest;
  if (shown !== digest || (task.result ?? digest) !== digest) violation(`${id} has more than one result`);
  try {
    const { round: found, sum } = await readResult(trio, id);
    if (isDeepStrictEqual([found, sum], [round, SUM])) return true;
    violation(`the result of ${id} is not its own: round ${found}, sum ${sum}`);
  } catch (error) {
    violation(`the result of ${id} cannot be opened: ${String(error)}`);
  }
  return false;
};
