/** What a program needs to take part: the client, keys, seals and checks. Runs in Node.js and in browsers. */
export { explain, type Language, Refusal } from "../base/refusal.ts";
export { contract } from "../contract/index.ts";
export { digestOf } from "../trust/digest.ts";
export { modelContext, resultContext, sourceContext } from "../trust/envelope/contexts.ts";
export { open, openBytes, seal, sealBytes } from "../trust/envelope/envelope.ts";
export { enclaveKey, receiverKey } from "../trust/envelope/recipient.ts";
export { type Signer, type Statement, signStatement } from "../trust/statement.ts";
export type { ActOptions, Identity } from "./acts.ts";
export {
  type Client,
  type ClientOptions,
  createClient,
  createClientOf,
} from "./client.ts";
export type { LiveOptions } from "./live.ts";
export type { Downloaded } from "./requests.ts";
export type { AccessKeyCredentials, SessionCredentials, StreamBody } from "./transport.ts";
export type { UploadBody } from "./uploads.ts";
export * from "./workflows/index.ts";
