/** The commands that the provider needs, one function each: TCG TPM 2.0 Library Part 3, with the section. */
import { sha256 } from "#crypto";
import { type Bytes, concat, u32 } from "../../../base/bytes.ts";
import type { Credential } from "../../../trust/attestation/tpm2/credential.ts";
import {
  ALG,
  BANKS,
  type Bank,
  createReader,
  HANDLE,
  nameOf,
  type PcrValues,
  pcrDigest,
  pcrSelection,
  sized,
  u16,
} from "../../../trust/attestation/tpm2/structures.ts";
import { isTpmCode, type TpmClient } from "./client.ts";
import { type Authorisation, byHandle, type Named, type Read } from "./command.ts";

/** TPM_CC. */
const CC = {
  nvDefineSpace: 0x12a,
  createPrimary: 0x131,
  nvExtend: 0x136,
  pcrEvent: 0x13c,
  startup: 0x144,
  activateCredential: 0x147,
  nvRead: 0x14e,
  policySecret: 0x151,
  hmac: 0x155,
  quote: 0x158,
  flushContext: 0x165,
  nvReadPublic: 0x169,
  readPublic: 0x173,
  getCapability: 0x17a,
  pcrRead: 0x17e,
  policyPcr: 0x17f,
} as const;

/** TPM_RC that are answered to, Part 2 section 6.6.3. */
export const RC = {
  initialized: 0x100,
  nvSpace: 0x14b,
  handle: 0x08b,
  authFail: 0x08e,
  badAuth: 0x0a2,
} as const;

/** An object in the TPM's memory. */
export interface Loaded extends Named {
  readonly publicArea: Bytes;
}

/** For answers that say nothing but yes. */
const nothing: Read<void> = () => undefined;
/** For answers that are one TPM2B. */
const bytes: Read<Bytes> = (parameters) => parameters.sized();

/** Section 9.3, unless it was done before. */
export const startup = async (client: TpmClient): Promise<void> => {
  try {
    await client.execute({ name: "TPM2_Startup", code: CC.startup, parameters: u16(0) }, nothing);
  } catch (error) {
    if (!isTpmCode(error, RC.initialized)) throw error;
  }
};

/** TPM_CAP, Part 2 section 6.12. */
const CAPABILITY = { handles: 1, pcrs: 5 } as const;
/** More than a TPM gives at a time. */
const ALL = 254;

/** Section 30.2. @param read what follows the name of the capability */
const capability = <T>(client: TpmClient, what: keyof typeof CAPABILITY, from: number, read: Read<T>): Promise<T> => {
  const parameters = concat(u32(CAPABILITY[what]), u32(from), u32(ALL));
  return client.execute({ name: "TPM2_GetCapability", code: CC.getCapability, parameters }, (answer, handle) => {
    answer.take(1 + 4); // whether there is more, and the capability asked for
    return read(answer, handle);
  });
};

/** Handles from `first` on, of its kind. */
export const handlesFrom = (client: TpmClient, first: number): Promise<number[]> =>
  capability(client, "handles", first, (list) => Array.from({ length: list.u32() }, () => list.u32()));

/** Banks that keep every register. */
export const activeBanks = (client: TpmClient): Promise<Bank[]> =>
  capability(client, "pcrs", 0, (list) => {
    const active = Array.from({ length: list.u32() }, () => {
      const algorithm = list.u16();
      return list.take(list.u8()).every((octet) => octet === 0xff) ? algorithm : ALG.null;
    });
    return (Object.keys(BANKS) as Bank[]).filter((bank) => active.includes(BANKS[bank].algorithm));
  });

/** Loaded sessions and transient objects, Part 2 section 7.2. */
const LEFT_BEHIND = [0x0200_0000, 0x8000_0000];

/**
 * Throws out what an earlier connection left in the TPM's memory, which has room for three objects or so. A resource
 * manager (`/dev/tpmrm0`) gives every connection a memory of its own: there it finds nothing.
 */
export const flushAll = async (client: TpmClient): Promise<void> => {
  for (const first of LEFT_BEHIND) for (const handle of await handlesFrom(client, first)) await flush(client, handle);
};

/** Section 28.4. */
export const flush = (client: TpmClient, handle: number): Promise<void> =>
  client.execute({ name: "TPM2_FlushContext", code: CC.flushContext, parameters: u32(handle) }, nothing);

/** Section 24.1: the same template gives the same key, as long as the hierarchy's seed is the same. */
export const createPrimary = (client: TpmClient, hierarchy: number, template: Uint8Array): Promise<Loaded> =>
  client.execute(
    {
      name: "TPM2_CreatePrimary",
      code: CC.createPrimary,
      handles: [byHandle(hierarchy)],
      authorisations: ["empty"],
      // No secret of ours, no outside information, no registers to be noted.
      parameters: concat(sized(sized(), sized()), sized(template), sized(), u32(0)),
      gives: "handle",
    },
    (parameters, handle) => loaded(handle, parameters.sized()),
  );

const loaded = (handle: number, publicArea: Bytes): Loaded => ({ handle, publicArea, name: nameOf(publicArea) });

/** Section 12.4. @returns undefined where there is no such object */
export const readPublic = (client: TpmClient, handle: number): Promise<Loaded | undefined> =>
  ifThere(() =>
    client.execute({ name: "TPM2_ReadPublic", code: CC.readPublic, handles: [byHandle(handle)] }, (parameters) =>
      loaded(handle, parameters.sized()),
    ),
  );

const ifThere = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (isTpmCode(error, RC.handle)) return undefined;
    throw error;
  }
};

/** Section 22.3: extends the register in every bank with the bank's hash of `event` (at most 1,024 bytes). */
export const pcrEvent = (client: TpmClient, register: number, event: Uint8Array): Promise<void> => {
  const handles = [byHandle(register)];
  const parameters = sized(event);
  return client.execute(
    { name: "TPM2_PCR_Event", code: CC.pcrEvent, handles, authorisations: ["empty"], parameters },
    nothing,
  );
};

/** Section 22.4. A TPM gives some registers at a time. */
export const pcrRead = async (client: TpmClient, bank: Bank, registers: readonly number[]): Promise<PcrValues> => {
  const values = new Map<number, Uint8Array>();
  for (let left = [...registers]; left.length > 0; left = left.filter((pcr) => !values.has(pcr))) {
    const parameters = pcrSelection(bank, left);
    await client.execute({ name: "TPM2_PCR_Read", code: CC.pcrRead, parameters }, (answer) => {
      answer.take(4 + 4 + 2 + 1); // update counter, one selection, its bank, three bytes of
      const bitmap = answer.take(3);
      const given = left.filter((pcr) => ((bitmap[pcr >> 3] ?? 0) >> (pcr & 7)) & 1).sort((a, b) => a - b);
      if (given.length === 0 || answer.u32() !== given.length) throw new SyntaxError("registers are missing");
      for (const pcr of given) values.set(pcr, answer.sized());
    });
  }
  return values;
};

/** What a policy of one PolicyPCR comes to, section 23.7. */
export const pcrPolicy = (bank: Bank, values: PcrValues): Bytes =>
  sha256(concat(new Uint8Array(32), u32(CC.policyPcr), pcrSelection(bank, [...values.keys()]), pcrDigest(values)));

/** Section 23.7. @throws Refusal tpm.command where the registers hold something else */
export const policyPcr = (client: TpmClient, session: Named, bank: Bank, values: PcrValues): Promise<void> => {
  const parameters = concat(sized(pcrDigest(values)), pcrSelection(bank, [...values.keys()]));
  return client.execute({ name: "TPM2_PolicyPCR", code: CC.policyPcr, handles: [session], parameters }, nothing);
};

/** Section 23.4, with the empty authorisation of the endorsement hierarchy. */
export const policyEndorsement = (client: TpmClient, session: Named): Promise<void> =>
  client.execute(
    {
      name: "TPM2_PolicySecret",
      code: CC.policySecret,
      handles: [byHandle(HANDLE.endorsement), session],
      authorisations: ["empty"],
      parameters: concat(sized(), sized(), sized(), u32(0)),
    },
    nothing,
  );

/** Section 15.5, HMAC-SHA-256. @param data at most 1,024 bytes */
export const hmac = (client: TpmClient, key: Named, session: Authorisation, data: Uint8Array): Promise<Bytes> => {
  const parameters = concat(sized(data), u16(ALG.sha256));
  return client.execute(
    { name: "TPM2_HMAC", code: CC.hmac, handles: [key], authorisations: [session], parameters },
    bytes,
  );
};

/** Section 18.4. @returns TPMS_ATTEST and TPMT_SIGNATURE */
export const quote = (
  client: TpmClient,
  key: Named,
  qualifyingData: Uint8Array,
  selection: Uint8Array,
): Promise<{ quote: Bytes; signature: Bytes }> => {
  const parameters = concat(sized(qualifyingData), u16(ALG.null), selection);
  return client.execute(
    { name: "TPM2_Quote", code: CC.quote, handles: [key], authorisations: ["empty"], parameters },
    (answer) => ({ quote: answer.sized(), signature: answer.rest() }),
  );
};

/** Section 12.5. @param endorsed a session that meets the policy of `endorsement` */
export const activateCredential = (
  client: TpmClient,
  key: Named,
  endorsement: Named,
  endorsed: Authorisation,
  { blob, secret }: Credential,
): Promise<Bytes> =>
  client.execute(
    {
      name: "TPM2_ActivateCredential",
      code: CC.activateCredential,
      handles: [key, endorsement],
      authorisations: ["empty", endorsed],
      parameters: concat(blob, secret),
    },
    bytes,
  );

/**
 * TPMA_NV, Part 2 section 13.4: an index that is only ever extended, read and written by whoever has its secret, read
 * by the machine's owner too; no lockout touches it.
 */
const NV_EXTENDED = (1 << 2) | (4 << 4) | (1 << 17) | (1 << 18) | (1 << 25);
const NV_WRITTEN = 1 << 29;

/** TPMS_NV_PUBLIC. */
const nvExtendedPublic = (handle: number, written: boolean): Bytes =>
  concat(u32(handle), u16(ALG.sha256), u32(NV_EXTENDED | (written ? NV_WRITTEN : 0)), sized(), u16(32));

/** The index as a session has to name it: it speaks to none of another kind, and to none with another secret. */
export const nvExtended = (handle: number, secret: Uint8Array, written: boolean): Named => ({
  handle,
  name: nameOf(nvExtendedPublic(handle, written)),
  secret,
});

/** Section 31.3. @param session that hides the secret */
export const nvDefine = (
  client: TpmClient,
  handle: number,
  secret: Uint8Array,
  session: Authorisation,
): Promise<void> =>
  client.execute(
    {
      name: "TPM2_NV_DefineSpace",
      code: CC.nvDefineSpace,
      handles: [byHandle(HANDLE.owner)],
      authorisations: [session],
      parameters: concat(sized(secret), sized(nvExtendedPublic(handle, false))),
    },
    nothing,
  );

/** Section 31.9: what is in it becomes SHA-256 of itself and the data. Durable when it resolves. */
export const nvExtend = (client: TpmClient, index: Named, session: Authorisation, data: Uint8Array): Promise<void> =>
  client.execute(
    {
      name: "TPM2_NV_Extend",
      code: CC.nvExtend,
      handles: [index, index],
      authorisations: [session],
      parameters: sized(data),
    },
    nothing,
  );

/** Section 31.13. */
export const nvRead = (client: TpmClient, index: Named, session: Authorisation, size: number, offset: number) =>
  client.execute(
    {
      name: "TPM2_NV_Read",
      code: CC.nvRead,
      handles: [index, index],
      authorisations: [session],
      parameters: concat(u16(size), u16(offset)),
    },
    bytes,
  );

/** What the TPM says of an index. */
interface NvPublic extends Named {
  readonly written: boolean;
  /** Bytes. */
  readonly size: number;
}

/** Section 31.6. @returns undefined where there is no such index */
export const nvReadPublic = (client: TpmClient, handle: number): Promise<NvPublic | undefined> =>
  ifThere(() =>
    client.execute({ name: "TPM2_NV_ReadPublic", code: CC.nvReadPublic, handles: [byHandle(handle)] }, (parameters) => {
      const description = createReader(parameters.sized());
      description.take(4 + 2); // handle and algorithm
      const written = (description.u32() & NV_WRITTEN) !== 0;
      description.sized(); // policy
      return { handle, name: parameters.sized(), written, size: description.u16() };
    }),
  );

/** Bytes that every TPM gives at a time. */
const NV_CHUNK = 512;

/** What an index holds that anybody may read. @returns undefined where there is no such index */
export const nvContent = async (client: TpmClient, handle: number): Promise<Bytes | undefined> => {
  const index = await nvReadPublic(client, handle);
  if (!index) return undefined;
  const chunks: Bytes[] = [];
  for (let at = 0; at < index.size; at += NV_CHUNK)
    chunks.push(await nvRead(client, index, "empty", Math.min(NV_CHUNK, index.size - at), at));
  return concat(...chunks);
};
