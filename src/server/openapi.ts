/** The contract as an OpenAPI 3.1 document: every route, shape, example and error. */
import { z } from "zod";
import { catalogue } from "../base/refusal.ts";
import { type AnyAct, type Contract, type Endpoint, SignedActBody } from "../contract/endpoint.ts";
import { parametersOf } from "../contract/path.ts";

type Json = { [key: string]: unknown };

/** What any endpoint may answer beside its own refusals. */
const COMMON = ["rate.limited", "request.malformed", "internal"];
const SIGNED_IN = [
  "auth.required",
  "access-key.refused",
  "session.expired",
  "signature.malformed",
  "signature.components",
];
const SIGNATURES = ["signature.clock", "signature.invalid", "signature.replayed"];
const UNSAFE = ["session.csrf", "idempotency.key", "idempotency.mismatch", "idempotency.in-progress"];
const BODY = ["request.json", "request.media", "request.too-large", "signature.digest"];
const ACT = [
  "statement.malformed",
  "statement.signature",
  "statement.payload",
  "statement.clock",
  "statement.principal",
  "statement.detail",
  "act.kind",
  "act.stream",
  "act.signer",
  "organisation.required",
  "ledger.unavailable",
];

/** Codes of everything an endpoint may refuse with. */
export const errorsOf = (endpoint: Endpoint): string[] => {
  const { type, permission, errors = [] } = endpoint;
  const changes = endpoint.method !== "GET";
  const open = permission === "public";
  const codes = [
    ...COMMON,
    ...(open ? [] : [...SIGNED_IN, ...SIGNATURES]),
    ...(open || permission === "signed-in" ? [] : ["permission.missing"]),
    ...(changes && !open ? UNSAFE : []),
    ...(changes ? BODY : []),
    ...(type === "act" ? [...ACT, ...(endpoint.kind.founds ? [] : ["stream.unknown", "stream.moved"])] : []),
    "request.invalid",
    ...errors,
  ];
  return [...new Set(codes)];
};

/** @param about version of the program and the address it is reached under */
export const openApi = (contract: Contract, about: { version: string; url: string }): Json => {
  const schemas: Json = { Problem: PROBLEM };
  const responses = createResponses();
  const paths: Record<string, Json> = {};
  for (const [resource, endpoints] of Object.entries(contract))
    for (const [name, endpoint] of Object.entries(endpoints)) {
      const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
      paths[path] = {
        ...paths[path],
        [endpoint.method.toLowerCase()]: operation(resource, name, endpoint, schemas, responses),
      };
    }
  return {
    openapi: "3.1.0",
    info: { title: "Entente", version: about.version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: about.url }],
    tags: Object.keys(contract).map((name) => ({ name })),
    paths,
    components: { schemas, responses: responses.all, securitySchemes: SECURITY },
    "x-errors": textsOf(contract),
  };
};

const SECURITY = {
  accessKey: {
    type: "apiKey",
    in: "header",
    name: "Signature-Input",
    description:
      'HTTP Message Signatures (RFC 9421), hmac-sha256 with the secret of the access key, over "@method" "@path" "@query" and, where present, "content-digest" (RFC 9530, sha-256) and "idempotency-key". Parameters: created, keyid, alg; and a nonce on whatever changes something.',
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "entente",
    description: "`__Host-entente` where the platform is served over TLS.",
  },
  csrf: {
    type: "apiKey",
    in: "header",
    name: "X-CSRF-Token",
    description: "With a session, on what changes something.",
  },
  metrics: { type: "http", scheme: "basic", description: "Id and secret of an operator's access key." },
};

const PROBLEM = {
  type: "object",
  description: "RFC 9457. `title` says what is wrong and what to do next, in the language of Accept-Language.",
  properties: {
    type: { type: "string" },
    code: { type: "string" },
    status: { type: "integer" },
    title: { type: "string" },
    details: { type: "object" },
    requestId: { type: "string" },
  },
  required: ["type", "code", "status", "title", "details", "requestId"],
};

const operation = (resource: string, name: string, endpoint: Endpoint, schemas: Json, responses: Responses): Json => {
  const { summary, permission, example } = endpoint;
  const changes = endpoint.method !== "GET";
  const security = [{ accessKey: [] }, changes ? { session: [], csrf: [] } : { session: [] }];
  const body = bodyOf(endpoint, schemas);
  return {
    operationId: `${resource}.${name}`,
    tags: [resource],
    summary: summary.en,
    "x-summary-zh-CN": summary["zh-CN"],
    "x-permission": permission,
    ...(endpoint.type === "act" && { "x-statement": statementOf(endpoint, schemas) }),
    security:
      permission === "public" ? [] : permission === "platform.metrics" ? [...security, { metrics: [] }] : security,
    parameters: parametersOfEndpoint(endpoint, schemas),
    ...(body && { requestBody: body }),
    ...(example !== undefined && !body && { "x-example": example }),
    responses: { ...success(endpoint, schemas), ...failures(endpoint, responses) },
  };
};

/** A schema as JSON Schema 2020-12; the shapes with names go to the components. */
const schemaOf = (schema: z.ZodType, io: "input" | "output", schemas: Json): Json => {
  const { $schema, $defs, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  const moved = relink({ json, defs: $defs ?? {} }) as { json: Json; defs: Json };
  Object.assign(schemas, moved.defs);
  const id = (json as { id?: string }).id;
  if (id === undefined) return moved.json;
  schemas[id] = moved.json;
  return { $ref: `#/components/schemas/${id}` };
};

/** References into `$defs` become references into the components; ids are only names here. */
const relink = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(relink);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      if (key === "$ref" && typeof each === "string") return [[key, each.replace("#/$defs/", "#/components/schemas/")]];
      if (key === "id" && typeof each === "string") return [];
      return [[key, relink(each)]];
    }),
  );
};

const propertiesOf = (endpoint: Endpoint, schemas: Json): { properties: Record<string, Json>; required: string[] } => {
  if (endpoint.type === "act") return { properties: { id: { type: "string" } }, required: ["id"] };
  const { properties = {}, required = [] } = schemaOf(endpoint.input, "input", schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return { properties, required };
};

const parametersOfEndpoint = (endpoint: Endpoint, schemas: Json): Json[] => {
  const inPath = parametersOf(endpoint.path);
  const { properties, required } = propertiesOf(endpoint, schemas);
  const fromPath = inPath.map((name) => ({ name, in: "path", required: true, schema: properties[name] ?? {} }));
  const example = (endpoint.example ?? {}) as Json;
  const hasQuery = endpoint.type !== "act" && endpoint.type !== "command";
  const fromQuery = Object.entries(hasQuery ? properties : {})
    .filter(([name]) => !inPath.includes(name))
    .map(([name, schema]) => ({
      name,
      in: "query",
      required: required.includes(name),
      schema,
      ...(example[name] !== undefined && { example: example[name] }),
    }));
  return [...fromPath, ...fromQuery, ...headersOf(endpoint)];
};

const headersOf = (endpoint: Endpoint): Json[] => {
  const text = { type: "string" };
  const language = { name: "Accept-Language", in: "header", schema: { type: "string", enum: ["en", "zh-CN"] } };
  const once = { name: "Idempotency-Key", in: "header", schema: { type: "string", minLength: 1, maxLength: 128 } };
  if (endpoint.type === "view") return [language, { name: "If-None-Match", in: "header", schema: text }];
  if (endpoint.type === "live") return [language, { name: "Last-Event-ID", in: "header", schema: text }];
  const keeps = (endpoint.type === "act" || endpoint.type === "command") && !endpoint.confidential;
  return keeps ? [language, once] : [language];
};

const bodyOf = (endpoint: Endpoint, schemas: Json): Json | undefined => {
  if (endpoint.type === "upload")
    return { required: true, content: { [endpoint.media]: { schema: { type: "string", format: "binary" } } } };
  if (endpoint.type === "act") return actBody(endpoint, schemas);
  if (endpoint.type !== "command" || endpoint.method === "DELETE") return undefined;
  const {
    properties = {},
    required = [],
    ...rest
  } = schemaOf(endpoint.input, "input", schemas) as {
    properties?: Json;
    required?: string[];
  };
  const inPath = parametersOf(endpoint.path);
  const schema = {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name))),
    required: required.filter((name) => !inPath.includes(name)),
  };
  const { example } = endpoint;
  return { required: true, content: { "application/json": { schema, ...(example !== undefined && { example }) } } };
};

const actBody = (endpoint: AnyAct, schemas: Json): Json => {
  const signed = schemaOf(SignedActBody, "input", schemas);
  const managed = { type: "object", properties: { input: { type: "object" } }, required: ["input"] };
  const { example } = endpoint;
  const examples = example !== undefined && { examples: { managed: { value: { input: example } } } };
  return {
    required: true,
    description:
      "Signed by the member (`statement` as compact JWS with the `detail` it commits to), or, where the platform keeps the member's key, `input`: the payload with `detail` as text.",
    content: { "application/json": { schema: { oneOf: [signed, managed] }, ...examples } },
  };
};

/** What the signed statement holds. */
const statementOf = ({ kind }: AnyAct, schemas: Json): Json => ({
  kind: kind.name,
  payload: schemaOf(kind.payload as z.ZodType, "input", schemas),
  ...(kind.detail && { detail: schemaOf(kind.detail as z.ZodType, "input", schemas) }),
});

const success = (endpoint: Endpoint, schemas: Json): Json => {
  if (endpoint.type === "download")
    return { 200: { description: "The bytes", content: { [endpoint.media]: { schema: { type: "string" } } } } };
  if (endpoint.output instanceof z.ZodVoid) return { 204: { description: "Done" } };
  const schema = schemaOf(endpoint.output, "output", schemas);
  if (endpoint.type === "live")
    return { 200: { description: "Events, one after another", content: { "text/event-stream": { schema } } } };
  const status = endpoint.creates ? 201 : 200;
  return { [status]: { description: endpoint.summary.en, content: { "application/json": { schema } } } };
};

/** Answers that several endpoints share stand once among the components. */
interface Responses {
  readonly all: Json;
  refer(status: number, response: Json): Json;
}
const createResponses = (): Responses => {
  const all: Json = {};
  const names = new Map<string, string>();
  return {
    all,
    refer(status, response) {
      const text = JSON.stringify(response);
      const name = names.get(text) ?? `${status}-${names.size + 1}`;
      names.set(text, name);
      all[name] = response;
      return { $ref: `#/components/responses/${name}` };
    },
  };
};

/** One response a status, with each of its codes and their texts. */
const failures = (endpoint: Endpoint, responses: Responses): Json => {
  const known = errorsOf(endpoint).flatMap((code) => {
    const line = catalogue.get(code);
    return line ? [{ code, ...line }] : [];
  });
  const byStatus = Map.groupBy(known, ({ status }) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      status,
      responses.refer(status, {
        description: lines.map(({ code, en }) => `\`${code}\`: ${en}`).join("\n\n"),
        "x-codes": lines.map(({ code }) => code),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      }),
    ]),
  );
};

/** Every code with its status and its text in both languages. */
const textsOf = (contract: Contract): Json => {
  const codes = Object.values(contract).flatMap((endpoints) => Object.values(endpoints).flatMap(errorsOf));
  return Object.fromEntries(
    [...new Set(codes)].sort().flatMap((code) => {
      const line = catalogue.get(code);
      return line ? [[code, { status: line.status, en: line.en, "zh-CN": line.zh }]] : [];
    }),
  );
};
