/**
 * Signed GETs (RFC 9421, hmac-sha256) against one server, 64 connections from a process of their own. Every request
 * is verified, its caller and permissions found, the answer validated and tagged. Beside it a bare Fastify that
 * answers as many bytes to anybody.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type AccessKey, signRequest } from "../src/contract/http-signature.ts";
import { startPlatform } from "../test/support/platform.ts";
import { processorOf } from "../test/support/processes.ts";
import { createTrio, finishTask } from "../test/support/trio.ts";
import type { Job, Measured } from "./api/load.ts";
import { report } from "./support.ts";

const CONNECTIONS = 64;
const WARM_UP = 2;
const SECONDS = 5;
const TARGET = 3_000;

const load = fileURLToPath(new URL("./api/load.ts", import.meta.url));
const bareFastify = fileURLToPath(new URL("./api/peer.ts", import.meta.url));

/** @throws Error when an answer was other than 200 */
const measure = async (url: URL, headers: Readonly<Record<string, string>>): Promise<Measured> => {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  const request = `${lines.join("\r\n")}\r\n\r\n`;
  const job: Job = { port: Number(url.port), request, connections: CONNECTIONS, warmUp: WARM_UP, seconds: SECONDS };
  const { stdout } = await promisify(execFile)(process.execPath, [load, JSON.stringify(job)]);
  const measured = JSON.parse(stdout) as Measured;
  if (measured.failed !== undefined) throw new Error(`not every answer was 200: ${measured.failed}`);
  return measured;
};

/** The same request over and over: a signature is good for five minutes where nothing is changed. */
const measureSigned = (url: string, key: AccessKey) =>
  measure(new URL(url), { ...signRequest({ method: "GET", url, headers: {} }, key, Date.now()) });

const measurePeer = async (bytes: number): Promise<Measured> => {
  const child = spawn(process.execPath, [bareFastify, "x".repeat(bytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  try {
    const { value: port } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    return await measure(new URL(`http://127.0.0.1:${port}/`), {});
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
};

const rate = ({ answers, seconds }: Measured) => answers / seconds;

const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
try {
  const limits = { "rate-limit": "1000000", "rate-burst": "1000000" };
  const platform = await startPlatform({ data: join(directory, "data"), settings: limits });
  try {
    const trio = await createTrio(platform, join(directory, "profiles"));
    const { id } = await finishTask(trio, 1);
    const key = await trio.institute.client.accessKeys.create({});
    for (const [route, target] of [
      ["/v1/account", TARGET],
      [`/v1/tasks/${id}`, TARGET],
      ["/v1/tasks?tab=participating", undefined],
    ] as const) {
      const before = processorOf(platform.pid);
      const measured = await measureSigned(platform.url + route, key);
      const work = (1_000_000 * (processorOf(platform.pid) - before)) / measured.all;
      const peer = await measurePeer(measured.bytes);
      const metric = `GET ${route.replace(id, ":id")}`;
      const busy = `the client took ${Math.round(100 * measured.busy)} % of a processor`;
      report({
        bench: "api",
        metric,
        value: rate(measured),
        unit: "requests/s",
        ...(target !== undefined && { target }),
        peer: { name: "bare fastify, as many bytes", value: rate(peer) },
        note: `${CONNECTIONS} connections, ${measured.bytes} bytes an answer; ${busy}`,
      });
      report({ bench: "api", metric: `${metric}, p50`, value: measured.p50, unit: "ms" });
      report({ bench: "api", metric: `${metric}, processor of the server for each`, value: work, unit: "µs" });
      report({ bench: "api", metric: `${metric}, p99`, value: measured.p99, unit: "ms" });
    }
  } finally {
    await platform.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
