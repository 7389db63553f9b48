/**
 * Seals, stores and has acts signed beside the page, which stays free: hashing and sealing 20 MB takes a good part of a
 * second. The workflows are the SDK's; the key stays with the page.
 */
import { concat } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Identity } from "../../sdk/acts.ts";
import { type Client, createClient } from "../../sdk/client.ts";
import { textOf } from "../../sdk/compare-files.ts";
import { unpackArchive } from "../../sdk/unpack.ts";
import { csvHeader } from "../../sdk/workflows/csv-header.ts";
import { connectionBytes } from "../../sdk/workflows/destination.ts";
import { publishModel, reviseModel } from "../../sdk/workflows/publish-model.ts";
import { reconnectSource } from "../../sdk/workflows/reconnect-source.ts";
import { prepareSource, sealSource } from "../../sdk/workflows/register-source.ts";
import { verifyEnclave } from "../../sdk/workflows/verify-enclave.ts";
import type { JobName, Jobs, Order, Phase, Refused, ToPage, ToWorker } from "./protocol.ts";
import { uploadFetch } from "./upload-fetch.ts";

const post = (message: ToPage) => postMessage(message);
const tell = (phase: Phase, part?: number) => post({ progress: { phase, part } });

const waiting = new Map<number, (signature: Uint8Array) => void>();
let asked = 0;
const askToSign = (input: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve) => {
    waiting.set(++asked, resolve);
    post({ sign: asked, input });
  });

interface Tools {
  readonly client: Client;
  readonly identity: Identity | undefined;
}
type Work = { readonly [N in JobName]: (job: Jobs[N], tools: Tools) => Promise<unknown> };

const bytesOf = async (blob: Blob): Promise<Uint8Array> => {
  tell("reading");
  const bytes = new Uint8Array(await blob.arrayBuffer());
  tell("sealing");
  return bytes;
};

async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const size = 1 << 20;
  for (let at = 0; at < file.size; at += size) {
    yield new Uint8Array(await file.slice(at, at + size).arrayBuffer());
    tell("sealing", Math.min(1, (at + size) / file.size));
  }
}

const work: Work = {
  publish: async ({ owner, enclave, archive, model }, { client }) =>
    publishModel(client, owner, { ...model, enclave, archive: await bytesOf(archive) }),
  revise: async ({ owner, enclave, id, archive, version }, { client }) =>
    reviseModel(client, owner, id, { ...version, enclave, archive: await bytesOf(archive) }),
  async file({ owner, enclave, type, file }, { client, identity }) {
    tell("sealing", 0);
    const header = type === "csv" ? await csvHeader(file.stream() as never) : undefined;
    const envelope = concat(...(await Array.fromAsync(sealSource(piecesOf(file), { owner, enclave, type }))));
    return prepareSource(client, identity, envelope, { enclave, type, header });
  },
  async connection({ owner, enclave, type, connection }, { client, identity }) {
    tell("sealing");
    const plain = connectionBytes(type, connection);
    const envelope = concat(...(await Array.fromAsync(sealSource([plain], { owner, enclave, type }))));
    tell("checking");
    return prepareSource(client, identity, envelope, { enclave, type });
  },
  async reconnect({ owner, enclave, id, connection }, { client, identity }) {
    tell("checking");
    return reconnectSource(client, identity, id, () => connection, { owner, enclave });
  },
  verify: ({ id, expected }, { client }) => verifyEnclave(client, id, expected),
  async inspect({ archive }) {
    const files = await unpackArchive(new Uint8Array(await archive.arrayBuffer()));
    const manifest = files.get("entente.json");
    return {
      files: [...files].map(([path, { length }]) => ({ path, size: length })),
      manifest: (manifest && textOf(manifest)) ?? null,
    };
  },
};

const run = async ({ name, job, url, csrf, language, signer }: Order): Promise<unknown> => {
  const identity: Identity | undefined = signer && { ...signer, sign: askToSign };
  const fetch = uploadFetch((part) => (part < 1 ? tell("uploading", part) : tell("checking")));
  const client = createClient({
    ...{ url, language, fetch, credentials: { session: { csrf } } },
    ...(identity && { signer: identity }),
  });
  return (work[name] as (job: unknown, tools: Tools) => Promise<unknown>)(job, { client, identity });
};

const refusedAs = (error: unknown): Refused =>
  error instanceof Refusal
    ? { code: error.code, status: error.status, details: error.details, message: error.message }
    : { code: "console.failed", status: 0, details: {}, message: error instanceof Error ? error.message : `${error}` };

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if ("signed" in data) {
    waiting.get(data.signed)?.(data.signature);
    waiting.delete(data.signed);
  } else
    run(data.order).then(
      (done) => post({ done }),
      (error) => post({ failed: refusedAs(error) }),
    );
});
