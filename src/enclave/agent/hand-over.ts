/** Where a result goes: to the server, as a sealed file, or into the receiver's database. */
import { Refusal } from "../../base/refusal.ts";
import type { DatabaseConnection } from "../../rules/connection.ts";
import { destinationContext } from "../../trust/envelope/contexts.ts";
import { databaseOf } from "../databases/registry.ts";
import { parseConnection } from "../databases/source.ts";
import { refuse } from "../errors.ts";
import { takeFile } from "./checked.ts";
import type { Judged } from "./judge.ts";
import type { Kept } from "./results.ts";
import { type Unsealing, unseal } from "./unsealing.ts";

const MiB = 2 ** 20;
/** Milliseconds that a receiver's database may take. */
const DELIVERY_MAX = 600_000;

export interface HandOverDeps extends Unsealing {
  readonly directory: string;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly write: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** Where the receiver's database is; undefined where the result goes into a file. @throws Refusal envelope.* */
export const openDestination = async (
  deps: HandOverDeps,
  { task, delivery }: Judged,
): Promise<DatabaseConnection | undefined> => {
  const { destination: digest, sink } = delivery;
  if (!digest) return undefined;
  const { receiver } = task.definition;
  const context = (enclave: string) => destinationContext(receiver, enclave, sink);
  const file = await takeFile(deps.read(digest), digest, deps);
  try {
    return await parseConnection(unseal(deps, { digest, content: file.content, context }));
  } finally {
    await file.drop();
  }
};

/**
 * As often as it takes: what was kept does not change, and a database has it once.
 * @throws Refusal enclave.host where the server does not take it whole, enclave.destination where the database does not
 */
export const handOver = async (
  { write }: HandOverDeps,
  { digest, delivery }: Judged,
  destination: DatabaseConnection | undefined,
  kept: Kept,
  sealed: Uint8Array,
): Promise<void> => {
  if (!destination) {
    const handed = counted(piecesOf(sealed));
    await write(handed.pieces);
    if (!handed.complete()) throw refuse("enclave.host", { reason: "it did not take the whole result" });
    return;
  }
  const late = AbortSignal.timeout(DELIVERY_MAX);
  try {
    const result = { ...kept, task: digest, content: () => piecesOf(sealed) };
    await databaseOf(delivery.sink).deliver(destination, result, late);
  } catch (error) {
    throw refuse("enclave.destination", { reason: error instanceof Refusal ? error.code : String(error) });
  }
};

/** Pieces, and whether all were taken. */
const counted = (all: AsyncIterable<Uint8Array>) => {
  let done = false;
  async function* pieces() {
    yield* all;
    done = true;
  }
  return { pieces: pieces(), complete: () => done };
};

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MiB) yield bytes.subarray(at, at + MiB);
}
