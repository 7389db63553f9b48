/** Evidence bundles of real runs on a real ledger, as small or as large as a test wants them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, sign } from "#crypto";
import { fromUtf8, toBase64, toHex } from "../../src/base/bytes.ts";
import { iso, MINUTE } from "../../src/base/clock.ts";
import type { Bundle } from "../../src/evidence/bundle.ts";
import { exportBundle } from "../../src/evidence/export.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { closureOf } from "../../src/rules/closure.ts";
import { source as sourceBook, structureDigest } from "../../src/rules/source.ts";
import { reportData } from "../../src/trust/attestation/report-data.ts";
import { simulatedEvidence } from "../../src/trust/attestation/simulated.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { openCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { createNoteSigner } from "../../src/trust/log/note.ts";
import { parseStatement, signStatementWith } from "../../src/trust/statement.ts";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  complete,
  modelPayload,
  type Parts,
  sourcePayload,
  task,
} from "./consortium.ts";
import {
  COMPONENTS,
  createOrganisation,
  digestOfJws,
  type Enclave,
  MEASUREMENT,
  type Organisation,
  SALT,
} from "./principals.ts";
import { act, found, ledgerStage, movableClock, type Stage } from "./stage.ts";

/** A ledger in a directory of its own, and the stage on which acts are made on it. */
export const openStage = async (origin = "entente/test") => {
  const directory = mkdtempSync(join(tmpdir(), "entente-bundle-"));
  const clock = movableClock();
  const key = generateKey("Ed25519");
  const signer = createNoteSigner({
    name: origin,
    publicKey: rawFromPublicKey(key.publicKey),
    sign: (message) => sign(key, message),
  });
  const ledger = await openEvidenceLedger({ directory, clock, signer });
  const close = async () => {
    await ledger.close();
    rmSync(directory, { recursive: true });
  };
  return { ledger, stage: ledgerStage(ledger, clock), close };
};

/** An enclave that follows this very ledger, with simulated evidence. */
const enclaveOn = (ledger: Ledger, at: number): Enclave => {
  const key = generateKey("P-256");
  const claims = {
    signingKey: toBase64(key.publicKey.spki),
    encryptionKey: toBase64(generateKey("X25519").publicKey.spki),
    measurement: MEASUREMENT,
    ledger: ledger.verifierKey,
    isolation: "bubblewrap",
  };
  const evidence = simulatedEvidence({ measurement: MEASUREMENT, reportData: reportData({ ...claims, nonce: "" }) });
  const payload = { ...claims, components: COMPONENTS, attestation: { provider: "simulated", evidence } };
  const founding = signStatementWith(
    { kind: "enclave.attested", stream: "", seen: "", by: "", at: iso(at), payload },
    key,
  );
  return { id: digestOfJws(founding), founding, key, measurement: MEASUREMENT };
};

/** Texts by digest, as they are given when a statement is made. */
const texts = new Map<string, unknown>();
const committed = (detail: object): string => {
  const digest = digestOf(detail);
  texts.set(digest, detail);
  return digest;
};

/** What the enclave would say after it has replayed the ledger as it stands. */
const seen = async (ledger: Ledger, id: string) => {
  const statements = new Map<string, ReturnType<typeof parseStatement>[]>();
  for await (const { stream, jws } of ledger.read(0))
    statements.set(stream, [...(statements.get(stream) ?? []), parseStatement(jws)]);
  const streams = closureOf(id, (stream) => statements.get(stream) ?? []);
  const { size, root } = openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
  return {
    checkpoint: { size, root: toHex(root) },
    heads: Object.fromEntries([...streams].map((stream) => [stream, statements.get(stream)?.at(-1)?.digest ?? ""])),
  };
};

export interface Ran {
  readonly ledger: Ledger;
  readonly stage: Stage;
  readonly enclave: Enclave;
  readonly parties: readonly Organisation[];
  readonly task: string;
  /** The file. */
  readonly bytes: Uint8Array;
  readonly bundle: Bundle;
  close(): Promise<void>;
}

export interface RunOptions {
  /** One organisation plays every part, or three do. */
  readonly parties?: 1 | 3;
  /** Acts that have nothing to do with the run, on the same ledger. */
  readonly noise?: number;
  /** Leave all texts out. */
  readonly withoutTexts?: boolean;
  /** Members of the receipt to put something else in. */
  readonly receipt?: Record<string, unknown>;
}

export const DESCRIBED = [{ name: "patient", type: "text", description: "病人编号" }];

/** A task asked for, authorised by everybody and completed; exported. */
export const runToBundle = async ({ parties: count = 1, noise = 0, ...options }: RunOptions = {}): Promise<Ran> => {
  const { ledger, stage, close } = await openStage();
  const at = stage.clock.now();
  const names = ["研究所", "第一医院", "第二医院"].slice(0, count);
  const parties = names.map((name) => createOrganisation(name, { at }));
  for (const name of names) committed({ salt: SALT, nickname: name });
  const [institute = createOrganisation("研究所"), ...hospitals] = parties;
  const enclave = enclaveOn(ledger, at);
  await found(stage, ...parties, enclave);
  for (let i = 0; i < noise; i++) await found(stage, createOrganisation(`外人${i}`, { at }));

  const alliance = await act(stage, institute, "alliance.founded", "", {
    network: "evidence",
    enclave: enclave.id,
    detail: committed({ salt: SALT, name: "可信联盟", description: "" }),
  });
  for (const hospital of hospitals) {
    await act(stage, institute, "alliance.invited", alliance, { member: hospital.id });
    await act(stage, hospital, "alliance.joined", alliance);
  }
  const model = await act(
    stage,
    institute,
    "model.published",
    "",
    modelPayload(enclave, { detail: committed({ salt: SALT, name: "逻辑回归" }) }),
  );
  const providers = hospitals.length > 0 ? hospitals : [institute];
  const sources: string[] = [];
  for (const [i, provider] of providers.entries()) {
    const detail = { salt: SALT, name: `数据${i + 1}`, description: "", columns: DESCRIBED, metadata: "" };
    const payload = sourcePayload(enclave, { structure: structureDigest(DESCRIBED), detail: committed(detail) });
    sources.push(await act(stage, provider, sourceBook.kinds[0]?.name ?? "", "", payload));
  }
  const parts: Parts = { alliance, receiver: institute, enclave, model, sources };
  const id = await task(stage, institute, parts, { detail: committed({ salt: SALT, name: "预测", description: "" }) });
  await authoriseReceiver(stage, institute, id);
  stage.clock.advance(MINUTE);
  for (const provider of providers) await authoriseSource(stage, provider, id);
  await authoriseModel(stage, institute, id);
  await complete(stage, enclave, id, { receipt: { ...(await seen(ledger, id)), ...options.receipt } });
  for (let i = 0; i < noise; i++) await found(stage, createOrganisation(`后来者${i}`, { at }));

  const bytes = await exportBundle(ledger, id, async (digests) => {
    const shown = options.withoutTexts ? [] : digests.filter((digest) => texts.has(digest));
    return new Map(shown.map((digest) => [digest, texts.get(digest)]));
  });
  const bundle = JSON.parse(fromUtf8(bytes)) as Bundle;
  return { ledger, stage, enclave, parties, task: id, bytes, bundle, close };
};
