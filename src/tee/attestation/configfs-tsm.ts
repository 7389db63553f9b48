/**
 * What guests of TDX and SEV-SNP share: the kernel's door to quotes (Documentation/ABI/testing/configfs-tsm, Linux 6.7),
 * and secrets kept in the guest's own memory.
 *
 * Neither gives a program a key that outlives the machine: TDX has none, and that of SEV-SNP is behind an ioctl that
 * Node.js cannot make. What both protect is memory. So the sealing key and the register lie in a memory file system:
 * the host can neither read nor roll them back, a restart of the program finds them again, and with the machine they
 * are gone. Then members seal again, to a new enclave. Whoever is root in the guest can read them: that nobody is, is
 * for the image that members pin.
 */
import { access, link, mkdir, readdir, readFile, rm, rmdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hkdfSha256, randomBytes, sha256Hex } from "#crypto";
import { toHex, utf8 } from "../../base/bytes.ts";
import { readIfThere, writeDurably } from "../files.ts";
import { refuse } from "./errors.ts";
import { type AttestationProvider, EMPTY_REGISTER, extended } from "./provider.ts";

/** The few things done to the kernel's directory; another in tests. */
export interface TsmFiles {
  mkdir(path: string): Promise<unknown>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  rmdir(path: string): Promise<void>;
}

const kernelFiles: TsmFiles = {
  mkdir: (path) => mkdir(path),
  // An attribute is there already, and takes its value in one write.
  write: (path, bytes) => writeFile(path, bytes, { flag: "r+" }),
  read: (path) => readFile(path),
  rmdir: (path) => rmdir(path),
};

/** Where the kernel shows things; elsewhere in tests. */
export interface Guest {
  readonly reports: string;
  readonly files: TsmFiles;
  /** Its list of swap areas. */
  readonly swaps: string;
}

export const linuxGuest: Guest = {
  reports: "/sys/kernel/config/tsm/report",
  files: kernelFiles,
  swaps: "/proc/swaps",
};

/** @throws Refusal attestation.machine */
export const requireTsm = async (provider: string, { reports }: Guest): Promise<void> => {
  await access(reports).catch((error: Error) => {
    throw refuse("attestation.machine", { provider, directory: reports, found: error.message });
  });
};

export interface TsmReport {
  /** The quote or report itself. */
  readonly quote: Uint8Array;
  /** What the host adds, as certificates; not there where it adds nothing. */
  readonly extra?: Uint8Array;
}

/**
 * A quote over 64 bytes, through a directory of its own, so that nobody else's question is answered.
 * @param provider what the kernel has to call itself: `tdx_guest`, `sev_guest`
 * @throws Refusal attestation.machine, attestation.quote
 */
export const askTsm = async (reportData: Uint8Array, provider: string, guest: Guest): Promise<TsmReport> => {
  const { reports, files } = guest;
  const entry = join(reports, `entente-${toHex(randomBytes(8))}`);
  const text = async (name: string) =>
    Buffer.from(await files.read(join(entry, name)))
      .toString()
      .trim();
  try {
    await files.mkdir(entry);
  } catch (error) {
    throw refuse("attestation.machine", { provider, directory: reports, found: messageOf(error) });
  }
  try {
    const found = await text("provider");
    if (found !== provider) throw refuse("attestation.machine", { provider, directory: reports, found });
    await files.write(join(entry, "inblob"), reportData);
    const quote = await files.read(join(entry, "outblob"));
    const extra = await ifThere(files.read(join(entry, "auxblob")));
    // It counts writes: one since the directory was made, or the quote is over somebody else's data.
    const generation = await text("generation");
    if (generation !== "1") throw refuse("attestation.quote", { reason: `generation ${generation}, not 1` });
    if (quote.length === 0) throw refuse("attestation.quote", { reason: "it is empty" });
    return extra && extra.length > 0 ? { quote, extra } : { quote };
  } catch (error) {
    if (isSystemError(error)) throw refuse("attestation.quote", { reason: error.message });
    throw error;
  } finally {
    await files.rmdir(entry);
  }
};

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "code" in error;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const ifThere = (reading: Promise<Uint8Array>): Promise<Uint8Array | undefined> =>
  reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });

/** What the operator may say. */
export interface GuestOptions {
  /** Folder with the maker's files; `collateral` beside the enclave's state, unless it says otherwise. */
  readonly collateral?: string;
  /** Folder in a memory file system; `/run/entente`, unless it says otherwise. */
  readonly memory?: string;
}

/** A file that the operator fetches from the maker. */
export interface CollateralFile {
  readonly name: string;
  /** Where it comes from, for people. */
  readonly source: string;
}

/** Reads the maker's files anew each time, so that what the operator replaces counts at once. */
export const collateralIn =
  (directory: string, { collateral = join(directory, "collateral") }: GuestOptions) =>
  /** @throws Refusal attestation.collateral */
  async ({ name, source }: CollateralFile): Promise<Buffer> => {
    const file = join(collateral, name);
    try {
      return await readFile(file);
    } catch (error) {
      throw refuse("attestation.collateral", { file, source, reason: messageOf(error) });
    }
  };

/** Kinds of memory file systems: statfs(2). */
const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/**
 * Sealing key and register in the guest's memory.
 * @param directory the enclave's; each has a key of its own
 * @throws Refusal attestation.memory, attestation.key-lost
 */
export const openGuestMemory = async (
  directory: string,
  { memory = "/run/entente" }: GuestOptions,
  { swaps }: Guest,
): Promise<Pick<AttestationProvider, "sealingKey" | "register">> => {
  const own = join(memory, sha256Hex(directory).slice(0, 32));
  await mkdir(own, { recursive: true, mode: 0o700 });
  await requireMemory(own, swaps);
  const keyFile = join(own, "key");
  if (!(await readIfThere(keyFile))) {
    if (await readIfThere(join(directory, "sealed-state"))) throw refuse("attestation.key-lost", { directory });
    await claim(keyFile, randomBytes(32));
  }
  const key = await readFile(keyFile);
  return {
    sealingKey: async (measurement) => hkdfSha256(key, new Uint8Array(), utf8(`entente/sealing/1 ${measurement}`), 32),
    register: registerIn(own),
  };
};

/** Makes a file, whole or not at all. @returns false where there is one already */
const claim = async (path: string, bytes: Uint8Array): Promise<boolean> => {
  const fresh = `${path}-${toHex(randomBytes(8))}`;
  await writeDurably(fresh, bytes);
  try {
    await link(fresh, path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(fresh);
  }
};

/** Each value is a file with the next number: of several programs, one makes it and the others lose. */
const registerIn = (directory: string): AttestationProvider["register"] => {
  const file = (number: number) => join(directory, `register-${number}`);
  const newest = async (): Promise<{ number: number; value: string }> => {
    const names = await readdir(directory);
    const number = Math.max(0, ...names.map((name) => Number(name.match(/^register-(\d+)$/)?.[1] ?? 0)));
    const value = number === 0 ? EMPTY_REGISTER : (await readIfThere(file(number)))?.toString();
    // Gone in between: there is a newer one.
    return value === undefined ? newest() : { number, value };
  };
  return {
    read: async () => (await newest()).value,
    async extend(digest) {
      const { number, value } = await newest();
      if (await claim(file(number + 1), utf8(extended(value, digest)))) await rm(file(number), { force: true });
      // Whoever was slower finds the other's value, not what it expects.
      return (await newest()).value;
    },
  };
};

/** Pages of a tmpfs may be swapped out to a disk that is the host's; those of a ramfs never. */
const requireMemory = async (directory: string, swaps: string): Promise<void> => {
  const { type } = await statfs(directory);
  if (type === RAMFS) return;
  if (type !== TMPFS) throw refuse("attestation.memory", { directory, reason: "it is not a memory file system" });
  const [, ...areas] = (await readFile(swaps, "utf8")).trim().split("\n");
  if (areas.length > 0)
    throw refuse("attestation.memory", { directory, reason: `the machine swaps to ${areas[0]?.split(/\s/)[0]}` });
};
