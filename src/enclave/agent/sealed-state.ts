/**
 * What the enclave keeps over restarts: its keys and the newest ledger it has seen, encrypted under a key that its
 * attestation provider gives to this very program. A monotonic counter refuses an older copy (rollback).
 */
import { join } from "node:path";
import { aes256gcm, generateKey, randomBytes } from "#crypto";
import { concat, fromUtf8, utf8 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { keyFromPem, keyToPem } from "../../trust/keys.ts";
import type { AttestationProvider } from "../attestation/provider.ts";
import { refuse } from "../errors.ts";
import { readIfThere, writeDurably } from "./files.ts";
import type { Followed } from "./follower.ts";

export interface SealedState {
  /** Grows by one with every write; the counter is set to it afterwards. */
  readonly version: number;
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  readonly ledger: string;
  readonly isolation: string;
  readonly followed: Followed;
  /** Tasks (by stream) that were begun and can still run. Oldest first. */
  readonly attempts: Readonly<Record<string, Attempts>>;
  /** The statement that founded the enclave's stream. */
  readonly founding: string;
}

export interface Attempts {
  /** The task's head at which it may run: a task that has moved on needs no counting any more. */
  readonly head: string;
  readonly count: number;
  /** How the first attempt ended that came to an end: it is what the task comes to, however often it is asked for. */
  readonly outcome?: Outcome;
}

/** What the enclave says of a run, but for the time at which it says so. */
export interface Outcome {
  readonly kind: "task.completed" | "task.failed";
  readonly payload: object;
}

const AAD = utf8("entente/enclave-state/1");

export const createStateStore = (directory: string, provider: AttestationProvider, measurement: string) => {
  const path = join(directory, "sealed-state");
  const encode = (state: SealedState) =>
    canonical({
      ...state,
      signingKey: keyToPem(state.signingKey),
      encryptionKey: keyToPem(state.encryptionKey),
    });
  const decode = (text: string): SealedState => {
    const state = JSON.parse(text);
    return {
      ...state,
      signingKey: keyFromPem(state.signingKey, { accept: ["P-256"] }),
      encryptionKey: keyFromPem(state.encryptionKey, { accept: ["X25519"] }),
    };
  };

  return {
    /**
     * Undefined on the very first start.
     * @throws Refusal enclave.state.unreadable, enclave.state.rolled-back
     */
    async load(): Promise<SealedState | undefined> {
      const sealed = await readIfThere(path);
      const counter = await provider.counter.read();
      if (!sealed) {
        if (counter > 0) throw refuse("enclave.state.rolled-back", { found: 0, counter });
        return undefined;
      }
      const key = await provider.sealingKey(measurement);
      const plain = aes256gcm.open(key, sealed.subarray(0, 12), AAD, sealed.subarray(12));
      if (!plain) throw refuse("enclave.state.unreadable", { measurement });
      const state = decode(fromUtf8(plain));
      if (state.version < counter) throw refuse("enclave.state.rolled-back", { found: state.version, counter });
      // A crash came between file and counter: until the counter has it too, an older file would pass.
      if (state.version > counter) await provider.counter.set(state.version);
      return state;
    },

    /**
     * Durable when it resolves; one at a time, with versions that grow. A crash in between leaves a state one ahead of
     * the counter, which is accepted.
     */
    async save(state: SealedState): Promise<void> {
      const key = await provider.sealingKey(measurement);
      const nonce = randomBytes(12);
      await writeDurably(path, concat(nonce, aes256gcm.seal(key, nonce, AAD, utf8(encode(state)))));
      await provider.counter.set(state.version);
    },
  };
};

export const newKeys = () => ({ signingKey: generateKey("P-256"), encryptionKey: generateKey("X25519") });
