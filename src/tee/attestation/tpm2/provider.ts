/**
 * Attestation by a TPM 2.0: the program is measured into a register once since the machine started, its keys are
 * bound to that register and those of the boot, and an index in the TPM guards its state against older copies.
 */
import { mkdir } from "node:fs/promises";
import { z } from "zod";
import { hkdfSha256 } from "#crypto";
import { type Bytes, equal, fromBase64, toBase64, toHex, utf8 } from "../../../base/bytes.ts";
import { createTurns, inTurn } from "../../../base/turns.ts";
import {
  evidenceText,
  expectedRegisters,
  programEvent,
  qualifyingData,
} from "../../../trust/attestation/tpm2/evidence.ts";
import { MANUFACTURER_ROOTS } from "../../../trust/attestation/tpm2/roots.ts";
import {
  type Bank,
  HANDLE,
  type PcrValues,
  parseQuote,
  pcrDigest,
  pcrSelection,
} from "../../../trust/attestation/tpm2/structures.ts";
import { attestationTemplate, isSealingKey, sealingTemplate } from "../../../trust/attestation/tpm2/templates.ts";
import type { AttestationProvider } from "../provider.ts";
import { createClient, type TpmClient } from "./client.ts";
import {
  activateCredential,
  activeBanks,
  createPrimary,
  flush,
  flushAll,
  hmac,
  pcrEvent,
  pcrPolicy,
  pcrRead,
  policyEndorsement,
  policyPcr,
  quote,
  startup,
} from "./commands.ts";
import { type Endorsement, findEndorsement, requireManufacturer } from "./endorsement.ts";
import { refuse } from "./errors.ts";
import { openRegister, registerPlace } from "./register.ts";
import { startSession } from "./session.ts";
import { readSettings, type TpmOptions, type TpmSettings } from "./settings.ts";
import { openTransport } from "./transport.ts";

export interface TpmProvider extends AttestationProvider {
  /**
   * Answers a challenge (`challengeTpm`): only the TPM that holds both keys of the evidence can.
   * @throws Refusal tpm.command where the challenge is for another TPM
   */
  answer(challenge: string): Promise<string>;
  close(): Promise<void>;
}

interface Tpm {
  readonly client: TpmClient;
  readonly settings: TpmSettings;
  readonly bank: Bank;
  readonly endorsement: Endorsement;
}

/**
 * A TPM whose manufacturer vouches for it.
 * @param roots SHA-256 (hex) of root certificates, with their names
 * @throws Refusal tpm.*
 */
export const openTpm2 = (
  directory: string,
  options: TpmOptions = {},
  roots: ReadonlyMap<string, string> = MANUFACTURER_ROOTS,
): Promise<TpmProvider> =>
  openProvider("tpm2", directory, options, ({ certificates }) => requireManufacturer(certificates, roots));

/** Any TPM: a software TPM, which proves nothing of the machine. @throws Refusal tpm.* */
export const openSwtpm = (directory: string, options: TpmOptions = {}): Promise<TpmProvider> =>
  openProvider("swtpm", directory, options, () => undefined);

const openProvider = async (
  id: string,
  directory: string,
  options: TpmOptions,
  accept: (endorsement: Endorsement) => void,
): Promise<TpmProvider> => {
  const settings = readSettings(options);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const transport = await openTransport(settings.device);
  const client = createClient(transport);
  try {
    if (transport.needsStartup) await startup(client);
    await flushAll(client);
    const [bank] = await activeBanks(client);
    if (!bank) throw refuse("tpm.banks");
    const endorsement = await findEndorsement(client, settings.certificates);
    accept(endorsement);
    return await start(id, directory, { client, settings, bank, endorsement });
  } catch (error) {
    await client.close();
    throw error;
  }
};

const start = async (id: string, directory: string, tpm: Tpm): Promise<TpmProvider> => {
  const { client, endorsement, bank } = tpm;
  const session = await endorsement.with((salt) => startSession(client, { type: "hmac", salt }));
  const index = await registerPlace(client, directory);
  const key = await createPrimary(client, HANDLE.endorsement, attestationTemplate);
  const endorsementPublic = await endorsement.with(async ({ publicArea }) => publicArea);
  const measured = remember((measurement) => measure(tpm, measurement));
  const secrets = remember(async (measurement) => derive(tpm, await measured(measurement), index));
  const registers = remember(async (measurement) =>
    openRegister(tpm, session, index, secretFor("register", await secrets(measurement))),
  );
  let program: string | undefined;
  const register = () => {
    if (program === undefined) throw new TypeError("the register is the program's: ask for its sealing key first");
    return registers(program);
  };

  const quoting = createTurns();
  return {
    id,
    async sealingKey(measurement) {
      const secret = await secrets(measurement);
      program = measurement;
      return secretFor("sealing", secret);
    },
    register: {
      read: async () => (await register()).read(),
      extend: async (digest) => (await register()).extend(digest),
    },
    // One at a time: anybody may ask, and the register, which the TPM extends in turn, is not to wait for all of them.
    evidence: (reportData, measurement) =>
      quoting(async () => {
        const registers = await measured(measurement);
        const selection = pcrSelection(bank, [...registers.keys()]);
        const signed = await quote(client, key, qualifyingData(reportData), selection);
        if (!equal(parseQuote(signed.quote).pcrDigest, pcrDigest(registers))) throw refuse("tpm.boot");
        return evidenceText({
          attestationKey: toBase64(key.publicArea),
          endorsementKey: toBase64(endorsementPublic),
          certificates: endorsement.certificates.map(toBase64),
          bank,
          program: tpm.settings.program,
          boot: bootOf(tpm, registers),
          quote: toBase64(signed.quote),
          signature: toBase64(signed.signature),
        });
      }),
    // One at a time: each takes a session and a loaded key, and a TPM may have room for no more than three.
    answer: inTurn((challenge) =>
      endorsement.with(async (loaded) => {
        const { blob, secret } = Challenge.parse(JSON.parse(challenge));
        const endorsed = await startSession(client, { type: "policy" });
        try {
          await policyEndorsement(client, endorsed);
          const credential = { blob: fromBase64(blob), secret: fromBase64(secret) };
          return toBase64(await activateCredential(client, key, loaded, endorsed, credential));
        } finally {
          await flush(client, endorsed.handle);
        }
      }),
    ),
    close: async () => {
      await flushAll(client);
      await client.close();
    },
  };
};

const secretFor = (use: "sealing" | "register", secret: Uint8Array): Bytes =>
  hkdfSha256(secret, new Uint8Array(), utf8(`entente/tpm2/${use}/1`), 32);

const Base64 = z.string().max(1024);
const Challenge = z.strictObject({ blob: Base64, secret: Base64 });

/** Keeps what succeeded, by measurement. */
const remember = <T>(work: (measurement: string) => Promise<T>) => {
  const done = new Map<string, Promise<T>>();
  return (measurement: string): Promise<T> => {
    const known = done.get(measurement) ?? work(measurement);
    done.set(measurement, known);
    known.catch(() => done.delete(measurement));
    return known;
  };
};

const bootOf = ({ settings }: Tpm, registers: PcrValues): Record<string, string> =>
  Object.fromEntries(settings.boot.map((pcr) => [String(pcr), toHex(registers.get(pcr) ?? new Uint8Array())]));

/**
 * The registers as they are, once the program was measured: by this start, or by an earlier one since the machine
 * started.
 * @throws Refusal tpm.register where another program was
 */
const measure = async (tpm: Tpm, measurement: string): Promise<PcrValues> => {
  const { client, bank, settings } = tpm;
  const { program, boot } = settings;
  const read = () => pcrRead(client, bank, [program, ...boot]);
  const before = (await read()).get(program);
  if (before?.every((octet) => octet === 0)) await pcrEvent(client, program, programEvent(measurement));
  const registers = await read();
  const expected = expectedRegisters({ bank, program, boot: bootOf(tpm, registers) }, measurement);
  if (!equal(pcrDigest(registers), pcrDigest(expected))) throw refuse("tpm.register", { register: program });
  return registers;
};

/**
 * A secret that this TPM derives for these registers and this index, and nobody else has: nothing is kept of it, so there is nothing to
 * plant or to exchange. Policy and template are part of what it is derived from.
 */
const derive = async ({ client, bank, endorsement }: Tpm, registers: PcrValues, index: number): Promise<Bytes> => {
  const session = await endorsement.with((salt) => startSession(client, { type: "policy", salt, hides: "answer" }));
  try {
    const policy = pcrPolicy(bank, registers);
    const key = await createPrimary(client, HANDLE.owner, sealingTemplate(policy));
    try {
      // Whoever sits on the bus may have had another key made.
      if (!isSealingKey(key.publicArea, policy))
        throw refuse("tpm.answer", { command: "TPM2_CreatePrimary", reason: "it is not the key that was asked for" });
      await policyPcr(client, session, bank, registers);
      return await hmac(client, key, session, utf8(`entente/tpm2/1 ${index}`));
    } finally {
      await flush(client, key.handle);
    }
  } finally {
    await flush(client, session.handle);
  }
};
