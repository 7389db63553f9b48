/** The enclave's agent: its identity, the ledger it follows, and the four things it does for a server. */
import { sha384 } from "#crypto";
import { toBase64, toHex } from "../../base/bytes.ts";
import { type Clock, iso } from "../../base/clock.ts";
import { reportData } from "../../trust/attestation/report-data.ts";
import { parseStatement, signStatementWith } from "../../trust/statement.ts";
import type { AttestationProvider } from "../attestation/provider.ts";
import { refuse } from "../errors.ts";
import type { Handler } from "../protocol/channel.ts";
import { type EnclaveMethods, enclaveMethods } from "../protocol/messages.ts";
import { decodeStatements } from "../protocol/statements.ts";
import type { Runner } from "../runners/runner.ts";
import { createAttempts, keptIn } from "./attempts.ts";
import { describe } from "./describe.ts";
import { createFollower } from "./follower.ts";
import { openResults } from "./results.ts";
import { runTask } from "./run-task.ts";
import { createStateStore, newKeys, type SealedState } from "./sealed-state.ts";

export interface AgentOptions {
  /** The program's own bytes: their SHA-384 is the measurement. */
  readonly program: Uint8Array;
  readonly directory: string;
  readonly provider: AttestationProvider;
  /** Verifier key (C2SP vkey) of the ledger to follow. */
  readonly ledger: string;
  readonly runner: Runner;
  /** What the machine's operator lets a run use at most: seconds, and bytes of memory and of the result's columns. */
  readonly limits: { readonly seconds: number; readonly memory: number; readonly output: number };
  readonly clock: Clock;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  readonly write: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** @throws Refusal enclave.state.*, enclave.ledger.other */
export const createAgent = async (options: AgentOptions): Promise<Record<keyof EnclaveMethods, Handler>> => {
  const { provider } = options;
  const measurement = toHex(sha384(options.program));
  const store = createStateStore(options.directory, provider, measurement);
  let state = (await store.load()) ?? (await found(options, measurement));
  if (state.version === 0) {
    state = { ...state, version: 1 };
    await store.save(state);
  }
  if (state.ledger !== options.ledger)
    throw refuse("enclave.ledger.other", { bound: state.ledger, found: options.ledger });
  // Members sealed to an enclave with this isolation; it is not weakened under them.
  if (state.isolation !== options.runner.isolation)
    throw refuse("enclave.isolation", { bound: state.isolation, found: options.runner.isolation });
  const enclave = parseStatement(state.founding).digest;
  const follower = createFollower(state.ledger, state.followed);

  /** Changes what is sealed; a change counts once it is durable. False where there is nothing to change. */
  const change = inTurn(async (next: (now: SealedState) => Partial<SealedState> | undefined) => {
    const changed = next(state);
    if (!changed) return false;
    const fresh = { ...state, ...changed, version: state.version + 1 };
    await store.save(fresh);
    state = fresh;
    return true;
  });

  const results = await openResults(options.directory, new Set(keptIn(state.attempts)));
  const attempts = createAttempts({ attempts: () => state.attempts, change, results, headOf: follower.headOf });
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

  const shared = {
    ...options,
    ...hostFiles(options),
    follower,
    enclave,
    measurement,
    attempts,
    results,
    watch,
    signingKey: state.signingKey,
  };

  return handlersOf({
    identify: async () => ({ stream: enclave, statement: state.founding }),
    async attest({ nonce }) {
      const { ledger, isolation } = state;
      const claims = { ...publicKeys(state), measurement, ledger, isolation, nonce };
      return { provider: provider.id, evidence: await provider.evidence(reportData(claims), measurement) };
    },
    follow: inTurn(async (shown) => {
      const { followed, commit } = follower.follow(shown);
      // Durable before it counts: what was seen once is never unseen, however this process ends.
      if (followed.size > state.followed.size) await change(() => ({ followed }));
      commit();
      return { size: followed.size };
    }),
    describe: (request) => describe({ ...shared, encryptionKey: state.encryptionKey }, request),
    run: async (request) => ({
      statement: await runTask({ ...shared, encryptionKey: state.encryptionKey }, request),
    }),
    async stop({ task }) {
      const runs = [...(underWay.get(task) ?? [])];
      for (const stop of runs) stop();
      return { runs: runs.length };
    },
  });
};

/** One call after another: each is judged by what the one before left. */
const inTurn = <A, R>(work: (argument: A) => Promise<R>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (argument: A): Promise<R> => {
    const turn = last.then(() => work(argument));
    last = turn.catch(() => undefined);
    return turn;
  };
};

const publicKeys = ({ signingKey, encryptionKey }: Pick<SealedState, "signingKey" | "encryptionKey">) => ({
  signingKey: toBase64(signingKey.publicKey.spki),
  encryptionKey: toBase64(encryptionKey.publicKey.spki),
});

/** New keys and the statement that founds the enclave's stream with them. */
const found = async ({ provider, ledger, runner, clock }: AgentOptions, measurement: string): Promise<SealedState> => {
  const keys = newKeys();
  const claims = { ...publicKeys(keys), measurement, ledger, isolation: runner.isolation };
  const evidence = await provider.evidence(reportData({ ...claims, nonce: "" }), measurement);
  const founding = signStatementWith(
    {
      kind: "enclave.attested",
      stream: "",
      seen: "",
      by: "",
      at: iso(clock.now()),
      payload: { ...claims, attestation: { provider: provider.id, evidence } },
    },
    keys.signingKey,
  );
  return {
    version: 0,
    ...keys,
    ledger,
    isolation: runner.isolation,
    followed: { size: 0, root: "" },
    attempts: {},
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
    follow: handler("follow"),
    describe: handler("describe"),
    run: handler("run"),
    stop: handler("stop"),
  };
};
