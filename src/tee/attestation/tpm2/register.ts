/**
 * An append-only register in the TPM's non-volatile memory: an index of type EXTEND with SHA-256. The machine's owner
 * may remove it and define it anew, empty, and knows all that was ever put in; so its secret comes from the sealing
 * key. Only this program, on this machine, makes, extends and reads an index that it takes for its own.
 */
import { join } from "node:path";
import { z } from "zod";
import { randomBytes } from "#crypto";
import { fromHex, toHex, utf8 } from "../../../base/bytes.ts";
import { canonical } from "../../../base/canonical.ts";
import { readIfThere, writeDurably } from "../../files.ts";
import { type AttestationProvider, EMPTY_REGISTER } from "../provider.ts";
import { isTpmCode, type TpmClient } from "./client.ts";
import type { Session } from "./command.ts";
import { flush, nvDefine, nvExtend, nvExtended, nvRead, nvReadPublic, RC } from "./commands.ts";
import type { Endorsement } from "./endorsement.ts";
import { refuse } from "./errors.ts";
import { startSession } from "./session.ts";

const Place = z.strictObject({
  /** Handle of the NV index, of those that are the machine's owner's and that the TCG's registry leaves free. */
  index: z.number().int().min(0x0190_0000).max(0x0190_ffff),
});

/**
 * Which index is this enclave's: the file that says so may be changed by whoever runs the machine, to the loss of what
 * was sealed.
 */
export const registerPlace = async (client: TpmClient, directory: string): Promise<number> => {
  const file = join(directory, "tpm-register");
  const text = (await readIfThere(file))?.toString();
  if (text !== undefined) return parsePlace(text);
  const [high = 0, low = 0] = randomBytes(2);
  const index = 0x0190_0000 + high * 256 + low;
  if (await nvReadPublic(client, index)) return registerPlace(client, directory);
  await writeDurably(file, utf8(canonical({ index })));
  return index;
};

const parsePlace = (text: string): number => {
  try {
    return Place.parse(JSON.parse(text)).index;
  } catch {
    throw refuse("tpm.index", { index: text.slice(0, 32) });
  }
};

const LENGTH = 32;

/**
 * @param session that authenticates commands and answers
 * @param secret 32 bytes
 * @throws Refusal tpm.index, tpm.space
 */
export const openRegister = async (
  { client, endorsement }: { client: TpmClient; endorsement: Endorsement },
  session: Session,
  index: number,
  secret: Uint8Array,
): Promise<AttestationProvider["register"]> => {
  const found = await nvReadPublic(client, index);
  if (!found) await define(client, endorsement, index, secret);
  let written = found?.written ?? false;

  const own = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // Another kind of index has another name, another program's has another secret: to the session it is all one.
      const foreign = [RC.handle, RC.authFail, RC.badAuth].some((code) => isTpmCode(error, code));
      throw foreign ? refuse("tpm.index", { index: `0x${index.toString(16)}` }) : error;
    }
  };
  const read = async () => {
    if (!written) return EMPTY_REGISTER;
    return toHex(await own(() => nvRead(client, nvExtended(index, secret, true), session, LENGTH, 0)));
  };
  return {
    read,
    async extend(digest) {
      await own(() => nvExtend(client, nvExtended(index, secret, written), session, fromHex(digest)));
      written = true;
      return read();
    },
  };
};

const define = async (client: TpmClient, endorsement: Endorsement, index: number, secret: Uint8Array) => {
  const session = await endorsement.with((salt) => startSession(client, { type: "hmac", salt, hides: "command" }));
  try {
    await nvDefine(client, index, secret, session);
  } catch (error) {
    throw isTpmCode(error, RC.nvSpace) ? refuse("tpm.space") : error;
  } finally {
    await flush(client, session.handle);
  }
};
