/** What the enclave keeps over restarts (tee/sealed-state.ts): its keys, the newest ledger it has seen, what came of tasks. */
import { generateKey } from "#crypto";
import type { AttestationProvider } from "../../tee/attestation/provider.ts";
import type { Followed } from "../../tee/follower.ts";
import { type Codec, openSealed } from "../../tee/sealed-state.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { keyFromPem, keyToPem } from "../../trust/keys.ts";
import type { Account } from "../gate/accountant.ts";
import type { Holdings } from "./holdings.ts";
import type { Placed } from "./places.ts";

export interface SealedState {
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  readonly ledger: string;
  readonly isolation: string;
  readonly followed: Followed;
  /** Tasks (by stream) that were begun and can still run. Oldest first. */
  readonly attempts: Readonly<Record<string, Attempts>>;
  /** The newest run of each scheduled task (by stream) that goes on. */
  readonly series: Readonly<Record<string, Series>>;
  /** What sources and grants have given so far. */
  readonly account: Account;
  /** What is kept of tasks (by stream) that failed. Oldest first; absent where there never was one. */
  readonly diagnostics?: Readonly<Record<string, KeptDiagnostics>>;
  /** What other enclaves released to this one, and what this one has released. */
  readonly holdings: Holdings;
  /** The statement that founded the enclave's stream. */
  readonly founding: string;
}

export interface Attempts extends Placed {
  /** The task's head at which it may run: a task that has moved on needs no counting any more. */
  readonly head: string;
  /** When it lapses by the ledger's time, milliseconds. */
  readonly expires: number;
  readonly count: number;
  /** How the first attempt ended that came to an end: it is what the task comes to, however often it is asked for. */
  readonly outcome?: Outcome;
  /** The last word on which enclave runs it, if there was one. */
  readonly delegation?: Delegation;
  /** The server was given a receipt: nothing else is ever said. */
  readonly told?: true;
}

/** That an enclave runs a task in place of another. */
export interface Delegation {
  /** The task's head at which it was said: there it does not run here any more. */
  readonly after: string;
  /** Stream id of the enclave. */
  readonly to: string;
  /** As signed, and the sealed keys (base64) that go with it; none for this enclave itself. */
  readonly statement: string;
  readonly keys: string;
  /** Size of the ledger that the keys name. */
  readonly size: number;
}

export interface KeptDiagnostics extends Placed {
  /** Of what lies beside the state, SHA-256 (hex). */
  readonly digest: string;
  /** When the task failed, by the ledger's time, milliseconds. */
  readonly time: number;
}

/** The newest run of a scheduled task: older ones do not run any more. */
export interface Series extends Placed {
  readonly number: number;
  /** The run's stream: SHA-256 (hex) of the statement. */
  readonly stream: string;
  /** As it was signed: whoever asks again gets the same. */
  readonly statement: string;
  /** The scheduled task's head, and when it lapses by the ledger's time: what has moved on needs no remembering. */
  readonly head: string;
  readonly expires: number;
}

/** What the enclave says of a run, but for the time at which it says so. */
export interface Outcome {
  readonly kind: "task.completed" | "task.failed";
  readonly payload: object;
}

const codec: Codec<SealedState> = {
  use: "entente/enclave-state/2",
  encode: (state) => ({
    ...state,
    signingKey: keyToPem(state.signingKey),
    encryptionKey: keyToPem(state.encryptionKey),
  }),
  decode: (state) => ({
    ...state,
    signingKey: keyFromPem(state.signingKey, { accept: ["P-256"] }),
    encryptionKey: keyFromPem(state.encryptionKey, { accept: ["X25519"] }),
  }),
};

/** @throws Refusal enclave.state.unreadable, enclave.state.rolled-back */
export const openStateStore = (directory: string, provider: AttestationProvider, measurement: string) =>
  openSealed(directory, provider, measurement, codec);

export const newKeys = () => ({ signingKey: generateKey("P-256"), encryptionKey: generateKey("X25519") });
