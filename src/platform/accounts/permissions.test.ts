import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCOUNT_ROLES, may, permissionsOf, requirePermission } from "./permissions.ts";

test("each role may do its own and no more", () => {
  assert.deepEqual(
    ["administrator", "member", "auditor", "operator"].filter((role) => may(role, "alliance.create")),
    ["administrator", "member"],
  );
  assert.deepEqual(
    ACCOUNT_ROLES.filter((role) => may(role, "user.manage")),
    ["administrator"],
  );
  assert.deepEqual(
    ACCOUNT_ROLES.filter((role) => may(role, "audit.read")),
    ["administrator", "auditor"],
  );
  assert.deepEqual(
    ACCOUNT_ROLES.filter((role) => may(role, "verification.review")),
    [],
  );
  assert.equal(may("operator", "task.read"), false);
});

test("auditors change nothing but their own keys and sessions", () => {
  const changing = permissionsOf("auditor").filter((permission) => !permission.endsWith(".read"));
  assert.deepEqual(changing, ["access-key.manage", "session.manage"]);
});

test("what is not declared is not permitted", () => {
  for (const role of ["", "root", "constructor", "__proto__"]) assert.equal(may(role, "account.read"), false);
  assert.equal(may("administrator", "anything"), false);
  assert.throws(() => requirePermission("auditor", "task.create"), { code: "permission.denied", status: 403 });
});
