/** Finds a member by nickname and APPID, and believes only what that member itself has signed. */
import { fromBase64 } from "../../base/bytes.ts";
import { founded, organisation as organisationBook } from "../../rules/organisation.ts";
import { advance, emptyWorld, openDetail, streamOf } from "../../rules/world.ts";
import { parseStatement } from "../../trust/statement.ts";
import { parseCertificate } from "../../trust/x509/certificate.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";

export interface FoundMember {
  /** Stream id of its chain identity: what an invitation names. */
  readonly member: string;
  readonly nickname: string;
  readonly appId: string;
  /** SHA-256 (hex) of its CA's first certificate: compare it over another channel, then pin it. */
  readonly fingerprint: string;
}

/**
 * That the nickname is really this organisation's, only the fingerprint shows: names are the platform's to give.
 * @param expected fingerprint known from elsewhere
 * @throws Refusal organisation.unknown, member.statement, member.untrusted
 */
export const findMember = async (
  client: Pick<Client, "organisations">,
  { nickname, appId }: { nickname: string; appId: string },
  expected?: string,
): Promise<FoundMember> => {
  const { statement, detail } = await client.organisations.find({ nickname, appId });
  const signed = parseStatement(statement);
  const other = (reason: string) => refuse("member.statement", { nickname, appId, reason });
  if (signed.statement.kind !== founded.name) throw other(`it is of kind ${signed.statement.kind}`);
  const { world } = advance(emptyWorld, signed, Date.parse(signed.statement.at));
  const state = streamOf(world, organisationBook, signed.digest)?.state;
  if (state?.appId !== appId) throw other(`its APPID is ${state?.appId}`);
  const text = openDetail(founded, signed.statement.payload as { detail: string }, detail) as { nickname: string };
  if (text.nickname !== nickname) throw other(`its nickname is ${text.nickname}`);
  const { fingerprint } = parseCertificate(fromBase64(state.authority));
  if (expected !== undefined && expected !== fingerprint)
    throw refuse("member.untrusted", { nickname, found: fingerprint, expected });
  return { member: signed.digest, nickname, appId, fingerprint };
};
