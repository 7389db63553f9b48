/**
 * AWS KMS's JSON 1.1 protocol over the keys of whoever signs the request with an access key of this platform
 * (docs/protocols/key-faces.md, section 3).
 */
import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../../base/clock.ts";
import type { Refusal } from "../../../base/refusal.ts";
import type { KeyService } from "../../../keys/service.ts";
import { refuse } from "../../errors.ts";
import { parseInput, parseJson } from "../../input.ts";
import { languageOf } from "../../language.ts";
import type { Auth, ServerLog } from "../../ports.ts";
import { refusalOf } from "../../problem.ts";
import type { Signer } from "../signer.ts";
import { errorOf, KmsError } from "./errors.ts";
import { createNames } from "./names.ts";
import { createOnce } from "./once.ts";
import { keyOperations } from "./operations.ts";
import { checkSignature, parseAuthorization } from "./sigv4.ts";

export interface KmsOptions {
  readonly service: KeyService;
  readonly sign: Signer;
  readonly auth: Pick<Auth, "accessKey">;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** How long keys are waited for, milliseconds. */
  readonly wait: number;
}

const TYPE = "application/x-amz-json-1.1";
const NOTHING = new Uint8Array();

/** Mounts it on `app`, whose parser gives bodies as bytes. */
export const mountKms = (app: FastifyInstance, { service, sign, auth, clock, log, wait }: KmsOptions): void => {
  const once = createOnce(clock);
  const operations: Readonly<Record<string, (typeof keyOperations)[string]>> = { ...keyOperations, ...createNames() };

  const answer = (reply: FastifyReply, status: number, body: object | undefined): FastifyReply =>
    reply
      .code(status)
      .headers({ "x-amzn-requestid": randomUUID(), "cache-control": "no-store" })
      .type(TYPE)
      .send(body === undefined ? "" : JSON.stringify(body));

  app.setErrorHandler((error, request, reply) => {
    const known =
      error instanceof KmsError ? error : kmsErrorOf(refusalOf(error, app.initialConfig.bodyLimit ?? 0), request);
    if (!known) log.error({ err: error }, "a call of KMS failed");
    const { type, message, status } =
      known ?? new KmsError("KMSInternalException", "Something failed on our side.", 500);
    return answer(reply, status, { __type: type, message });
  });

  /** @throws KmsError unless it is signed with an access key of somebody who may do this */
  const authenticate = async (request: FastifyRequest) => {
    const [path = "", query = ""] = (request.raw.url ?? "").split("?");
    const authorization = parseAuthorization(request.headers.authorization);
    const found = await auth.accessKey(authorization.accessKeyId);
    if (!found) throw new KmsError("UnrecognizedClientException", "The access key is unknown or disabled.");
    const header = (name: string) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(",") : value;
    };
    const body = (request.body as Uint8Array | undefined) ?? NOTHING;
    checkSignature({ method: request.method, path, query, header, body }, authorization, found.secret, clock.now());
    const { region, signature } = authorization;
    return { principal: found.principal, region, signature, body };
  };

  const route = async (request: FastifyRequest, reply: FastifyReply) => {
    const { principal, region, signature, body } = await authenticate(request);
    const [, name = ""] = /^TrentService\.([A-Za-z]{1,64})$/.exec(String(request.headers["x-amz-target"])) ?? [];
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) throw new KmsError("UnknownOperationException", `There is no operation ${name} here.`);
    const { permission, input, run } = operation;
    if (!principal.permissions.has(permission)) throw refuse("permission.missing", { permission });
    const language = languageOf(request.headers["accept-language"]);
    const asker = { accountId: principal.accountId, member: principal.member };
    const given = parseInput(input, parseJson(body), language);
    const may = (wanted: string) => principal.permissions.has(wanted);
    const work = () => run({ service, sign, asker, may, region, wait }, given);
    const call = String(request.headers["amz-sdk-invocation-id"] ?? "");
    return answer(reply, 200, await (permission === "key.read" ? work() : once(signature, call, work)));
  };
  for (const url of ["/", "/kms"]) app.route({ method: "POST", url, handler: route });
};

const kmsErrorOf = (refusal: Refusal | undefined, request: FastifyRequest): KmsError | undefined =>
  refusal && errorOf(refusal, languageOf(request.headers["accept-language"]));
