/** The body of an act, checked as far as its form goes: rules and signature are the ledger's to judge. */

import type { Refusal } from "../base/refusal.ts";
import { type AnyAct, ManagedActBody, SignedActBody } from "../contract/endpoint.ts";
import { refuse as refuseSpine } from "../spine/errors.ts";
import { refuse as refuseStatement } from "../trust/errors.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import { parseInput } from "./input.ts";
import type { Acts, Caller, SubmittedAct } from "./ports.ts";

/**
 * @param id the `:id` of the path; undefined for a founding act
 * @throws Refusal request.invalid, statement.malformed, act.*
 */
export const readAct = async (
  acts: Acts,
  caller: Caller,
  endpoint: AnyAct,
  id: string | undefined,
  body: unknown,
): Promise<SubmittedAct> => {
  const managed = typeof body === "object" && body !== null && "input" in body;
  const given = managed
    ? parseInput(ManagedActBody, body, caller.language)
    : parseInput(SignedActBody, body, caller.language);
  const signed = "statement" in given ? readStatement(given.statement) : undefined;
  const stream = id === undefined ? "" : await acts.resolve(caller, endpoint, id);
  if ("input" in given) return { stream, input: given.input };
  const { statement } = signed as SignedStatement;
  if (statement.kind !== endpoint.kind.name)
    throw refuse("act.kind", { kind: statement.kind, expected: endpoint.kind.name });
  if (statement.stream !== stream) throw refuse("act.stream", { id: id ?? "(new)" });
  checkSigner(statement.by, caller);
  return { signed: signed as SignedStatement, detail: given.detail };
};

/** A statement that founds its own principal names nobody; whether its kind may do so is for the rules. */
const checkSigner = (by: string, { member }: Caller): void => {
  if (by === "") return;
  if (!member) throw refuseSpine("organisation.required");
  if (by !== member) throw refuse("act.signer", { by });
};

const readStatement = (jws: string): SignedStatement => {
  try {
    return parseStatement(jws);
  } catch (error) {
    // Nesting deep enough to exhaust the stack of whoever walks it.
    throw error instanceof RangeError ? tooDeep() : error;
  }
};

const tooDeep = (): Refusal => refuseStatement("statement.malformed", { reason: "its payload is nested too deeply" });
