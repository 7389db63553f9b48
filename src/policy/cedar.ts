/**
 * The policy engine: Cedar (docs.cedarpolicy.com) under a fixed schema. A `forbid` that holds wins over every `permit`;
 * where no `permit` holds, and whenever an evaluation fails, the answer is no.
 */
import type { DetailedError, StatefulAuthorizationCall } from "@cedar-policy/cedar-wasm/nodejs";
import { sha256Hex } from "#crypto";
import { canonical } from "../base/canonical.ts";
import type { KeyPolicy } from "../rules/key-group.ts";
import { cedar } from "./engine.ts";
import { refuse } from "./errors.ts";
import { type Action, type CedarValue, FIELDS, memberId, type Role, SCHEMA, SCHEMA_NAME } from "./schema.ts";
import { placeOf, requireText } from "./text.ts";

/** Who asks for what, as the engine is asked. */
export interface Question {
  /** Stream of the organisation. */
  readonly member: string;
  readonly roles: readonly Role[];
  readonly action: Action;
  /** G…, as policies name it. */
  readonly group: string;
  /** Absent where there is no key yet: `createKey`, `importKey`. */
  readonly key?: KeyFacts | undefined;
  /** The fields of the action's context (schema.ts). */
  readonly context: Readonly<Record<string, CedarValue>>;
  /** Of a typed message: what the context names as `FIELDS`. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

export interface KeyFacts {
  /** K…, as policies name it. */
  readonly id: string;
  readonly scheme: string;
  readonly alias?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Decision {
  readonly allowed: boolean;
  /** Ids of the policies that made it so: what permitted, what forbade, or what could not be evaluated. None: no permit. */
  readonly policies: readonly string[];
  /** Why policies could not be evaluated. */
  readonly errors: readonly { readonly policy: string; readonly reason: string }[];
}

/** Policies that have been found good. */
export interface Policies {
  readonly decide: (question: Question) => Decision;
}

/**
 * @throws Refusal policy.* naming policy and line, for the first that is not one policy or does not fit the schema;
 * also for one that can never hold, since a `forbid` of that kind protects nobody
 */
export const createPolicies = (policies: readonly KeyPolicy[]): Policies => {
  requireText(policies);
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const name = sha256Hex(canonical(staticPolicies));
  // Validation takes milliseconds, and a key node asks for the policies of its group with every request.
  if (!slots.has(name)) requireValid(policies, staticPolicies);
  return { decide: (question) => decide(name, staticPolicies, question) };
};

const requireValid = (policies: readonly KeyPolicy[], staticPolicies: Record<string, string>): void => {
  for (const { id, text } of policies) {
    const read = engine(() => cedar().checkParsePolicySet({ staticPolicies: { [id]: text } }));
    if (read.type === "failure") throw refusal("policy.unreadable", id, text, read.errors[0]);
  }
  const found = engine(() => cedar().validate({ schema: SCHEMA, policies: { staticPolicies } }));
  if (found.type === "failure") throw refuse("policy.engine");
  const wrong = [...found.validationErrors, ...found.validationWarnings];
  for (const { id, text } of policies) {
    const first = wrong.find(({ policyId }) => policyId === id);
    if (first !== undefined) throw refusal("policy.invalid", id, text, first.error);
  }
};

const refusal = (
  code: "policy.unreadable" | "policy.invalid",
  policy: string,
  text: string,
  error: DetailedError | undefined,
) => {
  const [where] = error?.sourceLocations ?? [];
  const said = (error?.message ?? "").replace(
    /^(failed to parse policy with id `[^`]*` from string: |for policy `[^`]*`[,:] )/,
    "",
  );
  const reason = [said, where?.label, error?.help].filter((part) => part).join("; ");
  return refuse(code, { policy, ...placeOf(text, where?.start ?? 0), reason });
};

/** Set once the engine has trapped: its memory can't be relied on from then on. */
let failed = false;

/** @throws Refusal policy.engine */
const engine = <T>(call: () => T): T => {
  if (failed) throw refuse("policy.engine");
  try {
    return call();
  } catch {
    failed = true;
    throw refuse("policy.engine");
  }
};

/** Policy sets that the engine has parsed, by the digest of what they say; it keeps them under the names of few slots. */
const slots = new Map<string, string>();
const SLOTS = 64;
let schemaRead = false;

const slotOf = (name: string, staticPolicies: Record<string, string>): string => {
  const known = slots.get(name);
  slots.delete(name);
  const [oldest] = slots.entries();
  const slot = known ?? (slots.size < SLOTS || oldest === undefined ? `slot-${slots.size}` : oldest[1]);
  if (known === undefined) {
    if (slots.size === SLOTS && oldest !== undefined) slots.delete(oldest[0]);
    if (!schemaRead) cedar().preparseSchema(SCHEMA_NAME, SCHEMA);
    schemaRead = true;
    if (cedar().preparsePolicySet(slot, { staticPolicies }).type === "failure") throw refuse("policy.engine");
  }
  slots.set(name, slot);
  return slot;
};

const decide = (name: string, staticPolicies: Record<string, string>, question: Question): Decision => {
  const { member, roles, action, group, key, context, fields = {} } = question;
  const groupId = { type: "Group", id: group };
  const keyId = { type: "Key", id: key?.id ?? "" };
  const entities = [
    { uid: memberId(member), attrs: {}, parents: roles.map((id) => ({ type: "Role", id })) },
    { uid: groupId, attrs: {}, parents: [] },
    { uid: FIELDS.__entity, attrs: {}, tags: fields, parents: [] },
  ];
  const attrs = { scheme: key?.scheme ?? "", ...(key?.alias === undefined ? {} : { alias: key.alias }) };
  const call: StatefulAuthorizationCall = {
    principal: memberId(member),
    action: { type: "Action", id: action },
    resource: key === undefined ? groupId : keyId,
    context,
    preparsedSchemaName: SCHEMA_NAME,
    preparsedPolicySetId: engine(() => slotOf(name, staticPolicies)),
    validateRequest: true,
    entities: key === undefined ? entities : [...entities, { uid: keyId, attrs, tags: key.tags, parents: [groupId] }],
  };
  // A lone surrogate or a number that JSON lacks would end in the engine as an exception: it is not given one.
  canonical(call);
  const answer = engine(() => cedar().statefulIsAuthorized(call));
  if (answer.type === "failure")
    return {
      allowed: false,
      policies: [],
      errors: answer.errors.map(({ message }) => ({ policy: "", reason: message })),
    };
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, reason: error.message }));
  const denied = decision !== "allow";
  // Cedar skips a policy that fails. A `forbid` that could not be evaluated may not be skipped.
  const reasons = denied || errors.length === 0 ? diagnostics.reason : [];
  return {
    allowed: !denied && errors.length === 0,
    policies: [...new Set([...reasons, ...errors.map(({ policy }) => policy)])].sort(),
    errors,
  };
};
