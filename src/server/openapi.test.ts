import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "../base/refusal.ts";
import type { Contract } from "../contract/endpoint.ts";
import { contract as whole } from "../contract/index.ts";
import { errorsOf, openApi } from "./openapi.ts";

const contract: Contract = whole;

interface Operation {
  operationId: string;
  summary: string;
  "x-summary-zh-CN": string;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: object };
  responses: Record<string, object>;
  security: Record<string, string[]>[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: object };
  "x-errors": Record<string, { en: string; "zh-CN": string }>;
}
// As a client reads it.
const document = JSON.parse(
  JSON.stringify(openApi(contract, { version: "0.1.0", url: "http://127.0.0.1:8800" })),
) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

/** Every `errors.ts` of the program has declared its codes. */
const declareAll = async () => {
  const root = new URL("../", import.meta.url);
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" }))
    if (/(^|[/-])errors\.ts$/.test(file)) await import(new URL(file, root).href);
};

const refsOf = (value: unknown): string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "$ref" && typeof each === "string" ? [each] : refsOf(each),
  );
};
const at = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split("/")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);

test("it is OpenAPI 3.1 and names every endpoint once", () => {
  assert.equal(document.openapi, "3.1.0");
  const expected = Object.entries(contract).flatMap(([resource, all]) =>
    Object.keys(all).map((name) => `${resource}.${name}`),
  );
  assert.deepEqual(operations.map(({ operationId }) => operationId).sort(), expected.sort());
});

test("every reference leads somewhere", () => {
  const refs = new Set(refsOf(document));
  assert.ok(refs.size > 40);
  for (const ref of refs) assert.equal(typeof at(ref), "object", ref);
});

test("every path parameter is declared, and nothing else is in the path", () => {
  for (const { path, method, parameters } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((each) => each.in === "path");
    assert.deepEqual(
      declared.map(({ name }) => name),
      inPath,
      `${method} ${path}`,
    );
    for (const { name, required, schema } of declared) {
      assert.equal(required, true);
      assert.notDeepEqual(schema, {}, `${method} ${path} ${name}`);
    }
    const names = parameters.map((each) => `${each.in} ${each.name}`);
    assert.equal(new Set(names).size, names.length, path);
  }
});

test("every operation has texts in both languages, an answer, and known security", () => {
  for (const operation of operations) {
    assert.ok(operation.summary);
    assert.match(operation["x-summary-zh-CN"], /\p{Script=Han}/u);
    assert.ok(
      Object.keys(operation.responses).some((status) => status.startsWith("2")),
      operation.operationId,
    );
    for (const scheme of operation.security.flatMap(Object.keys))
      assert.ok(scheme in document.components.securitySchemes, scheme);
  }
});

test("every error has a text in both languages", async () => {
  await declareAll();
  for (const [resource, all] of Object.entries(contract))
    for (const [name, endpoint] of Object.entries(all))
      for (const code of errorsOf(endpoint)) assert.ok(catalogue.has(code), `${resource}.${name}: ${code}`);
  const again = openApi(contract, { version: "0", url: "" })["x-errors"] as Document["x-errors"];
  for (const [code, text] of Object.entries(again)) {
    assert.ok(text.en.length > 10, code);
    assert.match(text["zh-CN"], /\p{Script=Han}/u, code);
  }
});
