/**
 * The REST interface of distributed key management services (docs/protocols/key-faces.md, section 2). What takes time
 * answers at once with an id; whoever asks for it is told PROCESSING, FINISHED or FAILED.
 */

import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { toHex } from "../../../base/bytes.ts";
import { type Language, Refusal } from "../../../base/refusal.ts";
import { failureText } from "../../../keys/failures.ts";
import { publicKeyPem } from "../../../keys/public-key.ts";
import type { KeyInfo, KeyService, NodeInfo, RequestInfo } from "../../../keys/service.ts";
import type { KeyScheme } from "../../../rules/key-schemes.ts";
import type { Asker } from "../../../spine/access.ts";
import { refuse as refuseServer } from "../../errors.ts";
import { parseInput, parseJson } from "../../input.ts";
import { languageOf } from "../../language.ts";
import type { ServerLog } from "../../ports.ts";
import { refusalOf } from "../../problem.ts";
import type { Door } from "../door.ts";
import { refuse } from "../errors.ts";
import { encodeSignature } from "../signatures.ts";
import { failed, succeeded } from "./envelope.ts";
import * as forms from "./forms.ts";
import { readPrivateKey } from "./private-key.ts";

export interface MappicOptions {
  readonly service: KeyService;
  /** In whose name all calls are made. */
  readonly asker: Asker;
  readonly door: Door;
  readonly log: ServerLog;
}

type Call = (request: FastifyRequest, language: Language) => Promise<unknown>;

const LENGTHS = [256, 512];
/** Milliseconds that whoever asks for a signature is kept, for it may be there by then: clients need not ask so often. */
const WAIT = 250;

/** Mounts it on `app`, whose parser gives bodies as bytes. */
export const mountMappic = (app: FastifyInstance, { service, asker, door, log }: MappicOptions): void => {
  const bodyLimit = app.initialConfig.bodyLimit ?? 0;

  app.addHook("onRequest", async (request) => door(request));
  app.setErrorHandler((error, request, reply) => {
    const requestId = randomUUID();
    const refusal = refusalOf(error, bodyLimit) ?? refuseServer("internal", { requestId });
    if (refusal.status >= 500 && !refusalOf(error, bodyLimit)) log.error({ err: error, requestId }, "a call failed");
    if (refusal.status === 401) reply.header("www-authenticate", "Bearer");
    return reply.code(refusal.status).send(failed(refusal, languageOf(request.headers["accept-language"])));
  });

  const post = (path: string, call: Call) => mount("POST", path, call);
  const get = (path: string, call: Call) => mount("GET", path, call);
  const mount = (method: "GET" | "POST", path: string, call: Call) =>
    app.route({
      method,
      url: `/api/mappic/${path}`,
      handler: async (request, reply) => {
        const data = await call(request, languageOf(request.headers["accept-language"]));
        return reply.header("cache-control", "no-store").send(succeeded(data));
      },
    });

  post("pod/createPod", async (request, language) => {
    const { nodeTag } = parseInput(forms.CreatePod, bodyOf(request), language);
    const taken = (error: unknown) => {
      throw error instanceof Refusal && error.code === "id.taken" ? refuse("face.node-taken", { tag: nodeTag }) : error;
    };
    return (await service.createNode(nodeTag).catch(taken)).tag;
  });

  post("dkms/key/gen", async (request, language) => {
    const form = parseInput(forms.GenerateKey, bodyOf(request), language);
    const key = await service.createKey(asker, parametersOf(form, await service.nodes()));
    return { keyId: key.id };
  });

  /** Public keys whose import has begun and is not on the ledger. */
  const importing = new Set<string>();

  post("dkms/key/import", async (request, language) => {
    const { privateKey, password, ...form } = parseInput(forms.ImportKey, bodyOf(request), language);
    const parameters = parametersOf(form, await service.nodes());
    const { secret, publicKey } = readPrivateKey(parameters.scheme, privateKey, password ?? undefined);
    try {
      const known = await service.keyByPublicKey(asker, publicKey);
      if (known || importing.has(publicKey)) throw refuse("face.imported", { id: known?.id ?? publicKey });
      importing.add(publicKey);
      const key = await service.importKey(asker, parameters, secret).finally(() => importing.delete(publicKey));
      return { instanceId: key.id };
    } finally {
      secret.fill(0);
    }
  });

  get("dkms/key/get", async (request, language) => {
    const { keyId } = parseInput(forms.GetKey, request.query, language);
    return showKey(await service.key(asker, keyId), language);
  });

  post("dkms/sign/req", async (request, language) => {
    const { digestHex, keyId } = parseInput(forms.RequestSignature, bodyOf(request), language);
    const key = await service.key(asker, keyId);
    const hex = digestOf(key.scheme, digestHex);
    requireUp(await service.nodes(), key.participants, key.threshold);
    const { id } = await service.requestSignature(asker, { key: key.id, messages: [{ kind: "digest", hex }] });
    return { instanceId: id };
  });

  get("dkms/sign/get", async (request, language) => {
    const { instanceId } = parseInput(forms.GetSignature, request.query, language);
    return showRequest(await service.settledRequest(asker, instanceId, WAIT), language);
  });

  app.setNotFoundHandler((request) => {
    throw refuseServer("route.unknown", { path: (request.url.split("?")[0] ?? "").slice(0, 200) });
  });
};

const bodyOf = (request: FastifyRequest): unknown => parseJson(request.body as Uint8Array | undefined);

/** @throws Refusal face.length, face.threshold, face.participants, face.node-unknown, face.nodes-down */
const parametersOf = (form: forms.GenerateKey, nodes: readonly NodeInfo[]) => {
  const { keyParams, serviceParticipants: participants, threshold, totalShares: shares } = form;
  const { type: scheme, length = 256 } = keyParams;
  if (!LENGTHS.includes(length)) throw refuse("face.length", { length, type: scheme });
  if (threshold > shares) throw refuse("face.threshold", { threshold, shares });
  const found = new Set(participants).size;
  if (participants.length !== shares || found !== shares) throw refuse("face.participants", { shares, found });
  const unknown = participants.find((tag) => !nodes.some((node) => node.tag === tag));
  if (unknown !== undefined) throw refuse("face.node-unknown", { tag: unknown });
  // All of them make a key; later `threshold` of them sign.
  requireUp(nodes, participants, shares);
  return { scheme, threshold, participants };
};

const requireUp = (nodes: readonly NodeInfo[], tags: readonly string[], needed: number): void => {
  const up = nodes.filter((node) => node.up && tags.includes(node.tag)).length;
  if (up < needed) throw refuse("face.nodes-down", { nodes: tags.join(", "), needed, up });
};

/** Lower case without 0x; 32 bytes, of Ed25519 a message of any length. @throws Refusal face.digest */
const digestOf = (scheme: KeyScheme, given: string): string => {
  const hex = given.replace(/^0x/i, "").toLowerCase();
  if (!/^([0-9a-f]{2})+$/.test(hex)) throw refuse("face.digest", { scheme, reason: "not whole bytes in hexadecimal" });
  if (scheme !== "EDDSA_ED25519" && hex.length !== 64)
    throw refuse("face.digest", { scheme, reason: `${hex.length / 2} bytes instead of 32` });
  return hex;
};

const showKey = ({ scheme, publicKey, status, failure }: KeyInfo, language: Language) => {
  if (status === "failed")
    return { status: "FAILED", publicKey: null, errorMessage: failureText(failure ?? "")[language] };
  return publicKey === undefined || status === "pending"
    ? { status: "PROCESSING", publicKey: null, errorMessage: null }
    : { status: "FINISHED", publicKey: publicKeyPem(scheme, publicKey), errorMessage: null };
};

const showRequest = ({ scheme, status, signatures, failure }: RequestInfo, language: Language) => {
  const [signature] = signatures;
  if (status === "pending") return { sign: null, status: "PROCESSING", errorMessage: null };
  if (status === "completed" && signature !== undefined)
    return { sign: toHex(encodeSignature(scheme, signature)), status: "FINISHED", errorMessage: null };
  return { sign: null, status: "FAILED", errorMessage: why(status, failure, language) };
};

const ENDED: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  refused: { en: "An approver refused the request.", "zh-CN": "审批人拒绝了该请求。" },
  withdrawn: { en: "The request was withdrawn.", "zh-CN": "请求已撤回。" },
  expired: { en: "The request expired before it was signed.", "zh-CN": "请求在签名前已过期。" },
};

const why = (status: string, failure: string | undefined, language: Language): string =>
  (ENDED[status] ?? failureText(failure ?? ""))[language];
