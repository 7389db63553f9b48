/** What a verified bundle says, for people and programs: who agreed to what, what ran where, what is not proven. */
import { iso } from "../base/clock.ts";
import type { Language } from "../base/refusal.ts";
import { alliance as allianceBook } from "../rules/alliance.ts";
import { enclave as enclaveBook } from "../rules/enclave.ts";
import { model as modelBook } from "../rules/model.ts";
import { source as sourceBook } from "../rules/source.ts";
import { task as taskBook } from "../rules/task.ts";
import { taskDigest } from "../rules/task-definition.ts";
import { streamOf } from "../rules/world.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import { type Act, acts, checks, notProven, type Repeated, repeated } from "./explain-text.ts";
import type { OpenedFile } from "./file.ts";
import { isPinned, type Party, partiesIn, type Trust } from "./trust.ts";
import type { Verified } from "./verify.ts";

/** A name as the bundle shows it; null where the text was left out. */
type Shown = string | null;

export interface Explanation {
  readonly task: {
    readonly id: string;
    readonly stream: string;
    readonly name: Shown;
    /** What every authorisation signed. */
    readonly digest: string;
    readonly alliance: Shown;
    readonly creator: string;
    readonly receiver: string;
    /** Where it is one run of a scheduled task: of which, and who agreed to all of them. */
    readonly schedule: (Repeated & { readonly text: string }) | null;
  };
  readonly parties: readonly (Party & { readonly pinned: boolean })[];
  /** In the ledger's order. `by` is a name, or a short id. */
  readonly acts: readonly {
    readonly at: string;
    readonly index: number;
    readonly by: string;
    readonly kind: string;
    readonly text: string;
    /** What it is about, where it has an id or a name. */
    readonly about: string;
  }[];
  readonly code: {
    readonly id: string;
    readonly name: Shown;
    readonly version: Shown;
    readonly archive: string;
    readonly main: string;
    readonly measurement: string;
    readonly provider: string;
    readonly providerLabel: string;
    readonly hardware: boolean;
    readonly isolation: string;
    readonly started: string;
    readonly finished: string;
  };
  readonly data: readonly {
    readonly id: string;
    readonly name: Shown;
    readonly owner: string;
    readonly table: string;
    readonly envelope: string;
    readonly rows: number;
  }[];
  readonly result: { readonly digest: string; readonly size: number; readonly rows: number };
  readonly ledger: { readonly origin: string; readonly key: string; readonly size: number; readonly last: string };
  readonly checks: readonly string[];
  readonly notProven: readonly string[];
}

/** @param trust what the bundle was held to; it must have passed `requireTrusted` */
export const explainBundle = (verified: Verified, language: Language, trust: Trust = {}): Explanation => {
  const { bundle, world, task, receipt, checkpoint, entries, details } = verified;
  const { definition } = task;
  const parties = partiesIn(verified).map((party) => ({ ...party, pinned: isPinned(party, trust) }));
  const names = new Map(parties.map(({ id, nickname, appId }) => [id, nickname ?? appId]));
  const nameOf = (id: string) => names.get(id) ?? (streamOf(world, enclaveBook, id) ? ENCLAVE[language] : short(id));
  const shown = (digest: string | undefined): Shown => {
    const name = details.get(digest ?? "")?.name;
    return typeof name === "string" ? name : null;
  };
  const home = streamOf(world, allianceBook, definition.alliance)?.state;
  const code = streamOf(world, modelBook, definition.model.stream)?.state;
  const enclave = streamOf(world, enclaveBook, task.runner)?.state;
  const verifier = attestationVerifiers[enclave?.provider ?? ""];
  const last = entries.at(-1);
  const series = seriesIn(verified, nameOf);

  const aboutOf = (stream: string): string => {
    if (stream === bundle.task) return shown(task.detail) ?? task.id;
    if (stream === definition.alliance) return shown(home?.detail) ?? short(stream);
    const other = streamOf(world, taskBook, stream)?.state;
    if (other) return shown(other.detail) ?? other.id;
    const state = (streamOf(world, modelBook, stream) ?? streamOf(world, sourceBook, stream))?.state;
    return shown(state?.detail) ?? state?.id ?? short(stream);
  };

  return {
    task: {
      id: task.id,
      stream: bundle.task,
      name: shown(task.detail),
      digest: task.delivery ? taskDigest(bundle.task, definition, task.delivery) : receipt.task,
      alliance: shown(home?.detail),
      creator: nameOf(task.creator),
      receiver: nameOf(definition.receiver),
      schedule: series && { ...series, text: repeated(series)[language] },
    },
    parties,
    acts: entries.flatMap(({ index, time, stream, by, signed: { statement } }) => {
      const text = acts[statement.kind as Act]?.[language];
      if (text === undefined) return [];
      return [{ at: iso(time), index, by: nameOf(by), kind: statement.kind, text, about: aboutOf(stream) }];
    }),
    code: {
      id: code?.id ?? "",
      name: shown(code?.detail),
      // A later version is not the one that ran.
      version: code?.archive.digest === definition.model.archive ? code.version : null,
      archive: receipt.model,
      main: definition.model.main,
      measurement: receipt.measurement,
      provider: enclave?.provider ?? "",
      providerLabel: verifier?.label[language] ?? "",
      hardware: verifier?.hardware ?? false,
      isolation: receipt.isolation,
      started: receipt.started,
      finished: receipt.finished,
    },
    data: receipt.sources.map(({ stream, envelope, rows }, i) => {
      const state = streamOf(world, sourceBook, stream)?.state;
      const table = definition.sources[i]?.table ?? "";
      return {
        id: state?.id ?? "",
        name: shown(state?.detail),
        owner: nameOf(state?.owner ?? ""),
        table,
        envelope,
        rows,
      };
    }),
    result: task.result ?? { digest: "", size: 0, rows: 0 },
    ledger: {
      origin: checkpoint.origin,
      key: bundle.ledger,
      size: checkpoint.size,
      last: iso(last?.time ?? 0),
    },
    checks: checks({
      statements: entries.length,
      principals: new Set(entries.map(({ by }) => by)).size,
      size: checkpoint.size,
      origin: checkpoint.origin,
      texts: details.size,
      pinned: pinnedIn(parties, trust, language),
    })[language],
    notProven: notProven({
      attestation: verifier?.doesNotProve,
      unpinned: parties.filter(({ pinned }) => !pinned).map(({ id }) => nameOf(id)),
      ledgerPinned: trust.ledger !== undefined,
      size: checkpoint.size,
      leftOut: committed(verified) - details.size,
    })[language],
  };
};

/** The scheduled task that the bundle's is a run of, as it stands in the bundle. */
const seriesIn = ({ world, task, entries }: Verified, nameOf: (id: string) => string): Repeated | null => {
  const { of = "", number = 0 } = task.occurrence ?? {};
  const found = streamOf(world, taskBook, of)?.state;
  const schedule = found?.definition.schedule;
  if (!found || !schedule) return null;
  // A grant is a consent too.
  const grants = new Set(found.definition.sources.map(({ grant }) => grant));
  const agreed = entries.flatMap(({ stream, by, time, signed: { statement, digest } }) =>
    (stream === of && statement.kind.endsWith("-authorised")) || grants.has(digest)
      ? [{ by: nameOf(by), at: iso(time) }]
      : [],
  );
  return { number, of: found.id, every: schedule.every, runs: schedule.runs, agreed };
};

const ENCLAVE = { en: "the enclave", "zh-CN": "可信执行环境" };

export const short = (id: string): string => `${id.slice(0, 8)}…`;

/** Digests of texts that statements commit to. */
export const committed = ({ entries }: OpenedFile): number =>
  new Set(entries.flatMap(({ signed }) => (signed.statement.payload as { detail?: string }).detail ?? [])).size;

const PINNED = {
  ledger: { en: "ledger", "zh-CN": "账本" },
  enclave: { en: "enclave", "zh-CN": "可信执行环境程序" },
  provider: { en: "provider", "zh-CN": "证明方式" },
} as const;

/** Names of what was pinned and held. */
export const pinnedIn = (
  parties: readonly (Party & { pinned: boolean })[],
  trust: Trust,
  language: Language,
): string[] => [
  ...(trust.ledger === undefined ? [] : [PINNED.ledger[language]]),
  ...(trust.enclaves ? [PINNED.enclave[language]] : []),
  ...(trust.providers ? [PINNED.provider[language]] : []),
  ...parties.filter(({ pinned }) => pinned).map(({ nickname, appId }) => nickname ?? appId),
];
