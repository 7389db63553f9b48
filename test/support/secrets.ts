/** Secrets of key nodes, read from copies of their disks as nobody but the node can, and looked for everywhere else. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { concat, toBase64, toBase64url, toHex, utf8 } from "../../src/base/bytes.ts";
import { STORE } from "../../src/keynode/identity.ts";
import type { Candidate } from "../../src/keynode/shares.ts";
import { openNodeState } from "../../src/keynode/state.ts";
import { openStore } from "../../src/keynode/store.ts";
import { decodePlain } from "../../src/mpc/codec.ts";
import type { PlainRecord } from "../../src/mpc/protocol.ts";
import { toInteger } from "../../src/mpc/scalars.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";

export interface HeldShare {
  /** Stream of the key. */
  readonly key: string;
  readonly share: Candidate["share"];
}

/** All shares in a node's store as it is now, and the key of the store. @param folder the node's, by its measurement */
export const secretsIn = async (folder: string, measurement: string) => {
  const copy = mkdtempSync(join(tmpdir(), "entente-disk-"));
  try {
    cpSync(folder, copy, { recursive: true });
    const { loaded } = await openNodeState(copy, await openSimulated(copy), measurement);
    if (!loaded) throw new Error(`no state in ${folder}`);
    const store = openStore({ path: join(copy, STORE), ...loaded.store, seal: async () => undefined });
    const shares = store.names("share/").map((name): HeldShare => {
      const { share } = decodePlain(store.get(name) ?? new Uint8Array()) as PlainRecord & Candidate;
      return { key: name.split("/")[1] ?? "", share };
    });
    store.close();
    return { shares, storeKey: loaded.store.key };
  } finally {
    rmSync(copy, { recursive: true });
  }
};

/**
 * In base64 the same bytes look otherwise at each of three places, and their neighbours change the letters at both ends.
 */
const inBase64 = (bytes: Uint8Array): string[] =>
  [0, 1, 2].flatMap((before) =>
    [toBase64, toBase64url].map((encode) =>
      encode(concat(new Uint8Array(before), bytes, new Uint8Array(3))).slice(
        Math.ceil((before * 8) / 6),
        Math.floor(((before + bytes.length) * 8) / 6),
      ),
    ),
  );

/** Every way in which a program may have written bytes down; as text also within a statement, which is in base64. */
export const formsOf = (bytes: Uint8Array): Uint8Array[] => {
  const hex = toHex(bytes);
  const texts = [
    ...[hex, hex.toUpperCase(), hex.match(/../g)?.join(" ") ?? "", hex.match(/../g)?.join(":") ?? ""],
    ...[[...bytes].join(","), [...bytes].join(", "), JSON.stringify({ ...bytes }).slice(1, -1)],
    ...[String(toInteger(bytes)), ...inBase64(bytes)],
  ];
  return [bytes, ...[...texts, ...texts.flatMap((text) => inBase64(utf8(text)))].map(utf8)];
};

/** @returns names of the forms that are in a file */
export type Finder = (content: Uint8Array) => string[];

/** @param wanted by name, 32 bytes and more each; both byte orders are looked for */
export const finderOf = (wanted: ReadonlyMap<string, Uint8Array>): Finder => {
  /** By their first three bytes: everything is read once, whatever is looked for. */
  const forms = new Map<number, { readonly name: string; readonly form: Buffer }[]>();
  const isFirst = new Uint8Array(1 << 24);
  for (const [name, bytes] of wanted)
    for (const form of [...formsOf(bytes), ...formsOf(bytes.toReversed())]) {
      const first = ((form[0] ?? 0) << 16) | ((form[1] ?? 0) << 8) | (form[2] ?? 0);
      isFirst[first] = 1;
      forms.set(first, [...(forms.get(first) ?? []), { name, form: Buffer.from(form) }]);
    }
  return (content) => {
    const all = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const found = new Set<string>();
    let last = 0;
    for (let at = 0; at < all.length; at++) {
      last = ((last << 8) | (all[at] ?? 0)) & 0xff_ff_ff;
      if (at < 2 || isFirst[last] === 0) continue;
      for (const { name, form } of forms.get(last) ?? [])
        if (all.subarray(at - 2, at - 2 + form.length).equals(form)) found.add(name);
    }
    return [...found];
  };
};

/** Every file below a folder, by its path in it; links are not followed. */
export const filesBelow = (folder: string): Map<string, Uint8Array> =>
  new Map(
    readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, Uint8Array][] => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return [...filesBelow(path)].map(([inner, content]) => [join(entry.name, inner), content]);
      return entry.isFile() ? [[entry.name, readFileSync(path)]] : [];
    }),
  );

/** All values of all tables: in the file itself a long one lies in several places. */
export const rowsOf = (file: string): Uint8Array => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const values = tables.flatMap(({ name }) =>
      db
        .prepare(`SELECT * FROM "${String(name)}"`)
        .all()
        .flatMap((row) => Object.values(row)),
    );
    return concat(
      ...values.flatMap((value) => [value instanceof Uint8Array ? value : utf8(String(value)), utf8("\n")]),
    );
  } finally {
    db.close();
  }
};
