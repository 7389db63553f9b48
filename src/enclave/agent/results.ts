/**
 * Results, kept until their receipts are on the ledger: a run that ended is handed over again, not made again. What lies
 * on the disk is sealed to this enclave once more, so that its operator gets a result when it is handed over, and no
 * other: not to the receiver's key alone.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "#crypto";
import { readIfThere, writeNew } from "../../tee/files.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { keptContext } from "../../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../../trust/envelope/envelope.ts";
import { enclaveKey } from "../../trust/envelope/recipient.ts";
import { refuse } from "../errors.ts";

/** A sealed result. */
export interface Kept {
  /** SHA-256, hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface Results {
  /** Durable when it resolves. @param sealed as the receiver will get it */
  keep(sealed: Uint8Array): Promise<void>;
  /** @throws Refusal enclave.result-lost */
  read(kept: Kept): Promise<Uint8Array>;
  drop(digests: Iterable<string>): Promise<void>;
}

/** @param known digests of those that are still wanted; others are removed */
export const openResults = async (
  state: string,
  key: PrivateKey<"X25519">,
  known: ReadonlySet<string>,
): Promise<Results> => {
  const directory = join(state, "results");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (digest: string) => join(directory, digest);
  const drop = async (digests: Iterable<string>) => {
    for (const digest of digests) await rm(pathOf(digest), { force: true });
  };
  await drop((await readdir(directory)).filter((name) => !known.has(name)));
  return {
    drop,
    async keep(sealed) {
      const digest = sha256Hex(sealed);
      const file = await sealBytes(padded(sealed), {
        to: enclaveKey(key.publicKey.spki),
        context: keptContext(digest),
      });
      await writeNew(pathOf(digest), file);
    },
    async read({ digest, size }) {
      const file = await readIfThere(pathOf(digest));
      const plain = file && (await openBytes(file, { key, context: keptContext(digest) }).catch(() => undefined));
      const sealed = plain?.subarray(0, size);
      if (!sealed || sha256Hex(sealed) !== digest) throw refuse("enclave.result-lost");
      return sealed;
    },
  };
};

const SMALLEST = 64 << 10;

/** To a power of two: a result that is not the task's in the end shows that much of its size, and small ones nothing. */
const padded = (bytes: Uint8Array): Uint8Array => {
  let size = SMALLEST;
  while (size < bytes.length) size *= 2;
  const all = new Uint8Array(size);
  all.set(bytes);
  return all;
};
