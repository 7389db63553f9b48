/**
 * An S3 server (s3rver) behind TLS of a root of the tests' own. Signatures are checked in front of it, since s3rver
 * takes any of version 4; answers can be changed on their way.
 */
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import { createRoot, type IssuedCertificate, type TestRoot } from "../../src/cli/demo/machines/certificates.ts";

export interface TestObjectStore {
  readonly root: TestRoot;
  /** https://localhost:port, whose certificate is for that name */
  readonly endpoint: string;
  /** Requests for objects so far, by their Range or "whole". */
  readonly requests: string[];
  put(key: string, content: Uint8Array | string): Promise<void>;
  /** Sees every request first; true when it has answered itself. */
  intercept(handler: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>): void;
  useCertificate(issued: IssuedCertificate): void;
  stop(): Promise<void>;
}

export const BUCKET = "hospital-data";
/** Those that s3rver knows. */
export const CREDENTIALS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

export const startObjectStore = async (): Promise<TestObjectStore> => {
  const root = createRoot();
  const directory = mkdtempSync(join(tmpdir(), "entente-s3-"));
  const s3 = new S3rver({ directory, silent: true, configureBuckets: [{ name: BUCKET, configs: [] }] });
  await s3.configureBuckets();
  const answer = s3.callback();
  const requests: string[] = [];
  let handler: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean> = () => false;

  const { certificate: cert, key } = root.issue(["DNS:localhost", `DNS:${BUCKET}.localhost`]);
  const server = createServer({ cert, key }, async (request, response) => {
    requests.push(request.headers.range ?? "whole");
    if (await handler(request, response)) return;
    if (isSigned(request)) answer(request, response);
    else response.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    root,
    endpoint: `https://localhost:${port}`,
    requests,
    async put(key, content) {
      await s3.store.putObject({ bucket: BUCKET, key, content: Buffer.from(content), metadata: {} });
    },
    intercept(next) {
      handler = next;
    },
    useCertificate: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
};

/** AWS Signature Version 4 of a request without content, over what was received. */
const isSigned = ({ method, url, headers }: IncomingMessage): boolean => {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/;
  const [, id, day = "", region = "", names = "", signature] = form.exec(headers.authorization ?? "") ?? [];
  const signed = names.split(";");
  // Whoever changed a header that matters could not tell otherwise.
  const covers = Object.keys(headers).every(
    (name) => !/^(host|range|if-match|x-amz-.*)$/.test(name) || signed.includes(name),
  );
  if (id !== CREDENTIALS.accessKeyId || !covers) return false;
  const canonical = [
    method,
    url,
    "",
    ...signed.map((name) => `${name}:${String(headers[name])}`),
    "",
    names,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hash].join("\n");
  const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`);
  return hmac(key, text).toString("hex") === signature;
};
