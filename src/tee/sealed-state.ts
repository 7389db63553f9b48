/**
 * What a program keeps over restarts: its keys, the newest ledger it has seen, what came of its work; encrypted under a
 * key that its attestation provider gives to this very program. Each state goes into the provider's append-only
 * register by its digest: an older one is refused, and so is one that a copy of the program made beside this one.
 */
import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { aes256gcm, randomBytes, sha256Hex } from "#crypto";
import { concat, fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { type AttestationProvider, EMPTY_REGISTER, extended } from "./attestation/provider.ts";
import { refuse } from "./errors.ts";
import { readIfThere, writeNew } from "./files.ts";

/** How a state becomes JSON and back. */
export interface Codec<S> {
  /** What the file is, and its version: sealed for another use it does not open. */
  readonly use: string;
  encode(state: S): object;
  /** @param plain as `encode` made it, maybe in an earlier version */
  // What it is, the seal vouches for.
  // biome-ignore lint/suspicious/noExplicitAny: read by the program that wrote it
  decode(plain: any): S;
}

/** So that its length does not tell what is in it. */
const BLOCK = 64 << 10;

interface Sealed {
  /** Value of the register on which this state was made. */
  readonly register: string;
  readonly state: object;
}

export interface StateStore<S> {
  /** Undefined on the very first start. */
  readonly loaded: S | undefined;
  /**
   * Durable when it resolves; one at a time. Once one has failed, what is on the disk is not known to be this state, and
   * nothing more is saved: the program has to be started again.
   * @throws Refusal enclave.state.copied where another copy of this enclave has saved since
   */
  save(state: S): Promise<void>;
}

/** @throws Refusal enclave.state.unreadable, enclave.state.rolled-back */
export const openSealed = async <S>(
  directory: string,
  provider: AttestationProvider,
  measurement: string,
  { use, encode, decode }: Codec<S>,
): Promise<StateStore<S>> => {
  const path = join(directory, "sealed-state");
  // A name of this process's own: another one, started by mistake, must not put its state in this one's place.
  const fresh = `${path}.${randomUUID()}`;
  const key = await provider.sealingKey(measurement);
  let register = await provider.register.read();
  let failed: unknown;

  /** The state that went into the register last, in whichever file: a crash may have come before it was renamed. */
  const load = async (): Promise<S | undefined> => {
    const names = (await readdir(directory)).filter((name) => name.startsWith("sealed-state"));
    let unreadable = 0;
    for (const name of names) {
      const file = (await readIfThere(join(directory, name))) ?? new Uint8Array();
      const opened = unseal(key, use, file);
      if (!opened) unreadable++;
      if (!opened || extended(opened.register, sha256Hex(file)) !== register) continue;
      if (name !== "sealed-state") renameSync(join(directory, name), path);
      return decode(opened.state);
    }
    if (!names.includes("sealed-state") && register === EMPTY_REGISTER) return undefined;
    if (unreadable === names.length && names.length > 0) throw refuse("enclave.state.unreadable", { measurement });
    throw refuse("enclave.state.rolled-back");
  };

  const put = async (state: S) => {
    // Looked at first, so that a copy that is late does not take the other's place from it.
    if ((await provider.register.read()) !== register) throw refuse("enclave.state.copied");
    const file = seal(key, use, { register, state: encode(state) });
    const digest = sha256Hex(file);
    await writeNew(fresh, file);
    const expected = extended(register, digest);
    if ((await provider.register.extend(digest)) !== expected) throw refuse("enclave.state.copied");
    register = expected;
    renameSync(fresh, path);
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

const seal = (key: Uint8Array, use: string, sealed: Sealed): Uint8Array => {
  const text = utf8(canonical(sealed));
  const padded = new Uint8Array(Math.ceil(text.length / BLOCK) * BLOCK).fill(SPACE);
  padded.set(text);
  const nonce = randomBytes(12);
  return concat(nonce, aes256gcm.seal(key, nonce, utf8(use), padded));
};
/** JSON may end in it. */
const SPACE = 0x20;

/** Undefined where it was not sealed under this key, or not written to its end. */
const unseal = (key: Uint8Array, use: string, file: Uint8Array): Sealed | undefined => {
  const plain = file.length > 12 ? aes256gcm.open(key, file.subarray(0, 12), utf8(use), file.subarray(12)) : undefined;
  return plain && JSON.parse(fromUtf8(plain));
};
