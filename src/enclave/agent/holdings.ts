/**
 * What this enclave may open beside what is sealed to it: keys that former enclaves released to it. And what it may
 * open no more, since it released it: there is one enclave at a time that can use an envelope, and spend for it.
 */
import { type Model, model as modelBook } from "../../rules/model.ts";
import { type Source, source as sourceBook } from "../../rules/source.ts";
import { streamOf, type World } from "../../rules/world.ts";
import { modelContext, sourceContext } from "../../trust/envelope/contexts.ts";
import type { Context } from "../../trust/envelope/header.ts";
import { refuse } from "../errors.ts";
import type { Spend } from "../gate/accountant.ts";
import type { Judged } from "./judge.ts";
import type { Release } from "./release-format.ts";
import type { HandedKey } from "./unsealing.ts";

export interface Holding {
  /** The release that brought it here, by its digest; those before it too: each counts once. None where it is sealed here. */
  readonly adopted: readonly string[];
  readonly key?: HandedKey;
  /** Since this is durable, nothing is opened here that it is about. */
  readonly released?: Release;
}

/** By resource (stream) and envelope; nothing of what is sealed to this enclave and was not released. */
export type Holdings = Readonly<Record<string, Holding>>;

export const holdingId = (resource: string, envelope: string): string => `${resource} ${envelope}`;

export const holdingOf = (holdings: Holdings, resource: string, envelope: string): Holding | undefined => {
  const id = holdingId(resource, envelope);
  return Object.hasOwn(holdings, id) ? holdings[id] : undefined;
};

/** As the server is told. */
export const heldOf = (holdings: Holdings) =>
  Object.entries(holdings).map(([id, { released }]) => {
    const [resource = "", envelope = ""] = id.split(" ");
    return { resource, envelope, held: released === undefined };
  });

/** A model or a source with an envelope, as the ledger has it. */
export interface Resource {
  readonly state: Model | Source;
  /** Digest. */
  readonly envelope: string;
  /** Of the envelope, where it is sealed to this enclave. */
  context(enclave: string): Context;
  /** Accounts of its owner's: the source's, and those of its grants. */
  readonly accounts: readonly string[];
}

/** @throws Refusal enclave.not-moved where there is no such thing */
export const resourceIn = (world: World, stream: string): Resource => {
  const { source, model } = usedIn(world, stream);
  if (source)
    return {
      state: source,
      envelope: source.envelope.digest,
      context: (enclave) => sourceContext(source.owner, enclave, source.type),
      accounts: [stream, ...[...source.grants.keys()].map((grant) => `grant ${grant}`)],
    };
  if (!model?.envelope) throw refuse("enclave.not-moved", { resource: stream });
  const { owner, archive, envelope } = model;
  return {
    state: model,
    envelope: envelope.digest,
    context: (enclave) => modelContext(owner, enclave, archive.digest),
    accounts: [],
  };
};

const usedIn = (world: World, stream: string) => ({
  source: streamOf(world, sourceBook, stream)?.state,
  model: streamOf(world, modelBook, stream)?.state,
});

/** Nothing more is spent here for what another enclave keeps the account of. @throws Refusal enclave.moved */
export const requireAccountable = (holdings: Holdings, spends: readonly Spend[]): void => {
  const elsewhere = new Set(Object.values(holdings).flatMap(({ released }) => released?.resource ?? []));
  if (spends.some(({ source, of = source }) => elsewhere.has(of))) throw refuse("enclave.moved");
};

/** The key of an envelope that came here by a release. */
export const keyIn = (holdings: Holdings, envelope: string): HandedKey | undefined =>
  Object.entries(holdings).find(([id, held]) => held.key && !held.released && id.endsWith(` ${envelope}`))?.[1].key;

/** What the task rests on has come here. @throws Refusal enclave.not-adopted: the server is to hand it over first */
export const requireAdopted = (
  { enclave, holdings }: { readonly enclave: string; readonly holdings: () => Holdings },
  { world, task }: Judged,
): void => {
  const { model, sources } = task.definition;
  for (const { stream, envelope } of [model, ...sources]) {
    if (envelope === undefined) continue;
    const held = holdingOf(holdings(), stream, envelope);
    const { source, model } = usedIn(world, stream);
    const state = source ?? model;
    // A former version of a model is sealed to wherever it was published for.
    const awaited = !held && state?.envelope?.digest === envelope && state.sealedTo !== enclave;
    if (awaited || held?.released) throw refuse("enclave.not-adopted", { id: state?.id ?? stream });
  }
};

/** What was released is not looked into for its owner either. @throws Refusal enclave.moved */
export const requireKept = (holdings: Holdings, envelope: string): void => {
  const released = Object.entries(holdings).some(([id, held]) => held.released && id.endsWith(` ${envelope}`));
  if (released) throw refuse("enclave.moved");
};
