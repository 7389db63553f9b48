/**
 * What an owner asks about an envelope of its own, for its eyes only: 获取表结构, the structure of the table in it; and
 * 连接测试, whether results can be written to the destination in it.
 */
import { fromUtf8 } from "../../base/bytes.ts";
import { parseCanonical } from "../../base/canonical.ts";
import type { Clock } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import { organisation } from "../../rules/organisation.ts";
import { memberKey } from "../../rules/principals.ts";
import { type Question, STRUCTURE_REQUEST, StructureRequest, signStructure } from "../../rules/structure-request.ts";
import { CLOCK_SKEW, streamOf } from "../../rules/world.ts";
import type { Follower } from "../../tee/follower.ts";
import type { PlacedStatement } from "../../tee/protocol/messages.ts";
import { replay, requireOnly } from "../../tee/replay.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { destinationContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { open } from "../../trust/envelope/envelope.ts";
import type { Context } from "../../trust/envelope/header.ts";
import { parseJws, verifyJws } from "../../trust/jws.ts";
import { databaseOf } from "../databases/registry.ts";
import { parseConnection } from "../databases/source.ts";
import { refuse } from "../errors.ts";
import { sourceReader } from "../sources.ts";
import { takeFile } from "./checked.ts";
import { type Holdings, requireKept } from "./holdings.ts";
import type { Questions } from "./questions.ts";

export interface OwnRequestDeps {
  readonly clock: Clock;
  readonly follower: Follower;
  readonly enclave: string;
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  /** For files that do not fit into memory. */
  readonly directory: string;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly questions: Questions;
  readonly holdings: () => Holdings;
}

/** The request, and all statements of the stream of whoever signed it. */
export interface OwnRequest {
  readonly request: string;
  readonly statements: readonly PlacedStatement[];
}

/** @throws Refusal enclave.request, enclave.source-type, envelope.*, source.*, database.* */
export const describe = (deps: OwnRequestDeps, request: OwnRequest) =>
  answer(deps, request, "entente/structure/1", sourceContext, async ({ envelope, type }, content, signal) => {
    const found = await sourceReader(type).describe(content, signal);
    return { ...found, answer: signStructure({ envelope, type, ...found }, deps.signingKey) };
  });

/** @throws Refusal enclave.request, enclave.sink, envelope.*, database.* */
export const testDestination = (deps: OwnRequestDeps, request: OwnRequest) =>
  answer(deps, request, "entente/destination-test/1", destinationContext, async ({ type }, content, signal) => {
    await databaseOf(type).test(await parseConnection(content), signal);
    return {};
  });

/** Opens the envelope that the request is about, if it is its owner's and of about now. */
const answer = async <R>(
  deps: OwnRequestDeps,
  request: OwnRequest,
  use: Question,
  contextOf: (owner: string, enclave: string, type: string) => Context,
  look: (asked: StructureRequest, content: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<R>,
): Promise<R> => {
  const asked = requireOwn(deps, request, use);
  requireKept(deps.holdings(), asked.envelope);
  const { enclave, encryptionKey: key, read, directory } = deps;
  return deps.questions(asked.by, async (signal) => {
    const file = await takeFile(read(asked.envelope), asked.envelope, { directory });
    try {
      requireKept(deps.holdings(), asked.envelope);
      const content = open(file.content(), { key, context: contextOf(asked.by, enclave, asked.type) });
      return await look(asked, content, signal);
    } catch (error) {
      throw withoutPlace(error);
    } finally {
      await file.drop();
    }
  });
};

/** What was sealed: the answer passes through the server, and the owner knows it. */
const SEALED = ["host", "port", "table", "database", "username", "expected", "found"];

/** The same refusal without where the table is. */
const withoutPlace = (error: unknown): unknown => {
  if (!(error instanceof Refusal) || !/^(database|object)\./.test(error.code)) return error;
  const details = Object.fromEntries(
    Object.entries(error.details).map(([name, value]) => [name, SEALED.includes(name) ? "…" : value]),
  );
  return new Refusal(error.code, error.status, details);
};

/** @throws Refusal enclave.request, and of whatever does not hold about the owner's certificate */
const requireOwn = (
  { clock, follower, enclave }: OwnRequestDeps,
  { request, statements }: OwnRequest,
  use: Question,
): StructureRequest => {
  follower.requireCurrent();
  const replayed = replay(statements, follower);
  // The host's clock may be turned back, but not behind what the ledger has seen.
  const now = Math.max(clock.now(), follower.time);
  const jws = parseJws(request, STRUCTURE_REQUEST);
  const parsed = StructureRequest.safeParse(parseCanonical(fromUtf8(jws.payload)));
  if (!parsed.success || parsed.data.use !== use) throw refuse("enclave.request");
  const { by, at, enclave: meant } = parsed.data;
  const owner = streamOf(replayed.world, organisation, by)?.state;
  const recent = Math.abs(Date.parse(at) - now) <= CLOCK_SKEW;
  if (!owner || meant !== enclave || !recent) throw refuse("enclave.request");
  requireOnly(by, replayed);
  verifyJws(jws, memberKey(jws, owner, now));
  return parsed.data;
};
