import assert from "node:assert/strict";
import { test } from "node:test";
import type { Contract, Endpoint } from "../../contract/endpoint.ts";
import { contract } from "../../contract/index.ts";
import { ACCOUNT_ROLES, permissionsOf } from "./permissions.ts";

const ROLES = [...ACCOUNT_ROLES, "operator"];
const may = (role: string, permission: string): boolean => permissionsOf(role).has(permission);
const endpoints: Endpoint[] = Object.values(contract as Contract).flatMap((resource) => Object.values(resource));
/** What an endpoint takes; everybody has `public` and `signed-in`. */
const named = new Set(
  endpoints.map(({ permission }) => permission).filter((each) => !/^(public|signed-in)$/.test(each)),
);
/** Endpoints that a role may use. */
const openTo = (role: string): Endpoint[] => endpoints.filter(({ permission }) => may(role, permission));

test("roles are granted the contract's permissions, all of them and no others", () => {
  const granted = new Set(ROLES.flatMap((role) => [...permissionsOf(role)]));
  assert.deepEqual([...granted].sort(), [...named].sort());
});

test("each role may do its own and no more", () => {
  const rolesWith = (permission: string) => ROLES.filter((role) => may(role, permission));
  assert.deepEqual(rolesWith("alliance.create"), ["administrator", "member"]);
  assert.deepEqual(rolesWith("user.manage"), ["administrator"]);
  assert.deepEqual(rolesWith("audit.read"), ["administrator", "auditor"]);
  assert.deepEqual(rolesWith("verification.review"), ["operator"]);
});

test("auditors change nothing but their own access keys and what they have read", () => {
  const changing = openTo("auditor").filter(({ type }) => type === "act" || type === "command" || type === "upload");
  assert.deepEqual([...new Set(changing.map(({ permission }) => permission))].sort(), [
    "access-key.manage",
    "enclave.read",
    "event.read",
  ]);
  assert.equal(
    changing.some(({ type }) => type !== "command"),
    false,
  );
});

test("operators neither act nor read what belongs to accounts", () => {
  assert.equal(
    openTo("operator").some(({ type }) => type === "act" || type === "upload" || type === "live"),
    false,
  );
  const foreign = ["alliance", "event", "identity", "key", "model", "source", "task", "user"];
  const granted = [...permissionsOf("operator")];
  assert.deepEqual(
    granted.filter((permission) => foreign.includes(permission.split(".")[0] ?? "")),
    [],
  );
  assert.equal(may("operator", "audit.read"), false, "the operators' own trail is read with platform.audit");
});

test("unknown roles may do nothing", () => {
  for (const role of ["", "root", "constructor", "__proto__"]) assert.equal(permissionsOf(role).size, 0);
});
