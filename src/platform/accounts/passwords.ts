/** Passwords as scrypt (RFC 7914) hashes: N = 2^15, r = 8, p = 1, 32 MiB each. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { refuse } from "./errors.ts";

const LOG_N = 15;
const BYTES = 32;
const MIN = 10;
const MAX = 256;

const derive = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);
const hashOf = (password: string, salt: Uint8Array, logN: number): Promise<Buffer> =>
  derive(password.normalize("NFKC"), salt, BYTES, { N: 2 ** logN, r: 8, p: 1, maxmem: 256 * 2 ** logN * 8 });

/** `$scrypt$ln=15,r=8,p=1$salt$hash`. @throws Refusal password.weak */
export const hashPassword = async (password: string): Promise<string> => {
  const { length } = [...password];
  if (length < MIN || length > MAX) throw refuse("password.weak", { min: MIN, max: MAX });
  const salt = randomBytes(16);
  const hash = await hashOf(password, salt, LOG_N);
  return `$scrypt$ln=${LOG_N},r=8,p=1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
};

/** Takes as long for a user who has no password (null) or does not exist as for one who does. */
export const verifyPassword = async (password: string, stored: string | null | undefined): Promise<boolean> => {
  const [, logN, salt, hash] = /^\$scrypt\$ln=(\d+),r=8,p=1\$([\w-]+)\$([\w-]+)$/.exec(stored ?? "") ?? [];
  const expected = hash ? Buffer.from(hash, "base64url") : Buffer.alloc(BYTES);
  const actual = await hashOf(password.slice(0, 4 * MAX), Buffer.from(salt ?? "", "base64url"), Number(logN ?? LOG_N));
  return hash !== undefined && expected.length === actual.length && timingSafeEqual(expected, actual);
};
