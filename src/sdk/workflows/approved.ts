/** What a member agreed to before: believed as far as the member's own signature says so, and no further. */
import { organisation } from "../../rules/organisation.ts";
import { signingKeyOf } from "../../rules/principals.ts";
import * as source from "../../rules/source.ts";
import * as task from "../../rules/task.ts";
import { parsePayload, ruledBy, streamOf } from "../../rules/world.ts";
import { verifyStatement } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { type Placed, readStatements, replayStream } from "../replay-streams.ts";
import { refuse } from "./errors.ts";

/** An earlier consent as the server names it. */
export interface NamedConsent {
  readonly kind: "task" | "grant";
  /** Of the task, or of the data source that the grant is for. */
  readonly id: string;
  readonly stream: string;
  /** Digest of the statement with which the member agreed. */
  readonly statement: string;
}

export interface Approved extends NamedConsent {
  /** Digest of the plain archive. */
  readonly archive: string;
  /** When, as the member signed it. */
  readonly at: string;
}

/** Who agreed, to which model, and for which task that is asked. Stream ids. */
interface Asked {
  readonly me: string;
  readonly model: string;
  readonly task: string;
}

/**
 * A server can name an older consent than the newest, or none, or leave out that it was taken back; but nothing that the
 * member did not sign.
 * @throws Refusal code.approved, statement.signature, certificate.*
 */
export const requireApproved = async (
  client: Pick<Client, "streams">,
  { kind, id, stream, statement }: NamedConsent,
  of: Asked,
): Promise<Approved> => {
  const statements = await readStatements(client, stream);
  const at = statements.findIndex(({ signed }) => signed.digest === statement);
  const given = statements[at];
  const consent = given && (kind === "task" ? authorisedIn : grantedIn)(statements, given);
  const doubts: [boolean, string][] = [
    [consent === undefined, "there is no such consent"],
    [consent?.id !== id, `it is of ${consent?.id}`],
    [given?.signed.statement.by !== of.me, "another organisation gave it"],
    [given?.signed.statement.stream !== stream, "it was given elsewhere"],
    [stream === of.task, "it is this very task"],
    [consent?.model !== of.model, "it is for another model"],
    [statements.slice(at).some((later) => isTakenBack(later, of.me, statement)), "it was taken back"],
  ];
  const reason = doubts.find(([doubt]) => doubt)?.[1];
  if (reason !== undefined || !given || !consent) throw refuse("code.approved", { id, reason });
  await requireSigned(client, given, of.me);
  return { kind, id, stream, statement, archive: consent.archive, at: given.signed.statement.at };
};

interface Consent {
  readonly id: string;
  readonly model: string;
  readonly archive: string;
}

const isOf = ({ signed }: Placed, ...kinds: readonly { readonly name: string }[]): boolean =>
  kinds.some(({ name }) => name === signed.statement.kind);

/** What founds the stream that a signature names covers: its id is the digest of that. */
const foundingOf = ([first]: readonly Placed[], stream: string, kind: { readonly name: string }): unknown =>
  first?.signed.digest === stream && isOf(first, kind) ? first.signed.statement.payload : undefined;

/** Number and model of a task by what founded it; undefined where that is not shown. */
export const taskFounded = (statements: readonly Placed[], stream: string) => {
  const { data } = task.created.payload.safeParse(foundingOf(statements, stream, task.created));
  return data && { id: data.id, model: data.model };
};

const authorisedIn = (statements: readonly Placed[], given: Placed): Consent | undefined => {
  const founded = taskFounded(statements, given.signed.statement.stream);
  if (!founded || !isOf(given, task.receiverAuthorised, task.sourceAuthorised, task.modelAuthorised)) return undefined;
  return { id: founded.id, model: founded.model.stream, archive: founded.model.archive };
};

const grantedIn = (statements: readonly Placed[], given: Placed): Consent | undefined => {
  const { stream, payload } = given.signed.statement;
  const { data: founded } = source.registered.payload.safeParse(foundingOf(statements, stream, source.registered));
  const { data: terms } = source.granted.payload.safeParse(isOf(given, source.granted) ? payload : undefined);
  return founded && terms && { id: founded.id, model: terms.model, archive: terms.archive };
};

const isTakenBack = (later: Placed, me: string, consent: string): boolean => {
  const { by, payload } = later.signed.statement;
  if (by !== me) return false;
  if (isOf(later, source.grantWithdrawn)) return (payload as { grant?: unknown }).grant === consent;
  return isOf(later, task.revoked, task.refused);
};

/** A member's own key signed it: by the certificates that it had then. @throws Refusal statement.*, certificate.* */
export const requireSigned = async (
  client: Pick<Client, "streams">,
  { signed, index, time }: Placed,
  member: string,
): Promise<void> => {
  const own = streamOf((await replayStream(client, member, index)).world, organisation, member);
  const { kind } = ruledBy(signed.statement.kind);
  verifyStatement(signed, signingKeyOf(kind, signed, parsePayload(kind, signed.statement.payload), own, time));
};
