/** The enclave's agent: its identity, the ledger it follows, and what it does for a server. */
import { sha256Hex } from "#crypto";
import { toBase64 } from "../../base/bytes.ts";
import { type Clock, iso } from "../../base/clock.ts";
import { createTurns, inTurn } from "../../base/turns.ts";
import { signFollowed } from "../../rules/followed.ts";
import type { AttestationProvider } from "../../tee/attestation/provider.ts";
import { refuse as refuseState } from "../../tee/errors.ts";
import { createFollower } from "../../tee/follower.ts";
import type { Handler } from "../../tee/protocol/channel.ts";
import { decodeStatements } from "../../tee/protocol/statements.ts";
import { type Components, measurementOf } from "../../trust/attestation/measurement.ts";
import { reportData } from "../../trust/attestation/report-data.ts";
import { parseStatement, signStatementWith } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import { type EnclaveMethods, enclaveMethods } from "../protocol/messages.ts";
import type { Isolation, Runner } from "../runners/runner.ts";
import { adopt } from "./adopt.ts";
import { createAttempts, keptIn } from "./attempts.ts";
import { delegate } from "./delegation.ts";
import { diagnose } from "./diagnose.ts";
import { keptUnder } from "./diagnostics.ts";
import { dryRun } from "./dry-run.ts";
import { heldOf, keyIn } from "./holdings.ts";
import { describe, testDestination } from "./own-request.ts";
import { createQuestions } from "./questions.ts";
import { recur } from "./recur.ts";
import { release } from "./release.ts";
import { openResults } from "./results.ts";
import { runTask } from "./run-task.ts";
import { newKeys, openStateStore, type SealedState } from "./sealed-state.ts";

export interface AgentOptions {
  /** What the enclave is measured as. */
  readonly components: Components;
  readonly directory: string;
  readonly provider: AttestationProvider;
  /** Verifier key (C2SP vkey) of the ledger to follow. */
  readonly ledger: string;
  readonly isolation: Isolation;
  /** By the name that manifests have for them. */
  readonly runners: Readonly<Record<string, Runner>>;
  /** What the machine's operator lets a run use at most: seconds, and bytes of memory and of the result's columns. */
  readonly limits: { readonly seconds: number; readonly memory: number; readonly output: number };
  readonly clock: Clock;
  /** Called when state could not be saved: then nothing goes on before the program is started again. */
  readonly onLost?: () => void;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly write: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** @throws Refusal enclave.state.*, enclave.ledger.other */
export const createAgent = async (options: AgentOptions): Promise<Record<keyof EnclaveMethods, Handler>> => {
  const { provider } = options;
  const measurement = measurementOf(options.components);
  const store = await openStateStore(options.directory, provider, measurement);
  let state = store.loaded ?? (await found(options, measurement));
  if (!store.loaded) await store.save(state);
  if (state.ledger !== options.ledger)
    throw refuseState("enclave.ledger.other", { bound: state.ledger, found: options.ledger });
  // Members sealed to an enclave with this isolation; it is not weakened under them.
  if (state.isolation !== options.isolation)
    throw refuse("enclave.isolation", { bound: state.isolation, found: options.isolation });
  const enclave = parseStatement(state.founding).digest;
  const follower = createFollower(state.ledger, state.followed);

  /** Changes what is sealed; a change counts once it is durable. False where there is nothing to change. */
  const change = inTurn(async (next: (now: SealedState) => Partial<SealedState> | undefined) => {
    const changed = next(state);
    if (!changed) return false;
    const fresh = { ...state, ...changed };
    await store.save(fresh).catch((error: unknown) => {
      options.onLost?.();
      throw error;
    });
    state = fresh;
    return true;
  });

  const kept = new Set([...keptIn(state.attempts), ...keptUnder(state.diagnostics)]);
  const results = await openResults(options.directory, state.encryptionKey, kept);
  const attempts = createAttempts({
    attempts: () => state.attempts,
    change,
    results,
    headOf: follower.headOf,
    time: () => follower.time,
  });
  /** Runs under way, by the task's stream. */
  const underWay = new Map<string, Set<() => void>>();
  const watch = (task: string, stop: () => void) => {
    const runs = underWay.get(task) ?? new Set();
    underWay.set(task, runs.add(stop));
    return () => {
      runs.delete(stop);
      if (runs.size === 0) underWay.delete(task);
    };
  };

  const turns = new Map<string, { readonly take: ReturnType<typeof createTurns>; waiting: number }>();
  const turnOf = (task: string) => async (work: () => Promise<string>) => {
    const turn = turns.get(task) ?? { take: createTurns(), waiting: 0 };
    turns.set(task, turn);
    turn.waiting++;
    try {
      return await turn.take(work);
    } finally {
      if (--turn.waiting === 0) turns.delete(task);
    }
  };

  const shared = {
    ...options,
    ...hostFiles(options),
    follower,
    enclave,
    measurement,
    attempts,
    newestRun: (series: string) => state.series[series]?.stream,
    results,
    diagnosticsKept: (task: string) => state.diagnostics?.[task],
    questions: createQuestions(),
    watch,
    signingKey: state.signingKey,
    encryptionKey: state.encryptionKey,
    handed: (digest: string) => keyIn(state.holdings, digest),
    holdings: () => state.holdings,
    change,
  };

  return handlersOf({
    identify: async () => ({ stream: enclave, statement: state.founding }),
    async attest({ nonce }) {
      const { ledger, isolation } = state;
      const claims = { ...publicKeys(state), measurement, ledger, isolation, nonce };
      return {
        provider: provider.id,
        evidence: await provider.evidence(reportData(claims), measurement),
        followed: signFollowed({ ...state.followed, root: state.followed.root || EMPTY_ROOT, nonce }, state.signingKey),
      };
    },
    challenge: async ({ challenge }) => ({ answer: (await provider.answer?.(challenge)) ?? "" }),
    follow: inTurn(async (shown) => {
      const { followed, commit } = follower.follow(shown);
      // Durable before it counts: what was seen once is never unseen, however this process ends.
      if (followed.size > state.followed.size) await change(() => ({ followed }));
      commit();
      return { size: followed.size };
    }),
    describe: (request) => describe(shared, request),
    test: (request) => testDestination(shared, request),
    // One run of a task at a time: the next finds what the one before came to.
    run: async (request) => ({
      statement: await turnOf(request.task)(() => runTask(shared, request)),
    }),
    recur: async (request) => ({ statement: await recur({ ...shared, change }, request) }),
    delegate: (request) => delegate(shared, request),
    dryRun: (request) => dryRun(shared, request),
    diagnose: (request) => diagnose(shared, request),
    release: (request) => release(shared, request),
    adopt: (request) => adopt(shared, request),
    holdings: async () => ({ holdings: heldOf(state.holdings) }),
    async stop({ task }) {
      const runs = [...(underWay.get(task) ?? [])];
      for (const stop of runs) stop();
      return { runs: runs.length };
    },
  });
};

/** Of a ledger without leaves (RFC 6962): SHA-256 of nothing. */
const EMPTY_ROOT = sha256Hex("");

const publicKeys = ({ signingKey, encryptionKey }: Pick<SealedState, "signingKey" | "encryptionKey">) => ({
  signingKey: toBase64(signingKey.publicKey.spki),
  encryptionKey: toBase64(encryptionKey.publicKey.spki),
});

/** New keys and the statement that founds the enclave's stream with them. */
const found = async (options: AgentOptions, measurement: string): Promise<SealedState> => {
  const { provider, ledger, isolation, components, clock } = options;
  const keys = newKeys();
  const claims = { ...publicKeys(keys), measurement, ledger, isolation };
  const evidence = await provider.evidence(reportData({ ...claims, nonce: "" }), measurement);
  const founding = signStatementWith(
    {
      kind: "enclave.attested",
      stream: "",
      seen: "",
      by: "",
      at: iso(clock.now()),
      payload: { ...claims, components, attestation: { provider: provider.id, evidence } },
    },
    keys.signingKey,
  );
  return {
    ...keys,
    ledger,
    isolation,
    followed: { size: 0, root: "" },
    attempts: {},
    series: {},
    account: {},
    holdings: {},
    founding,
  };
};

/** What the server fails to give or take is the server's failure, never the task's. */
const hostFiles = ({ read, write }: Pick<AgentOptions, "read" | "write">): Pick<AgentOptions, "read" | "write"> => {
  const blame = (error: unknown): never => {
    throw refuse("enclave.host", { reason: error instanceof Error ? error.message : String(error) });
  };
  return {
    async *read(digest) {
      try {
        yield* read(digest);
      } catch (error) {
        blame(error);
      }
    },
    write: (content) => write(content).catch(blame),
  };
};

/** Parameters and results as the protocol has them. */
const handlersOf = (
  agent: { [M in keyof EnclaveMethods]: (params: EnclaveMethods[M]["params"]) => Promise<EnclaveMethods[M]["result"]> },
): Record<keyof EnclaveMethods, Handler> => {
  const handler =
    <M extends keyof EnclaveMethods>(method: M): Handler =>
    async (params, body) => {
      const declared = enclaveMethods[method];
      const parsed = declared.params.parse(params);
      const carried = "carries" in declared ? { statements: await decodeStatements(body) } : {};
      return { result: await agent[method]({ ...parsed, ...carried } as EnclaveMethods[M]["params"]) };
    };
  return {
    identify: handler("identify"),
    attest: handler("attest"),
    challenge: handler("challenge"),
    follow: handler("follow"),
    describe: handler("describe"),
    test: handler("test"),
    run: handler("run"),
    delegate: handler("delegate"),
    recur: handler("recur"),
    dryRun: handler("dryRun"),
    diagnose: handler("diagnose"),
    release: handler("release"),
    adopt: handler("adopt"),
    holdings: handler("holdings"),
    stop: handler("stop"),
  };
};
