/**
 * The server's own key: encrypts what the database must not give away (access key secrets) and derives tokens. It lies
 * in the data directory, apart from the database, and several servers on one database share it.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { refuse } from "./errors.ts";

export interface ServerKey {
  /** AES-256-GCM; `context` is authenticated and must be given again. */
  seal(text: string, context: string): Uint8Array;
  /** @throws Refusal server-key.other when it was sealed by another key or for another context */
  open(sealed: Uint8Array, context: string): string;
  /** HMAC-SHA256 as base64url, under a key derived for `purpose`. */
  derive(purpose: string, text: string): string;
}

const NONCE = 12;
const TAG = 16;

/** Reads `server.key` in the data directory, or makes it (mode 0600). @throws Refusal server-key.unreadable */
export const openServerKey = (dataDir: string): ServerKey => {
  const file = join(dataDir, "server.key");
  const master = readOrCreate(file);
  if (master.length !== 32) throw refuse("server-key.unreadable", { file });
  const keyFor = (purpose: string) =>
    new Uint8Array(hkdfSync("sha256", master, new Uint8Array(), `entente ${purpose}`, 32));
  const sealing = keyFor("seal");

  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const body = sealed.subarray(NONCE, sealed.length - TAG);
      try {
        const decipher = createDecipheriv("aes-256-gcm", sealing, sealed.subarray(0, NONCE), { authTagLength: TAG });
        decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(sealed.length - TAG));
        return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
      } catch {
        throw refuse("server-key.other", { what: context });
      }
    },
    derive: (purpose, text) => createHmac("sha256", keyFor(purpose)).update(text).digest("base64url"),
  };
};

const readOrCreate = (file: string): Uint8Array => {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  // Written whole under another name first: a half-written key would be taken for the key.
  const draft = `${file}.${process.pid}`;
  const handle = openSync(draft, "w", 0o600);
  writeSync(handle, randomBytes(32));
  fsyncSync(handle);
  closeSync(handle);
  linkSync(draft, file);
  rmSync(draft);
  return readFileSync(file);
};
