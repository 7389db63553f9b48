/**
 * Sessions with a TPM: TCG TPM 2.0 Library Part 1 sections 19.6 (HMAC), 19.7 (policy) and 21 (parameter encryption).
 * They are salted with the endorsement key, so whoever listens on the bus cannot read what the TPM answers under
 * `encrypt`, and whoever sits on it cannot change commands and answers unnoticed.
 */
import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { hmacSha256, randomBytes, sha256 } from "#crypto";
import { type Bytes, concat, u32 } from "../../../base/bytes.ts";
import { kdfA, shareSeed } from "../../../trust/attestation/tpm2/credential.ts";
import { ALG, createReader, HANDLE, sized, u16 } from "../../../trust/attestation/tpm2/structures.ts";
import type { EndorsementKey } from "../../../trust/attestation/tpm2/templates.ts";
import type { TpmClient } from "./client.ts";
import { byHandle, type Command, type Named, type Read, type Session } from "./command.ts";

export const SESSION_TYPE = { hmac: 0x00, policy: 0x01 } as const;

/** TPMA_SESSION. */
const CONTINUE = 1 << 0;
/** From the TPM's side: it decrypts the first parameter of commands, it encrypts that of answers. */
const DECRYPT = 1 << 5;
const ENCRYPT = 1 << 6;
const HIDES = { command: DECRYPT, answer: ENCRYPT, nothing: 0 } as const;

const START_AUTH_SESSION = 0x176;
const NONCE_LENGTH = 32;
const AES_128_CFB = concat(u16(ALG.aes), u16(128), u16(ALG.cfb));

/** What a session is salted with: a loaded key of the TPM that decrypts. */
export interface Salt extends Named {
  readonly key: EndorsementKey;
}

/**
 * @param options.salt without it, the session carries no secret: for policies only
 * @param options.hides the first parameter of every command, or of every answer, travels encrypted
 */
export const startSession = async (
  client: TpmClient,
  { type, salt, hides = "nothing" }: { type: keyof typeof SESSION_TYPE; salt?: Salt; hides?: keyof typeof HIDES },
): Promise<Session> => {
  const shared = salt && shareSeed(salt.key, "SECRET");
  let nonceCaller = randomBytes(NONCE_LENGTH);
  const request = {
    name: "TPM2_StartAuthSession",
    code: START_AUTH_SESSION,
    handles: [byHandle(salt?.handle ?? HANDLE.null), byHandle(HANDLE.null)],
    parameters: concat(
      sized(nonceCaller),
      sized(shared?.encrypted ?? new Uint8Array()),
      Uint8Array.of(SESSION_TYPE[type]),
      hides === "nothing" ? u16(ALG.null) : AES_128_CFB,
      u16(ALG.sha256),
    ),
    gives: "handle",
  } as const;
  const read: Read<{ handle: number; nonce: Bytes }> = (parameters, handle) => ({ handle, nonce: parameters.sized() });
  const { handle, nonce } = await client.execute(request, read);
  let nonceTpm = nonce;
  const key = shared ? kdfA(shared.seed, "ATH", nonceTpm, nonceCaller, 256) : new Uint8Array();
  const attributes = CONTINUE | HIDES[hides];
  /** With the secret of what is authorised, of which a hierarchy or key here has none. */
  const keyFor = ({ handles = [] }: Command) => concat(key, handles[0]?.secret ?? new Uint8Array());
  // Without a secret there is nothing to authenticate with (Part 1 section 19.6.5).
  const code = (command: Command, ...parts: readonly Uint8Array[]) =>
    shared ? hmacSha256(keyFor(command), concat(...parts)) : new Uint8Array();
  const cipher = (command: Command, newer: Uint8Array, older: Uint8Array) =>
    kdfA(keyFor(command), "CFB", newer, older, 256);

  return {
    ...byHandle(handle),
    authorise(command) {
      nonceCaller = randomBytes(NONCE_LENGTH);
      const { handles = [], parameters: clear = new Uint8Array() } = command;
      const parameters = hides === "command" ? encryptFirst(clear, cipher(command, nonceCaller, nonceTpm)) : clear;
      const digest = sha256(concat(u32(command.code), ...handles.map(({ name }) => name), parameters));
      const hmac = code(command, digest, nonceCaller, nonceTpm, Uint8Array.of(attributes));
      return { area: concat(u32(handle), sized(nonceCaller), Uint8Array.of(attributes), sized(hmac)), parameters };
    },
    accept(command, parameters, area) {
      const digest = sha256(concat(u32(0), u32(command.code), parameters));
      const expected = code(command, digest, area.nonce, nonceCaller, Uint8Array.of(area.attributes));
      if (area.hmac.length !== expected.length || !timingSafeEqual(area.hmac, expected))
        throw new SyntaxError("it is not authenticated");
      nonceTpm = area.nonce.slice();
      if (hides !== "answer") return parameters;
      if ((area.attributes & ENCRYPT) === 0) throw new SyntaxError("it is not encrypted");
      return decryptFirst(parameters, cipher(command, nonceTpm, nonceCaller));
    },
  };
};

/** The first TPM2B of the parameters; its length stays in the clear. @param secret key and initialisation vector */
const encryptFirst = (parameters: Uint8Array, secret: Uint8Array): Bytes => {
  const reader = createReader(parameters);
  const cipher = createCipheriv("aes-128-cfb", secret.subarray(0, 16), secret.subarray(16));
  return concat(sized(cipher.update(reader.sized())), reader.rest());
};

const decryptFirst = (parameters: Uint8Array, secret: Uint8Array): Bytes => {
  const reader = createReader(parameters);
  const decipher = createDecipheriv("aes-128-cfb", secret.subarray(0, 16), secret.subarray(16));
  return concat(sized(decipher.update(reader.sized())), reader.rest());
};
