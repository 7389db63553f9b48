import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { permissionsOf } from "../platform/accounts/permissions.ts";
import { rulebooks } from "../rules/world.ts";
import type { Contract } from "./endpoint.ts";
import { contract as whole } from "./index.ts";
import { parametersOf } from "./path.ts";
import { prepare, resourceIdOf } from "./statement-input.ts";

const contract: Contract = whole;
const endpoints = Object.entries(contract).flatMap(([resource, all]) =>
  Object.entries(all).map(([name, endpoint]) => ({ name: `${resource}.${name}`, endpoint })),
);
const ROLES = ["administrator", "member", "auditor", "operator"];

test("no two endpoints share method and path", () => {
  const routes = endpoints.map(({ endpoint }) => `${endpoint.method} ${endpoint.path.replace(/:\w+/g, ":")}`);
  assert.equal(new Set(routes).size, routes.length);
});

test("every path parameter is part of the input; an act names a stream unless it founds one", () => {
  for (const { name, endpoint } of endpoints) {
    const inPath = parametersOf(endpoint.path);
    if (endpoint.type === "act") assert.deepEqual(inPath, endpoint.kind.founds ? [] : ["id"], name);
    else if (endpoint.input instanceof z.ZodObject)
      for (const parameter of inPath) assert.ok(parameter in endpoint.input.shape, `${name}: ${parameter}`);
    else assert.fail(`${name} has an input that is not an object`);
  }
});

test("every permission is granted to somebody", () => {
  for (const { name, endpoint } of endpoints) {
    const { permission } = endpoint;
    if (permission === "public" || permission === "signed-in") continue;
    assert.ok(
      ROLES.some((role) => permissionsOf(role).has(permission)),
      `${name}: ${permission}`,
    );
  }
});

test("every kind that a member signs has an endpoint", () => {
  const served = new Set(endpoints.flatMap(({ endpoint }) => (endpoint.type === "act" ? [endpoint.kind.name] : [])));
  for (const { name, by } of rulebooks.flatMap(({ kinds }) => kinds))
    assert.equal(served.has(name), by === "organisation", name);
});

test("an example is of its endpoint's form", () => {
  for (const { name, endpoint } of endpoints) {
    if (endpoint.example === undefined || endpoint.type === "act") continue;
    const inPath = parametersOf(endpoint.path).map((parameter) => [parameter, "x"]);
    const parsed = endpoint.input.safeParse({ ...(endpoint.example as object), ...Object.fromEntries(inPath) });
    assert.ok(parsed.success, `${name}: ${parsed.error?.message}`);
  }
});

test("ids carry their letter, the time in UTC and a number", () => {
  assert.equal(resourceIdOf({ name: "model.published" }, Date.UTC(2022, 11, 6, 17, 26, 0, 999), 3), "M202212061726003");
});

test("an input becomes a payload that commits to its text", () => {
  const { kind } = whole.alliances.create;
  const salt = "A".repeat(22);
  const { payload, detail } = prepare(
    kind,
    { network: "evidence", enclave: "e".repeat(64), detail: { name: "联盟" } },
    { salt },
  );
  assert.deepEqual(detail, { salt, name: "联盟", description: "" });
  assert.match(String(payload.detail), /^[0-9a-f]{64}$/);
  assert.throws(() => prepare(kind, { network: "evidence", enclave: "x", detail: { name: "联盟" } }, { salt }), {
    code: "statement.payload",
  });
});
