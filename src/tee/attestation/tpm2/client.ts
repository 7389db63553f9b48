/**
 * Sends commands to a TPM and reads its answers: TCG TPM 2.0 Library Part 1 section 18 (commands and answers) and
 * section 19 (sessions). Commands are sent one after another.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bytes, concat, equal, u32 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { createTurns } from "../../../base/turns.ts";
import { createReader, HANDLE, type Reader, sized, u16 } from "../../../trust/attestation/tpm2/structures.ts";
import type { Command, Read } from "./command.ts";
import { refuse } from "./errors.ts";
import type { Transport } from "./transport.ts";

export interface TpmClient {
  /**
   * @param read may throw SyntaxError
   * @throws Refusal tpm.unreachable, tpm.command with the TPM's code, tpm.answer
   */
  execute<T>(command: Command, read: Read<T>): Promise<T>;
  close(): Promise<void>;
}

/** TPM_ST. */
const NO_SESSIONS = 0x8001;
const SESSIONS = 0x8002;

/** TPM_RC_RETRY, YIELDED, TESTING and NV_RATE: the same command will do later (Part 2 section 6.6.3). */
const LATER = new Set([0x922, 0x908, 0x90a, 0x920]);
const MAX_TRIES = 200;

/** Whether the TPM refused with this code, whatever handle, parameter or session it blames (Part 2 section 6.6). */
export const isTpmCode = (error: unknown, code: number): boolean => {
  if (!(error instanceof Refusal) || error.code !== "tpm.command") return false;
  const found = Number(error.details.code);
  return (found & 0x80 ? found & 0xbf : found) === code;
};

export const createClient = (transport: Transport): TpmClient => {
  const take = createTurns();

  const send = async <T>(command: Command, read: Read<T>): Promise<T> => {
    const request = encode(command);
    for (let tries = 1; ; tries++) {
      const response = createReader(await transport.send(request));
      const tag = response.u16();
      response.u32(); // its length, which the transport has read by
      const code = response.u32();
      if (LATER.has(code) && tries < MAX_TRIES) {
        await sleep(tries);
        continue;
      }
      if (code !== 0) throw refuse("tpm.command", { command: command.name, code: `0x${code.toString(16)}` });
      return decode(command, tag, response, read);
    }
  };
  const readable = async <T>(command: Command, read: Read<T>): Promise<T> => {
    try {
      return await send(command, read);
    } catch (error) {
      if (error instanceof SyntaxError) throw refuse("tpm.answer", { command: command.name, reason: error.message });
      throw error;
    }
  };

  return {
    execute: (command, read) => take(() => readable(command, read)),
    close: () => transport.close(),
  };
};

const encode = (command: Command): Bytes => {
  const { code, handles = [], authorisations = [] } = command;
  let { parameters = new Uint8Array() } = command;
  const areas = authorisations.map((one) => {
    if (one === "empty") return EMPTY_PASSWORD;
    const authorised = one.authorise(command);
    parameters = authorised.parameters;
    return authorised.area;
  });
  const authorisation = areas.length > 0 ? sizedWide(...areas) : new Uint8Array();
  const body = concat(...handles.map(({ handle }) => u32(handle)), authorisation, parameters);
  return concat(u16(areas.length > 0 ? SESSIONS : NO_SESSIONS), u32(10 + body.length), u32(code), body);
};

/** TPMS_AUTH_COMMAND with an empty password. */
const EMPTY_PASSWORD = concat(u32(HANDLE.password), sized(), Uint8Array.of(1), sized());

const sizedWide = (...parts: readonly Uint8Array[]): Bytes => {
  const bytes = concat(...parts);
  return concat(u32(bytes.length), bytes);
};

/** @throws SyntaxError where the answer is malformed or a session did not authenticate it */
const decode = <T>(command: Command, tag: number, response: Reader, read: Read<T>): T => {
  const { authorisations = [], gives } = command;
  if (tag !== (authorisations.length > 0 ? SESSIONS : NO_SESSIONS)) throw new SyntaxError("its tag is wrong");
  const handle = gives ? response.u32() : 0;
  if (authorisations.length === 0) return read(response, handle);
  let parameters = response.take(response.u32());
  const sent = parameters;
  for (const one of authorisations) {
    const area = { nonce: response.sized(), attributes: response.u8(), hmac: response.sized() };
    if (one !== "empty") parameters = one.accept(command, sent, area);
    else if (!equal(area.hmac, new Uint8Array())) throw new SyntaxError("a password has no code");
  }
  response.end();
  return read(createReader(parameters), handle);
};
