/**
 * What this enclave may open beside what is sealed to it: keys that former enclaves released to it. And what it may
 * open no more, since it released it: there is one enclave at a time that can use an envelope, and spend for it.
 */
import { type Model, model as modelBook } from "../../rules/model.ts";
import type { Placed } from "../../rules/moving.ts";
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
  /** Releases that it came by, by their digests: each counts once. None where it began here. */
  readonly adopted: readonly string[];
  /** What opens its envelope, where that is sealed to another enclave. */
  readonly key?: HandedKey & { readonly envelope: string };
  /** Since this is durable, nothing is opened or spent here that it is about. */
  readonly released?: Release;
}

/** By what is held; nothing of what began here and was not released. */
export type Holdings = Readonly<Record<string, Holding>>;

export const holdingOf = (holdings: Holdings, id: string): Holding | undefined =>
  Object.hasOwn(holdings, id) ? holdings[id] : undefined;

/** As the server is told. */
export const heldOf = (holdings: Holdings) =>
  Object.entries(holdings).map(([id, { released }]) => {
    const [resource = "", envelope = ""] = id.split(" ");
    return { resource, envelope, held: released === undefined };
  });

/** A model or a source with an envelope, as the ledger has it. */
export interface Resource {
  /**
   * Under which it is held: a source by its stream, for it has one account, whatever its envelope; a model by stream and
   * envelope, since each version is sealed anew.
   */
  readonly holding: string;
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
      holding: stream,
      state: source,
      envelope: source.envelope.digest,
      context: (enclave) => sourceContext(source.owner, enclave, source.type),
      accounts: [stream, ...[...source.grants.keys()].map((grant) => `grant ${grant}`)],
    };
  if (!model?.envelope) throw refuse("enclave.not-moved", { resource: stream });
  const { owner, archive, envelope } = model;
  return {
    holding: modelHolding(stream, envelope.digest),
    state: model,
    envelope: envelope.digest,
    context: (enclave) => modelContext(owner, enclave, archive.digest),
    accounts: [],
  };
};

const modelHolding = (stream: string, envelope: string): string => `${stream} ${envelope}`;

const usedIn = (world: World, stream: string) => ({
  source: streamOf(world, sourceBook, stream)?.state,
  model: streamOf(world, modelBook, stream)?.state,
});

/** Nothing more is spent here for what another enclave keeps the account of. @throws Refusal enclave.moved */
export const requireAccountable = (holdings: Holdings, spends: readonly Spend[]): void => {
  const elsewhere = new Set(Object.values(holdings).flatMap(({ released }) => released?.resource ?? []));
  if (spends.some(({ source, of = source }) => elsewhere.has(of))) throw refuse("enclave.moved");
};

/** Whether it is here: it began here, or was handed on to here, and was not handed on from here. */
export const isHeld = (held: Holding | undefined, { origin }: Placed, enclave: string): boolean =>
  held ? held.released === undefined : origin === enclave;

/** Whether this enclave can open the envelope that is sealed now. */
export const canOpen = (held: Holding | undefined, { sealedTo }: Placed, envelope: string, enclave: string): boolean =>
  sealedTo === enclave || held?.key?.envelope === envelope;

/** The key of an envelope that came here by a release. */
export const keyIn = (holdings: Holdings, envelope: string): HandedKey | undefined => {
  const found = Object.values(holdings).find(({ key, released }) => key?.envelope === envelope && !released)?.key;
  return found && { key: found.key, sealedTo: found.sealedTo };
};

/** What the task rests on has come here. @throws Refusal enclave.not-adopted: the server is to hand it over first */
export const requireAdopted = (
  { enclave, holdings }: { readonly enclave: string; readonly holdings: () => Holdings },
  { world, task }: Judged,
): void => {
  const { model, sources } = task.definition;
  for (const { stream, envelope } of [model, ...sources]) {
    const used = usedIn(world, stream);
    const state = used.source ?? used.model;
    if (!state || envelope === undefined) continue;
    const held = holdingOf(holdings(), used.source ? stream : modelHolding(stream, envelope));
    // A former version of a model is sealed to wherever it was published for.
    const former = state.envelope?.digest !== envelope;
    const here = former ? !held?.released : isHeld(held, state, enclave) && canOpen(held, state, envelope, enclave);
    if (!here) throw refuse("enclave.not-adopted", { id: state.id });
  }
};

/** What was released is not looked into for its owner either. @throws Refusal enclave.moved */
export const requireKept = (holdings: Holdings, envelope: string): void => {
  // With its key, which was tried: whoever names the digest of another's envelope has released nothing of it.
  if (Object.values(holdings).some(({ released }) => released?.key && released.envelope === envelope))
    throw refuse("enclave.moved");
};
