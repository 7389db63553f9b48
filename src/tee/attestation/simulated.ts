/**
 * No hardware: key and register are files that whoever runs the machine can read and copy. Good for trying things
 * out, and it is called simulated wherever it shows.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hkdfSha256, randomBytes } from "#crypto";
import { utf8 } from "../../base/bytes.ts";
import { simulatedEvidence } from "../../trust/attestation/simulated.ts";
import { overwrite, readIfThere, writeDurably } from "../files.ts";
import { type AttestationProvider, EMPTY_REGISTER, extended } from "./provider.ts";

export const openSimulated = async (directory: string): Promise<AttestationProvider> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keyFile = join(directory, "machine-key");
  const registerFile = join(directory, "register");
  const read = async () => (existsSync(registerFile) && readFileSync(registerFile, "latin1")) || EMPTY_REGISTER;
  if (!(await readIfThere(keyFile))) await writeDurably(keyFile, randomBytes(32));
  const machineKey = await readFile(keyFile);
  return {
    id: "simulated",
    evidence: async (reportData, measurement) => simulatedEvidence({ reportData, measurement }),
    sealingKey: async (measurement) =>
      hkdfSha256(machineKey, new Uint8Array(), utf8(`entente/sealing/1 ${measurement}`), 32),
    register: {
      read,
      async extend(digest) {
        const value = extended(await read(), digest);
        // So few bytes lie within one sector, and are there whole or not at all.
        await overwrite(registerFile, utf8(value));
        return value;
      },
    },
  };
};
