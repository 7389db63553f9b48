import assert from "node:assert/strict";
import { test } from "node:test";
import { rawPublicKey, sign } from "#crypto";
import vectors from "../../../test/vectors/c2sp-notes.json" with { type: "json" };
import { type Bytes, fromBase64, fromHex, toHex } from "../../base/bytes.ts";
import { privateKeyFromRaw } from "../crypto/encoding.ts";
import { cosignatureTime } from "./cosignature.ts";
import {
  addSignature,
  createNoteSigner,
  formatNote,
  formatVerifierKey,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
} from "./note.ts";

const { text, peter, enoch, example } = vectors;
const [peterKey, enochKey] = [peter, enoch].map(({ verifierKey }) => parseVerifierKey(verifierKey));
assert(peterKey && enochKey);

const signerOf = (name: string, seed: Bytes) => {
  const publicKey = rawPublicKey("Ed25519", seed);
  const key = privateKeyFromRaw("Ed25519", seed, publicKey);
  return createNoteSigner({ name, publicKey, sign: (message) => sign(key, message) });
};
const peterSigner = signerOf("PeterNeumann", fromBase64(peter.signerKey.split("+c74f20a3+")[1] ?? "").slice(1));
const enochSigner = signerOf("EnochRoot", fromHex(enoch.seed));

test("the published keys sign the published notes, byte for byte", () => {
  assert.equal(peterSigner.verifierKey, peter.verifierKey);
  assert.equal(enochSigner.verifierKey, enoch.verifierKey);
  const note = signNote(text, [peterSigner]);
  assert.equal(note, `${text}\n${peter.line}`);
  assert.equal(addSignature(note, enochSigner), `${text}\n${peter.line}${enoch.line}`);
});

test("the published notes verify, and say by whom", () => {
  const both = `${text}\n${peter.line}${enoch.line}`;
  const names = (...keys: (typeof peterKey)[]) => openNote(both, keys).verified.map(({ key }) => key.name);
  assert.deepEqual(names(peterKey), ["PeterNeumann"]);
  assert.deepEqual(names(enochKey), ["EnochRoot"]);
  assert.deepEqual(names(enochKey, peterKey), ["PeterNeumann", "EnochRoot"]);
  assert.equal(openNote(both, [peterKey]).text, text);
  assert.equal(openNote(example.note, [parseVerifierKey(example.verifierKey)]).text, "This is an example message.\n");
});

test("signatures by unknown keys are ignored, known ones must verify", () => {
  assert.throws(() => openNote(`${text}\n${enoch.line}`, [peterKey]), { code: "note.unsigned" });
  assert.throws(() => openNote(`${text}\n${enoch.line}`, []), { code: "note.unsigned" });
  // Peter's signature under Enoch's name and hash: known, and wrong.
  const forged = peter.line.replace("PeterNeumann x08go/Z", "EnochRoot rwz+ePZ");
  assert.throws(() => openNote(`${text}\n${peter.line}${forged}`, [peterKey, enochKey]), { code: "note.signature" });
  assert.equal(openNote(`${text}\n${peter.line}${forged}`, [peterKey]).verified.length, 1);
  // The same hash under another name, the same name with another hash: unknown.
  const renamed = peter.line.replace("PeterNeumann", "PeterNeuman");
  assert.throws(() => openNote(`${text}\n${renamed}`, [peterKey]), { code: "note.unsigned" });
  const rehashed = peter.line.replace("x08go/", "x08gp/");
  assert.throws(() => openNote(`${text}\n${rehashed}`, [peterKey]), { code: "note.unsigned" });
  assert.throws(() => openNote(`${text.replace("think", "thinK")}\n${peter.line}`, [peterKey]), {
    code: "note.signature",
  });
});

test("notes parse strictly", () => {
  const good = `${text}\n${peter.line}`;
  assert.equal(formatNote(parseNote(good)), good);
  // As the format says, the last empty line separates: the text may have others.
  assert.equal(parseNote(`a\n\nb\n\n${peter.line}`).text, "a\n\nb\n");
  const refused = {
    "no signatures": `${text}\n`,
    "no empty line": `${text}${peter.line}`,
    "no last newline": good.slice(0, -1),
    "two last newlines": `${good}\n`,
    "carriage returns": good.replaceAll("\n", "\r\n"),
    "a tab": good.replace(" think", "\tthink"),
    "a lone surrogate": good.replace("think", "\ud800"),
    "a hyphen for the dash": good.replace("—", "-"),
    "no name": good.replace("— PeterNeumann ", "—  "),
    "a plus in the name": good.replace("PeterNeumann", "Peter+Neumann"),
    "a no-break space in the name": good.replace("PeterNeumann", "Peter\u00a0Neumann"),
    "a next-line character in the name": good.replace("PeterNeumann", "Peter\u0085Neumann"),
    "two spaces": good.replace("PeterNeumann ", "PeterNeumann  "),
    "a trailing space": good.replace("nAM=\n", "nAM= \n"),
    "unpadded base64": good.replace("nAM=\n", "nAM\n"),
    "loose bits in base64": good.replace("nAM=\n", "nAN=\n"),
    base64url: good.replace("/ZJ", "_ZJ"),
    "no more than a hash": `${text}\n— PeterNeumann x08gow==\n`,
    "a text without newline": `text\n${peter.line}`,
    "too many signatures": good + peter.line.repeat(100),
    "a megabyte": good.padStart(1 << 21, "x"),
  };
  for (const [what, note] of Object.entries(refused)) {
    assert.throws(() => parseNote(note), { code: "note.malformed" }, what);
  }
  assert.equal(parseNote(good + peter.line.repeat(15)).signatures.length, 16);
  assert.throws(() => signNote("no newline", [peterSigner]), { code: "note.malformed" });
  assert.throws(() => signNote(text, []), { code: "note.malformed" });
});

test("every change of one bit of a signed note is refused", () => {
  const good = new TextEncoder().encode(`${text}\n${peter.line}`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let bit = 0; bit < good.length * 8; bit++) {
    const changed = good.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
    assert.throws(() => openNote(decoder.decode(changed), [peterKey]), `bit ${bit}`);
  }
});

test("verifier keys parse strictly and print as they were", () => {
  for (const vkey of [peter.verifierKey, enoch.verifierKey, example.verifierKey, ...vectors.verifierKeys]) {
    assert.equal(formatVerifierKey(parseVerifierKey(vkey)), vkey);
  }
  const bad = peter.verifierKey;
  for (const vkey of [
    ...vectors.refusedVerifierKeys,
    "",
    bad.slice(1),
    bad.replace("c74f20a3", "c74f20a4"),
    bad.replace("c74f20a3", "C74F20A3"),
    bad.replace("PeterNeumann", "Peter Neumann"),
    bad.replace("+ARpc", "+AhPc"),
    bad.slice(0, -4),
    `${bad}\n`,
    ` ${bad}`,
  ]) {
    assert.throws(() => parseVerifierKey(vkey), { code: "note.key" }, vkey);
  }
  assert.throws(() => signerOf("with space", fromHex(enoch.seed)), { code: "note.key" });
});

test("the published cosignature names its time", () => {
  const bytes = fromBase64(vectors.cosignature.line);
  assert.equal(toHex(bytes.subarray(0, 4)), "646846b9");
  assert.equal(cosignatureTime(bytes.subarray(4)), vectors.cosignature.time);
});
