/**
 * What every policy may speak of, as a Cedar schema (docs/protocols/policies.md, section 2). A policy that names
 * anything else is refused when it is proposed, and a question that does not fit it is denied.
 */

import type { CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";

export const SCHEMA = `
entity Role enum ["administrator", "approver", "requester"];
entity Group;
entity Member in [Role];
entity Key in [Group] { scheme: String, alias?: String } tags String;
entity Fields tags String;

type Time = { hour: Long, minute: Long, weekday: Long, epochSeconds: Long };
type Spent = { signatures: Long, valueGwei: Long, costGwei: Long, tokenUnits: Long, tokenGigaUnits: Long };
type Windows = { hour: Spent, day: Spent, week: Spent, month: Spent };
type Transaction = {
  type: String, chainId: Long, nonce: Long, to?: String,
  value: decimal, valueGwei: Long, valueWei: String,
  gas: Long, feeGwei: Long, costGwei: Long,
  selector?: String, dataBytes: Long, blobs: Long, delegates: Set<String>
};
type Token = {
  contract: String, method: String, from?: String, recipient: String,
  units: Long, gigaUnits: Long, exact: String, unlimited: Bool
};
type TypedData = {
  primaryType: String, name?: String, version?: String, chainId?: Long, verifyingContract?: String, salt?: String,
  fields: Fields
};
type Message = { bytes: Long, text?: String };
type Statement = { kind: String, stream: String, by: String, payload: String };
type Certificate = { authority: Bool, name: String, days: Long };

action sign appliesTo { principal: [Member], resource: [Key], context: {
  approvals: Long, approvers: Set<Member>, now: datetime, time: Time,
  purpose: String, digest: String, path: String, place: Long, count: Long, spent: Windows,
  transaction?: Transaction, token?: Token, typedData?: TypedData, message?: Message,
  statement?: Statement, certificate?: Certificate
} };
action exportKey appliesTo { principal: [Member], resource: [Key], context: {
  approvals: Long, approvers: Set<Member>, now: datetime, time: Time
} };
action derive appliesTo { principal: [Member], resource: [Key], context: {
  approvals: Long, approvers: Set<Member>, now: datetime, time: Time, path: String
} };
action reshare appliesTo { principal: [Member], resource: [Key], context: {
  approvals: Long, approvers: Set<Member>, now: datetime, time: Time, kind: String, threshold: Long, shares: Long
} };
action createKey, importKey appliesTo { principal: [Member], resource: [Group], context: {
  approvals: Long, approvers: Set<Member>, now: datetime, time: Time, scheme: String, threshold: Long, shares: Long
} };
`;

/** Name of the schema in the engine. */
export const SCHEMA_NAME = "entente";

export type Action = "sign" | "exportKey" | "derive" | "reshare" | "createKey" | "importKey";
export type Role = "administrator" | "approver" | "requester";

/** A value in Cedar's JSON. Numbers are safe integers. */
export type CedarValue = CedarValueJson;

/** A member (its stream). */
export const memberId = (member: string) => ({ type: "Member", id: member });

/** The id under which a context names its `Fields`. */
export const FIELDS = { __entity: { type: "Fields", id: "message" } };
