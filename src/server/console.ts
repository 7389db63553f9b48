/** The console's files, from memory: whatever is not the API's is a page, and the page finds its way by its address. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

interface Kept {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

/** Addresses of the API, of which an unknown one is no page. */
const API = /^\/(v1|api|metrics|health)(\/|$)/;

/** Styles are put in by scripts, each with the nonce of its page; nothing comes from elsewhere. */
const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

/** A worker has the policy of the answer that its script came with, not its page's. */
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

/** @param folder as `scripts/console.ts` makes it */
export const mountConsole = (
  app: FastifyInstance,
  folder: string,
): ((request: FastifyRequest, reply: FastifyReply) => boolean) => {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const assets = new Map(
    readdirSync(join(folder, "assets"), { recursive: true, encoding: "utf8" }).flatMap((file) => {
      const type = TYPES[extname(file)];
      return type === undefined ? [] : [[file.split(sep).join("/"), kept(join(folder, "assets", file), type)] as const];
    }),
  );
  app.get<{ Params: { "*": string } }>("/assets/*", (request, reply) => {
    const asset = assets.get(request.params["*"]);
    if (!asset) return reply.callNotFound();
    const accepted = String(request.headers["accept-encoding"] ?? "");
    const encoding = accepted.includes("br") ? "br" : accepted.includes("gzip") ? "gzip" : undefined;
    if (encoding) reply.header("content-encoding", encoding);
    // Their names are their digests.
    return reply
      .header("cache-control", "public, max-age=31536000, immutable")
      .header("vary", "accept-encoding")
      .header("content-security-policy", WORKER_POLICY)
      .type(asset.type)
      .send(encoding === "br" ? asset.brotli : encoding === "gzip" ? asset.gzip : asset.plain);
  });
  return (request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    // What begins with two slashes is another host's address to whatever resolves it.
    if (request.method !== "GET" || API.test(path) || /^\/(\/|assets\/)/.test(path)) return false;
    const nonce = randomBytes(16).toString("base64");
    reply
      .code(200)
      .header("content-security-policy", policyOf(nonce))
      .header("cross-origin-opener-policy", "same-origin")
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .send(page.replace("<head>", `<head>\n    <meta name="style-nonce" content="${nonce}" />`));
    return true;
  };
};

const kept = (file: string, type: string): Kept => {
  const plain = readFileSync(file);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  return { type, plain, gzip: gzipSync(plain), brotli: brotliCompressSync(plain, quality) };
};
