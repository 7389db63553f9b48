/** Versions that a model has had: its state keeps the newest only. */
import type { Ledger } from "../ledger/port.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { type Model, published, revised } from "../rules/model.ts";
import type { Readable } from "../spine/access.ts";
import { parseStatement } from "../trust/statement.ts";

type Version = Pick<Model, "version" | "archive" | "envelope">;

/**
 * @param digest of the plain archive; the newest version, without
 * @returns an open version with this archive, where there is one
 * @throws Refusal blob.unknown
 */
export const versionOf = async (ledger: Ledger, { id, state }: Readable<Model>, digest?: string): Promise<Version> => {
  const fits = ({ archive, envelope }: Version) => archive.digest === digest && !envelope;
  if (digest === undefined || fits(state)) return state;
  const versions = await versionsIn(ledger, ledger.positions(id));
  const found = versions.find(fits) ?? versions.find(({ archive }) => archive.digest === digest);
  if (!found) throw refusePlatform("blob.unknown", { digest });
  return found;
};

/** What a model was called when the ledger had `index` entries. @param id its stream, with what its state says now */
export const versionAt = async (ledger: Ledger, id: string, now: Model, index: number): Promise<string> => {
  const positions = ledger.positions(id);
  if ((positions.at(-1) ?? 0) < index) return now.version;
  const before = await versionsIn(
    ledger,
    positions.filter((position) => position < index),
  );
  return before.at(-1)?.version ?? now.version;
};

const versionsIn = async (ledger: Ledger, positions: readonly number[]): Promise<Version[]> => {
  const entries = await Promise.all(positions.map((index) => ledger.entry(index)));
  return entries.flatMap(({ jws }): Version[] => {
    const { kind, payload } = parseStatement(jws).statement;
    return kind === published.name || kind === revised.name ? [payload as Version] : [];
  });
};
