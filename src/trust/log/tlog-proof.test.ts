import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { generateKey, sign } from "#crypto";
import vectors from "../../../test/vectors/c2sp-checkpoint.json" with { type: "json" };
import { concat, u64, utf8 } from "../../base/bytes.ts";
import { rawFromPublicKey } from "../crypto/encoding.ts";
import { publicKeyToPem } from "../keys.ts";
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { cosignatureTime, createCosigner, verifyQuorum } from "./cosignature.ts";
import { createHashTree } from "./hash-tree.ts";
import { EMPTY_ROOT, leafHash } from "./merkle.ts";
import {
  addSignature,
  COSIGNATURE,
  createNoteSigner,
  ED25519,
  formatVerifierKey,
  parseNote,
  verifierKey,
} from "./note.ts";
import { formatTlogProof, parseTlogProof, verifyTlogProof } from "./tlog-proof.ts";

const ORIGIN = "entente/test";
const NOW = 1_700_000_000_000;
const clock = { now: () => NOW };

const keyed = (name: string) => {
  const key = generateKey("Ed25519");
  return { name, key, publicKey: rawFromPublicKey(key.publicKey), sign: (message: Uint8Array) => sign(key, message) };
};
const logKey = keyed(ORIGIN);
const log = createNoteSigner(logKey);
const witnessKeys = ["w.example/1", "w.example/2", "w.example/3"].map(keyed);
const cosigners = witnessKeys.map((key) => createCosigner({ ...key, clock }));
const witnesses = cosigners.map((cosigner) => cosigner.verifierKey);

const entries = Array.from({ length: 11 }, (_, i) => utf8(`{"seq":${i}}`));
const tree = createHashTree();
for (const entry of entries) tree.append(leafHash(entry));
const checkpoint = { origin: ORIGIN, size: tree.size, root: tree.root() };
const signed = signCheckpoint(checkpoint, log);
const [first, second, third] = cosigners;
assert(first && second && third);
const cosigned = [first, third].reduce(addSignature, signed);

const changed = (bytes: Uint8Array, bit: number) =>
  bytes.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

test("the specifications' examples are read as they are meant", () => {
  const { text, signatures } = parseNote(vectors.note);
  assert.equal(parseCheckpoint(text).size, vectors.size);
  assert.equal(formatCheckpoint(parseCheckpoint(text)), text);
  assert.equal(cosignatureTime(signatures[1]?.signature ?? new Uint8Array()), vectors.witnessTime);
  const proof = parseTlogProof(vectors.proofHead + vectors.note);
  assert.deepEqual([proof.index, proof.hashes.length, proof.extra?.length], [73894, 5, 39]);
  assert.equal(formatTlogProof(proof), vectors.proofHead + vectors.note);
});

test("a checkpoint is the log's that signed it, and no other's", () => {
  assert.deepEqual(openCheckpoint(signed, log.verifierKey), checkpoint);
  assert.throws(() => openCheckpoint(signed, createNoteSigner(keyed(ORIGIN)).verifierKey), { code: "note.unsigned" });
  assert.throws(() => openCheckpoint(signed, first.verifierKey), { code: "note.key" });
  assert.throws(() => signCheckpoint({ ...checkpoint, origin: "another" }, log), { code: "checkpoint.origin" });
  const asAnother = { ...log, sign: (text: string) => log.sign(text.replace("another", ORIGIN)) };
  assert.throws(() => signCheckpoint({ ...checkpoint, origin: "another" }, asAnother), { code: "checkpoint.origin" });
  const empty = { origin: ORIGIN, size: 0, root: EMPTY_ROOT };
  assert.deepEqual(openCheckpoint(signCheckpoint(empty, log), log.verifierKey), empty);
  const extended = { ...checkpoint, extensions: ["one", "two words"] };
  assert.deepEqual(openCheckpoint(signCheckpoint(extended, log), log.verifierKey), extended);
  assert.throws(() => signCheckpoint({ ...checkpoint, extensions: [""] }, log), { code: "checkpoint.malformed" });
});

test("a log's key that signs for another origin is refused", () => {
  const text = formatCheckpoint({ ...checkpoint, origin: "entente/other" });
  const { name, verifierKey } = log;
  const note = addSignature(`${text}\n— x AAAAAAA=\n`, { name, verifierKey, sign: log.sign });
  assert.throws(() => openCheckpoint(note, log.verifierKey), { code: "checkpoint.origin" });
});

test("checkpoint texts parse strictly", () => {
  const good = formatCheckpoint(checkpoint);
  const [origin, size, root] = good.split("\n");
  for (const text of [
    `${origin}\n${size}\n${root}`,
    `${origin}\n${size}\n`,
    `\n${size}\n${root}\n`,
    `${origin}\n0${size}\n${root}\n`,
    `${origin}\n+${size}\n${root}\n`,
    `${origin}\n-1\n${root}\n`,
    `${origin}\n1e3\n${root}\n`,
    `${origin}\n9007199254740992\n${root}\n`,
    `${origin}\n${size}\n${root?.slice(4)}\n`,
    `${origin}\n${size}\n${root?.slice(0, -1)}\n`,
    `${origin}\n${size}\n${root}\n\n`,
    `${origin}\n${size}\n${root}\n\nextension\n`,
    "",
  ]) {
    assert.throws(() => parseCheckpoint(text), { code: "checkpoint.malformed" }, JSON.stringify(text));
  }
});

test("a quorum is counted over the policy's witnesses, each once", () => {
  const policy = { log: log.verifierKey, witnesses, threshold: 2 };
  const { witnesses: seen } = verifyQuorum(cosigned, policy);
  assert.deepEqual(seen, [
    { name: "w.example/1", time: NOW },
    { name: "w.example/3", time: NOW },
  ]);
  assert.deepEqual(verifyQuorum(signed, { ...policy, threshold: 0 }).witnesses, []);
  assert.throws(() => verifyQuorum(cosigned, { ...policy, threshold: 3 }), { code: "checkpoint.quorum" });
  assert.throws(() => verifyQuorum(signed, { ...policy, threshold: 1 }), { code: "checkpoint.quorum" });
  const stranger = createCosigner({ ...keyed("w.example/4"), clock });
  assert.throws(() => verifyQuorum(addSignature(signed, stranger), { ...policy, threshold: 1 }), {
    code: "checkpoint.quorum",
  });
  // The same witness again, later: one voice, its newest time.
  const firstKey = witnessKeys[0];
  assert(firstKey);
  const later = createCosigner({ ...firstKey, clock: { now: () => NOW + 60_999 } });
  const twice = addSignature(addSignature(signed, later), first);
  assert.throws(() => verifyQuorum(twice, policy), { code: "checkpoint.quorum" });
  assert.deepEqual(verifyQuorum(twice, { ...policy, threshold: 1 }).witnesses, [
    { name: "w.example/1", time: NOW + 60_000 },
  ]);
  // A plain signature by a witness's key is no cosignature.
  const plain = createNoteSigner(firstKey);
  assert.throws(() => verifyQuorum(addSignature(signed, plain), { ...policy, threshold: 1 }), {
    code: "checkpoint.quorum",
  });
  // Without the log's own signature cosignatures are worth nothing.
  const unsigned = cosigned
    .split("\n")
    .filter((line) => !line.startsWith(`— ${ORIGIN} `))
    .join("\n");
  assert.throws(() => verifyQuorum(unsigned, policy), { code: "note.unsigned" });
});

test("policies that count a key twice, or cannot be met, are refused", () => {
  const policy = { log: log.verifierKey, witnesses, threshold: 2 };
  const renamed = formatVerifierKey(verifierKey("alias", COSIGNATURE, witnessKeys[0]?.publicKey ?? new Uint8Array()));
  const plain = formatVerifierKey(verifierKey("plain", ED25519, witnessKeys[0]?.publicKey ?? new Uint8Array()));
  for (const change of [
    { witnesses: [...witnesses, renamed] },
    { witnesses: [plain] },
    { threshold: 4 },
    { threshold: -1 },
    { threshold: 1.5 },
  ]) {
    assert.throws(() => verifyQuorum(cosigned, { ...policy, ...change }), { code: "checkpoint.policy" });
  }
  assert.throws(() => verifyQuorum(cosigned, { ...policy, log: witnesses[0] ?? "" }), { code: "note.key" });
  assert.throws(() => verifyQuorum(cosigned, { ...policy, log: "nonsense" }), { code: "note.key" });
});

test("openssl verifies the log's signature and a cosignature", () => {
  const directory = mkdtempSync(join(tmpdir(), "entente-"));
  try {
    const check = (pem: string, message: Uint8Array, signature: Uint8Array) => {
      const file = (name: string, data: string | Uint8Array) => {
        writeFileSync(join(directory, name), data);
        return join(directory, name);
      };
      const args = [
        "-pubin",
        "-inkey",
        file("key", pem),
        "-in",
        file("message", message),
        "-sigfile",
        file("sig", signature),
      ];
      execFileSync("openssl", ["pkeyutl", "-verify", "-rawin", ...args]);
    };
    const { text, signatures } = parseNote(cosigned);
    const [plain, cosignature] = signatures.map(({ signature }) => signature);
    assert(plain && cosignature && witnessKeys[0]);
    check(publicKeyToPem(logKey.key.publicKey), utf8(text), plain);
    assert.deepEqual(cosignature.subarray(0, 8), u64(NOW / 1000));
    const message = concat(utf8(`cosignature/v1\ntime ${NOW / 1000}\n`), utf8(text));
    check(publicKeyToPem(witnessKeys[0].key.publicKey), message, cosignature.subarray(8));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a proof holds for its entry, and says where it is and who saw it", () => {
  const policy = { log: log.verifierKey, witnesses, threshold: 2 };
  for (const [index, entry] of entries.entries()) {
    const proof = formatTlogProof({ index, hashes: tree.inclusion(index), checkpoint: cosigned });
    const found = verifyTlogProof(proof, entry, policy);
    assert.deepEqual([found.index, found.checkpoint, found.witnesses.length], [index, checkpoint, 2]);
    assert.throws(() => verifyTlogProof(proof, utf8("another"), policy), { code: "log.inclusion" });
    assert.throws(() => verifyTlogProof(proof, entry, { ...policy, threshold: 3 }), { code: "checkpoint.quorum" });
  }
  const extra = utf8("hint");
  const proof = formatTlogProof({ index: 3, hashes: tree.inclusion(3), checkpoint: cosigned, extra });
  assert.equal(proof.split("\n")[1], "extra aGludA==");
  verifyTlogProof(proof, entries[3] ?? extra, policy);
});

test("every change of one bit of a proof is refused", () => {
  const policy = { log: log.verifierKey, witnesses, threshold: 2 };
  const entry = entries[6];
  assert(entry);
  const proof = utf8(formatTlogProof({ index: 6, hashes: tree.inclusion(6), checkpoint: cosigned }));
  for (let bit = 0; bit < proof.length * 8; bit++) {
    assert.throws(() => verifyTlogProof(decoder.decode(changed(proof, bit)), entry, policy), `bit ${bit}`);
  }
});

test("proofs parse strictly", () => {
  const good = formatTlogProof({ index: 6, hashes: tree.inclusion(6), checkpoint: cosigned });
  assert.equal(formatTlogProof(parseTlogProof(good)), good);
  const refused = [
    good.replace("@v1", "@v2"),
    good.replace("\n", "\r\n"),
    good.replace("index 6", "index 06"),
    good.replace("index 6", "index -6"),
    good.replace("index 6", "index  6"),
    good.replace("index 6\n", ""),
    good.replace("index 6", "extra aGludA\nindex 6"),
    good.replace("index 6", "index 6\nextra aGludA=="),
    good.replace("index 6", `index 6\n${"A".repeat(40)}`),
    good.replace("index 6", "index 6\n"),
    good.replace("index 6", `index 6${`\n${"A".repeat(43)}=`.repeat(54)}`),
    good.split("\n\n")[0] ?? "",
    "",
  ];
  for (const proof of refused) {
    assert.throws(() => parseTlogProof(proof), { name: "Refusal" }, proof.slice(0, 60));
  }
});
