/**
 * A data directory as a platform leaves it after very many acts: the accounts through the API, the acts by the evidence
 * engine itself, each signed, verified and ruled on, their texts beside.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sign } from "#crypto";
import { canonical } from "../../src/base/canonical.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import { openDatabase } from "../../src/platform/db/open.ts";
import { createClient } from "../../src/sdk/client.ts";
import type { SpineTables } from "../../src/spine/views-schema.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { keyFromPem } from "../../src/trust/keys.ts";
import { createNoteSigner, type NoteSigner } from "../../src/trust/log/note.ts";
import { alliance, COLUMNS, type Consortium, model, source, taskUpTo } from "../../test/support/consortium.ts";
import { startPlatform } from "../../test/support/platform.ts";
import { createEnclave, createOrganisation, type Organisation, SALT } from "../../test/support/principals.ts";
import { act, found, ledgerStage, type Stage } from "../../test/support/stage.ts";

/** Of each 100 tasks, so many have got no further than the step. */
const STEPS = { created: 3, receiver: 3, sources: 3, authorised: 1 } as const;
/** Streams that are written to at the same time. */
const WRITERS = 64;
/** Tasks for each model, and for each pair of sources. */
const TASKS_EACH = 8;
const ROWS = 500;

/** Whether it was made, in full, under the rules as they are now. @param size how much is asked for: of what, its maker knows */
export const isMade = async (data: string, size: number): Promise<boolean> => {
  const made = await readFile(join(data, "made.json"), "utf8").catch(() => "");
  return made === madeOf(size);
};

const madeOf = (size: number): string => {
  const hash = createHash("sha256");
  for (const folder of ["rules", "trust"]) {
    const top = fileURLToPath(new URL(`../../src/${folder}`, import.meta.url));
    for (const file of globSync("**/*.ts", { cwd: top }).sort()) hash.update(readFileSync(join(top, file)));
  }
  return JSON.stringify({ size, rules: hash.digest("hex") });
};

/** The key of a data directory's ledger. */
export const ledgerSignerIn = async (directory: string): Promise<NoteSigner> => {
  const { name, pem } = JSON.parse(await readFile(join(directory, "key.json"), "utf8")) as Record<
    "name" | "pem",
    string
  >;
  const key = keyFromPem(pem, { accept: ["Ed25519"] });
  return createNoteSigner({ name, publicKey: rawFromPublicKey(key.publicKey), sign: (message) => sign(key, message) });
};

export const makeLedger = (data: string, acts: number): Promise<void> =>
  fillLedger(data, acts, (stage, organisations, text, size) => write(stage, organisations, () => size() < acts, text));

/** Gives a text that statements commit to its place beside the ledger. */
type Text = (text: object) => { detail: string };
type Write = (
  stage: Stage<Clock>,
  /** An institute and two hospitals; each signs in by its name and `passwordOf` it. */
  organisations: readonly [Organisation, Organisation, Organisation],
  text: Text,
  /** Acts so far. */
  size: () => number,
) => Promise<void>;

export const fillLedger = async (data: string, wanted: number, work: Write): Promise<void> => {
  const organisations = await signUp(data);
  const directory = join(data, "ledger");
  const ledger = await openEvidenceLedger({ directory, clock: systemClock, signer: await ledgerSignerIn(directory) });
  const texts = new Map<string, string>();
  const text: Text = (content) => {
    const whole = { salt: SALT, ...content };
    const detail = digestOf(whole);
    texts.set(detail, canonical(whole));
    return { detail };
  };
  try {
    await work(ledgerStage(ledger, systemClock), organisations, text, () => ledger.size);
  } finally {
    await ledger.close();
  }
  await storeTexts(data, texts);
  await writeFile(join(data, "made.json"), madeOf(wanted));
};

export const passwordOf = (name: string): string => `the password of ${name}`;

/** Accounts on a platform, and organisations that will be theirs. */
const signUp = async (data: string): Promise<Parameters<Write>[1]> => {
  const platform = await startPlatform({ data });
  try {
    const client = createClient({ url: platform.url });
    const join = async (name: string) => {
      const { account } = await client.accounts.create({ nickname: name, login: name, password: passwordOf(name) });
      return createOrganisation(name, { at: systemClock.now(), appId: account.appId });
    };
    return [await join("institute"), await join("north"), await join("south")];
  } finally {
    await platform.stop();
  }
};

const write = async (
  stage: Stage<Clock>,
  organisations: readonly [Organisation, Organisation, Organisation],
  more: () => boolean,
  text: Text,
): Promise<void> => {
  const enclave = createEnclave({ at: systemClock.now() });
  const [institute, north, south] = organisations;
  await found(stage, enclave, ...organisations);
  for (const { name } of organisations) text({ nickname: name });
  const home = await alliance(stage, enclave, [institute, north, south]);

  let count = 0;
  const writer = async () => {
    while (more()) {
      const number = ++count;
      const named = (name: string) => text({ name: `${name} ${number}`, description: "" });
      const code = await model(stage, institute, enclave, text({ name: `Model ${number}` }));
      const tables = { description: "", metadata: "", columns: COLUMNS };
      const sources = await Promise.all(
        [north, south].map((owner) =>
          source(stage, owner, enclave, text({ name: `Source ${number} of ${owner.name}`, ...tables })),
        ),
      );
      await act(stage, institute, "model.permitted", code, { permission: { kind: "public" } });
      const parts = { alliance: home, receiver: institute, enclave, model: code, sources };
      const trio: Consortium = { hospitals: [north, south], institute, stranger: institute, enclave, parts };
      for (let task = 0; task < TASKS_EACH && more(); task++)
        await taskUpTo(stage, trio, stepOf(number * TASKS_EACH + task), named(`Task ${task}`));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
};

const stepOf = (task: number): Parameters<typeof taskUpTo>[2] => {
  let left = task % 100;
  for (const [step, share] of Object.entries(STEPS)) {
    if (left < share) return step as keyof typeof STEPS;
    left -= share;
  }
  return "completed";
};

const storeTexts = async (data: string, texts: ReadonlyMap<string, string>): Promise<void> => {
  const db = openDatabase("", { dataDir: data }).$extendTables<SpineTables>();
  try {
    const rows = [...texts].map(([digest, text]) => ({ digest, text }));
    for (let at = 0; at < rows.length; at += ROWS)
      await db
        .insertInto("details")
        .values(rows.slice(at, at + ROWS))
        .onConflict((oc) => oc.doNothing())
        .execute();
  } finally {
    await db.destroy();
  }
};
