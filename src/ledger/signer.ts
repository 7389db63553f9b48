/** The ledger's own key and name, in a file beside what it writes. */
import { readFileSync, writeFileSync } from "node:fs";
import { generateKey, randomBytes, sign } from "#crypto";
import { toHex } from "../base/bytes.ts";
import { rawFromPublicKey } from "../trust/crypto/encoding.ts";
import { keyFromPem, keyToPem } from "../trust/keys.ts";
import { createNoteSigner, type NoteSigner } from "../trust/log/note.ts";

/** Made on the first start. */
export const ledgerSigner = (path: string): NoteSigner => {
  const { name, pem } = readOrMake(path, () => ({
    name: `entente/${toHex(randomBytes(8))}`,
    pem: keyToPem(generateKey("Ed25519")),
  }));
  const key = keyFromPem(pem, { accept: ["Ed25519"] });
  return createNoteSigner({ name, publicKey: rawFromPublicKey(key.publicKey), sign: (message) => sign(key, message) });
};

const readOrMake = <T>(path: string, make: () => T): T => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = make();
    writeFileSync(path, JSON.stringify(made), { mode: 0o600, flag: "wx", flush: true });
    return made;
  }
};
