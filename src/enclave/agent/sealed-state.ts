/**
 * What the enclave keeps over restarts: its keys, the newest ledger it has seen, what came of tasks; encrypted under a
 * key that its attestation provider gives to this very program. Each state goes into the provider's append-only
 * register by its digest: an older one is refused, and so is one that a copy of the enclave made beside this one.
 */
import { randomUUID } from "node:crypto";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { aes256gcm, generateKey, randomBytes, sha256Hex } from "#crypto";
import { concat, fromUtf8, utf8 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { keyFromPem, keyToPem } from "../../trust/keys.ts";
import { type AttestationProvider, EMPTY_REGISTER, extended } from "../attestation/provider.ts";
import { refuse } from "../errors.ts";
import type { Account } from "../gate/accountant.ts";
import { readIfThere, writeNew } from "./files.ts";
import type { Followed } from "./follower.ts";
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

const AAD = utf8("entente/enclave-state/2");
/** So that its length does not tell what is in it. */
const BLOCK = 64 << 10;

interface Sealed {
  /** Value of the register on which this state was made. */
  readonly register: string;
  readonly state: SealedState;
}

export interface StateStore {
  /** Undefined on the very first start. */
  readonly loaded: SealedState | undefined;
  /**
   * Durable when it resolves; one at a time. Once one has failed, what is on the disk is not known to be this state, and
   * nothing more is saved: the program has to be started again.
   * @throws Refusal enclave.state.copied where another copy of this enclave has saved since
   */
  save(state: SealedState): Promise<void>;
}

/** @throws Refusal enclave.state.unreadable, enclave.state.rolled-back */
export const openStateStore = async (
  directory: string,
  provider: AttestationProvider,
  measurement: string,
): Promise<StateStore> => {
  const path = join(directory, "sealed-state");
  // A name of this process's own: another one, started by mistake, must not put its state in this one's place.
  const fresh = `${path}.${randomUUID()}`;
  const key = await provider.sealingKey(measurement);
  let register = await provider.register.read();
  let failed: unknown;

  /** The state that went into the register last, in whichever file: a crash may have come before it was renamed. */
  const load = async (): Promise<SealedState | undefined> => {
    const names = (await readdir(directory)).filter((name) => name.startsWith("sealed-state"));
    let unreadable = 0;
    for (const name of names) {
      const file = (await readIfThere(join(directory, name))) ?? new Uint8Array();
      const opened = unseal(key, file);
      if (!opened) unreadable++;
      if (!opened || extended(opened.register, sha256Hex(file)) !== register) continue;
      if (name !== "sealed-state") await rename(join(directory, name), path);
      return opened.state;
    }
    if (!names.includes("sealed-state") && register === EMPTY_REGISTER) return undefined;
    if (unreadable === names.length && names.length > 0) throw refuse("enclave.state.unreadable", { measurement });
    throw refuse("enclave.state.rolled-back");
  };

  const put = async (state: SealedState) => {
    // Looked at first, so that a copy that is late does not take the other's place from it.
    if ((await provider.register.read()) !== register) throw refuse("enclave.state.copied");
    const file = seal(key, { register, state });
    await writeNew(fresh, file);
    const expected = extended(register, sha256Hex(file));
    if ((await provider.register.extend(sha256Hex(file))) !== expected) throw refuse("enclave.state.copied");
    register = expected;
    await rename(fresh, path);
  };

  return {
    loaded: await load(),
    async save(state) {
      if (failed) throw failed;
      try {
        await put(state);
      } catch (error) {
        failed = error;
        throw error;
      }
    },
  };
};

const seal = (key: Uint8Array, { register, state }: Sealed): Uint8Array => {
  const keys = { signingKey: keyToPem(state.signingKey), encryptionKey: keyToPem(state.encryptionKey) };
  const text = utf8(canonical({ register, state: { ...state, ...keys } }));
  const padded = new Uint8Array(Math.ceil(text.length / BLOCK) * BLOCK).fill(SPACE);
  padded.set(text);
  const nonce = randomBytes(12);
  return concat(nonce, aes256gcm.seal(key, nonce, AAD, padded));
};
/** JSON may end in it. */
const SPACE = 0x20;

/** Undefined where it was not sealed under this key, or not written to its end. */
const unseal = (key: Uint8Array, file: Uint8Array): Sealed | undefined => {
  const plain = file.length > 12 ? aes256gcm.open(key, file.subarray(0, 12), AAD, file.subarray(12)) : undefined;
  if (!plain) return undefined;
  const { register, state } = JSON.parse(fromUtf8(plain));
  const keys = {
    signingKey: keyFromPem(state.signingKey, { accept: ["P-256"] }),
    encryptionKey: keyFromPem(state.encryptionKey, { accept: ["X25519"] }),
  };
  // What a state of an earlier version lacks.
  return { register, state: { ...state, ...keys } };
};

export const newKeys = () => ({ signingKey: generateKey("P-256"), encryptionKey: generateKey("X25519") });
