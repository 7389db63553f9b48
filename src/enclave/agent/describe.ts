/** 获取表结构: the structure of the table in an envelope, for its owner only. */
import { fromUtf8 } from "../../base/bytes.ts";
import { parseCanonical } from "../../base/canonical.ts";
import type { Clock } from "../../base/clock.ts";
import { organisation } from "../../rules/organisation.ts";
import { memberKey } from "../../rules/principals.ts";
import { STRUCTURE_REQUEST, StructureRequest, signStructure } from "../../rules/structure-request.ts";
import { CLOCK_SKEW, streamOf } from "../../rules/world.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { sourceContext } from "../../trust/envelope/contexts.ts";
import { open } from "../../trust/envelope/envelope.ts";
import { parseJws, verifyJws } from "../../trust/jws.ts";
import { refuse } from "../errors.ts";
import { sourceReader } from "../files/reader.ts";
import type { PlacedStatement } from "../protocol/messages.ts";
import { takeFile } from "./checked.ts";
import type { Follower } from "./follower.ts";
import { replay, requireOnly } from "./replay.ts";

export interface DescribeDeps {
  readonly clock: Clock;
  readonly follower: Follower;
  readonly enclave: string;
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  /** For files that do not fit into memory. */
  readonly directory: string;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
}

/**
 * @param statements the owner's stream
 * @throws Refusal enclave.request, enclave.source-type, envelope.*, source.*
 */
export const describe = async (
  { clock, follower, enclave, signingKey, encryptionKey: key, read, directory }: DescribeDeps,
  { request, statements }: { request: string; statements: readonly PlacedStatement[] },
) => {
  follower.requireCurrent();
  const replayed = replay(statements, follower);
  // The host's clock may be turned back, but not behind what the ledger has seen.
  const now = Math.max(clock.now(), follower.time);
  const jws = parseJws(request, STRUCTURE_REQUEST);
  const parsed = StructureRequest.safeParse(parseCanonical(fromUtf8(jws.payload)));
  if (!parsed.success) throw refuse("enclave.request");
  const { by, envelope, type, at, enclave: meant } = parsed.data;
  const owner = streamOf(replayed.world, organisation, by)?.state;
  const recent = Math.abs(Date.parse(at) - now) <= CLOCK_SKEW;
  if (!owner || meant !== enclave || !recent) throw refuse("enclave.request");
  requireOnly(by, replayed);
  verifyJws(jws, memberKey(jws, owner, now));
  const file = await takeFile(read(envelope), envelope, { directory });
  try {
    const content = open(file.content(), { key, context: sourceContext(by, enclave, type) });
    const found = await sourceReader(type).describe(content);
    return { ...found, answer: signStructure({ envelope, type, ...found }, signingKey) };
  } finally {
    await file.drop();
  }
};
