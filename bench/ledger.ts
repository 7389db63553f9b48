/**
 * The embedded evidence ledger: 64 submitters in this process, each with its own stream of ES256 statements signed
 * beforehand; every statement is verified, ruled on, ordered and on stable storage before it counts. Beside it, in the
 * same run and directory, a single-node Tessera POSIX log in Go, whose entries are not verified or ruled on at all.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, sign } from "#crypto";
import { iso, systemClock } from "../src/base/clock.ts";
import { openEvidenceLedger } from "../src/ledger/engines/evidence/index.ts";
import type { Ledger } from "../src/ledger/port.ts";
import { rawFromPublicKey } from "../src/trust/crypto/encoding.ts";
import { createNoteSigner } from "../src/trust/log/note.ts";
import { parseStatement, signStatementWith } from "../src/trust/statement.ts";
import { model } from "../test/support/consortium.ts";
import { createEnclave, createOrganisation, type Organisation } from "../test/support/principals.ts";
import { found, ledgerStage } from "../test/support/stage.ts";
import { measureTessera } from "./peers/tessera.ts";
import { percentile, report } from "./support.ts";

const SUBMITTERS = 64;
const WARM_UP = 30;
const EACH = 300;

/** Statements of one stream, one after the other: each has seen the one before. */
const chain = (by: Organisation, stream: string, length: number): string[] => {
  const at = iso(systemClock.now());
  let seen = stream;
  return Array.from({ length }, (_, i) => {
    const permission = i % 2 === 0 ? { kind: "private" } : { kind: "public" };
    const statement = { kind: "model.permitted", stream, seen, by: by.id, at, payload: { permission } };
    const jws = signStatementWith(statement, by.key, by.leaf.der);
    seen = parseStatement(jws).digest;
    return jws;
  });
};

/** @returns milliseconds each statement took, and of all together */
const submitAll = async (ledger: Ledger, chains: readonly (readonly string[])[]) => {
  const latencies: number[] = [];
  const began = performance.now();
  await Promise.all(
    chains.map(async (statements) => {
      for (const jws of statements) {
        const sent = performance.now();
        await ledger.submit(jws);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  return { latencies, elapsed: performance.now() - began };
};

const key = generateKey("Ed25519");
const signer = createNoteSigner({
  name: "entente/bench",
  publicKey: rawFromPublicKey(key.publicKey),
  sign: (message) => sign(key, message),
});
const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  const ledger = await openEvidenceLedger({ directory, clock: systemClock, signer });
  const at = systemClock.now();
  const members = Array.from({ length: SUBMITTERS }, (_, i) => createOrganisation(`Member ${i}`, { at }));
  const enclave = createEnclave({ at });
  const stage = ledgerStage(ledger, systemClock);
  await found(stage, enclave, ...members);
  const streams = await Promise.all(members.map((member) => model(stage, member, enclave)));
  const chains = members.map((member, i) => chain(member, streams[i] as string, WARM_UP + EACH));

  await submitAll(
    ledger,
    chains.map((statements) => statements.slice(0, WARM_UP)),
  );
  const before = ledger.size;
  const { latencies, elapsed } = await submitAll(
    ledger,
    chains.map((statements) => statements.slice(WARM_UP)),
  );
  const stored = ledger.size - before;
  if (stored !== SUBMITTERS * EACH) throw new Error(`${stored} statements were stored`);
  await ledger.close();

  const bytes = chains[0]?.at(-1)?.length ?? 0;
  const tessera = await measureTessera({ directory: join(directory, "tessera"), submitters: SUBMITTERS, bytes });
  const peer = (pick: (figures: { rate: number; p50: number; p99: number }) => number) =>
    "skip" in tessera ? undefined : { name: tessera.name, value: pick(tessera) };
  const note = "skip" in tessera ? `without a peer: ${tessera.skip}` : `${SUBMITTERS} submitters, ${bytes} bytes each`;
  const bench = "ledger";
  const rate = (1_000 * stored) / elapsed;
  report({
    bench,
    metric: "rate",
    value: rate,
    unit: "statements/s",
    target: 3_000,
    peer: peer(({ rate }) => rate),
    note,
  });
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  report({
    bench,
    metric: "p50",
    value: p50,
    unit: "ms",
    target: 25,
    atMost: true,
    peer: peer(({ p50 }) => p50),
    note,
  });
  report({ bench, metric: "p99", value: p99, unit: "ms", peer: peer(({ p99 }) => p99), note });
} finally {
  await rm(directory, { recursive: true, force: true });
}
