/**
 * Envelopes of 20 MB, sealed to an enclave and opened there, piece by piece as they travel; against JWE (jose) and HPKE
 * with the content as one message (@hpke/core), and against AES-256-GCM alone. In turns, so that all see the same
 * machine.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { CompactEncrypt, compactDecrypt, generateKeyPair } from "jose";
import { generateKey, randomBytes } from "#crypto";
import { sourceContext } from "../src/trust/envelope/contexts.ts";
import { open, seal } from "../src/trust/envelope/envelope.ts";
import { enclaveKey } from "../src/trust/envelope/recipient.ts";
import { median, percentile, report, takeTurns } from "./support.ts";

const BYTES = 20_000_000;
const RUNS = 15;
const WARM_UP = 3;
const TARGET = 25;
const bench = "envelope";

const content = new Uint8Array(Buffer.alloc(BYTES, randomBytes(1 << 10)));

/** Seals and opens; `open` gives how many bytes came out. */
interface Contender {
  seal(): Promise<() => Promise<number>>;
}

const key = generateKey("X25519");
const context = sourceContext("a".repeat(64), "b".repeat(64), "csv");
const ours: Contender = {
  async seal() {
    const pieces = await Array.fromAsync(seal([content], { to: enclaveKey(key.publicKey.spki), context }));
    return async () => {
      let length = 0;
      for await (const piece of open(pieces, { key, context })) length += piece.length;
      return length;
    };
  },
};

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const pair = await suite.kem.generateKeyPair();
const hpke: Contender = {
  async seal() {
    const { ct, enc } = await suite.seal({ recipientPublicKey: pair.publicKey }, content);
    return async () => (await suite.open({ recipientKey: pair, enc }, ct)).byteLength;
  },
};

const receiver = await generateKeyPair("ECDH-ES", { crv: "X25519" });
const jwe: Contender = {
  async seal() {
    const header = { alg: "ECDH-ES", enc: "A256GCM" };
    const token = await new CompactEncrypt(content).setProtectedHeader(header).encrypt(receiver.publicKey);
    return async () => (await compactDecrypt(token, receiver.privateKey)).plaintext.length;
  },
};

const cipherAlone: Contender = {
  async seal() {
    const [secret, iv] = [randomBytes(32), randomBytes(12)];
    const cipher = createCipheriv("aes-256-gcm", secret, iv);
    const sealed = [cipher.update(content), cipher.final()];
    const tag = cipher.getAuthTag();
    return async () => {
      const decipher = createDecipheriv("aes-256-gcm", secret, iv).setAuthTag(tag);
      return sealed.reduce((length, piece) => length + decipher.update(piece).length, 0) + decipher.final().length;
    };
  },
};

const time = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const began = performance.now();
  return [await work(), performance.now() - began];
};

const timesOf = (name: string, contender: Contender) => async () => {
  const [reopen, sealed] = await time(() => contender.seal());
  const [length, opened] = await time(reopen);
  if (length !== BYTES) throw new Error(`${name} opened ${length} bytes`);
  return { sealed, opened };
};

const contenders = {
  ours: timesOf("ours", ours),
  hpke: timesOf("hpke", hpke),
  jwe: timesOf("jwe", jwe),
  cipherAlone: timesOf("cipherAlone", cipherAlone),
};
const times = await takeTurns(contenders, { runs: RUNS, warmUp: WARM_UP });
const labels = { hpke: "@hpke/core, one message", jwe: "jose, JWE", cipherAlone: "AES-256-GCM alone" };
for (const what of ["sealed", "opened"] as const) {
  const measured = times.ours.map((one) => one[what]);
  const note = `20 MB, ${RUNS} runs in turns`;
  report({ bench, metric: `${what}, p50`, value: median(measured), unit: "ms", target: TARGET, atMost: true, note });
  report({ bench, metric: `${what}, p95`, value: percentile(measured, 0.95), unit: "ms", note });
  for (const name of ["hpke", "jwe", "cipherAlone"] as const) {
    const peer = median(times[name].map((one) => one[what]));
    report({ bench, metric: `${what}, ${labels[name]}, p50`, value: peer, unit: "ms", note });
  }
}
