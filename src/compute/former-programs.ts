/**
 * Programs of enclaves that ran here, kept as they were started: what was sealed to one is handed on by that very
 * program alone. Kept by the enclave's stream; the file itself by its digest.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { Configuration } from "../enclave/protocol/configuration.ts";
import type { Ledger } from "../ledger/port.ts";
import { type EnclaveState, enclave as enclaveBook } from "../rules/enclave.ts";
import { streamOf } from "../rules/world.ts";
import { parseStatement } from "../trust/statement.ts";
import { createEnclaveHost, type EnclaveHost, type EnclaveHostOptions } from "./enclave-host.ts";
import { refuse } from "./errors.ts";

/** How an enclave was started. */
const Kept = z.object({
  /** What runs the program, and its own arguments: the Node.js binary. */
  command: z.array(z.string()).min(1),
  /** SHA-384 (hex) of the program's file. */
  program: z.string().regex(/^[0-9a-f]{96}$/),
  /** Its state's folder, from the data directory. */
  directory: z.string(),
  configuration: Configuration.omit({ directory: true, ledger: true }),
});

type Started = Pick<EnclaveHostOptions, "command" | "directory" | "configuration">;

export interface FormerOptions extends Pick<EnclaveHostOptions, "ledger" | "blobs" | "maxResult" | "log"> {
  /** The data directory. */
  readonly data: string;
}

export const createFormerPrograms = (options: FormerOptions) => {
  const { ledger, data } = options;
  const folder = join(data, "enclave-programs");
  const recordOf = (stream: string) => join(folder, `${stream}.json`);
  const fileOf = (program: string) => join(folder, program.slice(0, 32), "enclave.mjs");

  return {
    /** Keeps the program that said so of itself; one that has changed since it was started is not the one. */
    async keep(founding: string, { command, directory, configuration }: Started): Promise<void> {
      const { digest: stream, statement } = parseStatement(founding);
      const { program } = (statement.payload as Pick<EnclaveState, "components">).components;
      const file = command.at(-1);
      if (existsSync(recordOf(stream)) || file === undefined || program === undefined) return;
      const bytes = await readFile(file);
      if (createHash("sha384").update(bytes).digest("hex") !== program)
        throw refuse("enclave.former", { enclave: stream, components: "program" });
      await mkdir(dirname(fileOf(program)), { recursive: true, mode: 0o700 });
      await putInPlace(fileOf(program), (fresh) => writeFile(fresh, bytes, { flush: true }));
      await linkModules(folder, file);
      const kept = { command: command.slice(0, -1), program, directory: relative(data, directory), configuration };
      await putInPlace(recordOf(stream), (fresh) =>
        writeFile(fresh, JSON.stringify(kept), { mode: 0o600, flush: true }),
      );
    },

    /**
     * The former enclave, which starts when it is first asked for anything. The caller stops it.
     * @throws Refusal enclave.former-unknown
     */
    async open(stream: string): Promise<EnclaveHost> {
      const text = await readFile(recordOf(stream), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") throw refuse("enclave.former-unknown", { enclave: stream });
        throw error;
      });
      const { command, program, directory, configuration } = Kept.parse(JSON.parse(text));
      return createEnclaveHost({
        ...options,
        command: [...command, fileOf(program)],
        directory: resolve(data, directory),
        configuration: configuration as EnclaveHostOptions["configuration"],
        onIdentified: async (founding) => requireSame(ledger, stream, founding),
      });
    },
  };
};
export type FormerPrograms = ReturnType<typeof createFormerPrograms>;

/** Whether what has started is the enclave that was meant; where it is not, by what it differs. @throws Refusal enclave.former */
const requireSame = ({ world }: Pick<Ledger, "world">, stream: string, founding: string): void => {
  const { digest, statement } = parseStatement(founding);
  if (digest === stream) return;
  const found = (statement.payload as Pick<EnclaveState, "components">).components;
  const meant = streamOf(world, enclaveBook, stream)?.state.components ?? {};
  const names = [...new Set([...Object.keys(found), ...Object.keys(meant)])].sort();
  const differ = names.filter((name) => found[name] !== meant[name]);
  throw refuse("enclave.former", { enclave: stream, components: differ.join(", ") || "keys" });
};

/** There whole, or not at all. */
const putInPlace = async (path: string, write: (fresh: string) => Promise<void>): Promise<void> => {
  const fresh = `${path}.${process.pid}`;
  await write(fresh);
  await rename(fresh, path);
};

/** Images of some runners are packages, which a program looks for above its own file. */
const linkModules = async (folder: string, file: string): Promise<void> => {
  const link = join(folder, "node_modules");
  for (let above = dirname(resolve(file)); above !== dirname(above); above = dirname(above)) {
    const modules = join(above, "node_modules");
    if (!existsSync(modules)) continue;
    await rm(link, { force: true });
    return symlink(modules, link);
  }
};
