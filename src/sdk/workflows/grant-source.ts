/** Consents in advance and policies: signed for the columns and the code that the owner's own statements name. */

import type { GrantTerms } from "../../rules/grant.ts";
import { model as modelBook } from "../../rules/model.ts";
import type { Policy } from "../../rules/policy.ts";
import { streamOf } from "../../rules/world.ts";
import type { Client } from "../client.ts";
import { replayStreams } from "../replay-streams.ts";
import { requireAsked } from "./asked.ts";
import { positionsOf } from "./create-task.ts";
import { requireOwn } from "./describe-source.ts";
import { refuse } from "./errors.ts";
import { requireOwners } from "./owners.ts";
import { policyOf } from "./policy.ts";

type SourceClient = Pick<Client, "sources" | "models" | "streams" | "signer">;

export interface GrantWords extends Omit<GrantTerms, "model" | "archive" | "main" | "columns"> {
  /** Id of the model, in its newest version. */
  readonly model: string;
  /** Names of columns; all, where it is absent. */
  readonly columns?: readonly string[] | undefined;
}

/** What the terms mean, for people to read before they sign. */
export interface GrantShown {
  /** Its number. */
  readonly model: string;
  /** Whose it is: of this stream, as its own statements say; the name is the platform's word. */
  readonly author: { readonly id: string; readonly nickname: string; readonly appId: string };
  readonly columns: readonly string[];
}

/** @throws Refusal source.structure, server.history, source.column-unknown, grant.model */
export const grantSource = async (
  client: SourceClient,
  id: string,
  { model, columns, ...terms }: GrantWords,
  review?: (terms: GrantTerms, shown: GrantShown) => void | Promise<void>,
) => {
  const source = await ownSource(client, id);
  const code = await client.models.get({ id: model });
  requireAsked(model, code);
  await requireOwners(client, [{ kind: "model", stream: code.stream, id: code.id, owner: code.creator.id }]);
  const { archive, main } = await newestVersion(client, code.stream);
  const granted: GrantTerms = {
    ...terms,
    model: code.stream,
    archive,
    main,
    ...(columns && { columns: positionsOf(source.columns, columns) }),
  };
  const names = columns ?? source.columns.map(({ name }) => name);
  await review?.(granted, { model: code.id, author: code.creator, columns: names });
  return client.sources.grant(id, granted, source.at);
};

/** @param written a policy with names of columns (policy.ts); none, where it is absent */
export const governSource = async (
  client: SourceClient,
  id: string,
  written: unknown,
  review?: (policy: Policy | undefined) => void | Promise<void>,
) => {
  const source = await ownSource(client, id);
  const policy = written === undefined ? undefined : policyOf(source.columns, written);
  await review?.(policy);
  return client.sources.govern(id, policy ? { policy } : {}, source.at);
};

/** The source as its owner registered it; where the platform signs, as the platform shows it. */
const ownSource = async (client: SourceClient, id: string) => {
  const source = await client.sources.get({ id });
  requireAsked(id, source);
  const me = client.signer?.by;
  const at = me === undefined ? undefined : await requireOwn(client, id, source.columns, me);
  return { columns: source.columns, at: at && { at } };
};

/** Archive and main function that the model's own statements name last, their signatures verified. */
const newestVersion = async (client: Pick<Client, "streams">, stream: string) => {
  const state = streamOf(await replayStreams(client, stream), modelBook, stream)?.state;
  if (!state) throw refuse("grant.model", { id: stream });
  return { archive: state.archive.digest, main: state.main };
};
