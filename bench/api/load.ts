/**
 * Sends the same request over many connections, each waiting for its answer before it asks again. Sockets and the
 * little of HTTP that is needed, so that it never is what limits the server. Usage: a `Job` as JSON; prints `Measured`.
 */
import { connect } from "node:net";

export interface Job {
  readonly port: number;
  /** As it goes over the wire. */
  readonly request: string;
  readonly connections: number;
  readonly warmUp: number;
  /** Seconds that count. */
  readonly seconds: number;
}

export interface Measured {
  readonly answers: number;
  /** With those of the warm-up. */
  readonly all: number;
  readonly seconds: number;
  /** Milliseconds of an answer. */
  readonly p50: number;
  readonly p99: number;
  /** Share of one processor that this process took. */
  readonly busy: number;
  readonly bytes: number;
  /** The first answer that was not 200, if any. */
  readonly failed?: string;
}

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const request = Buffer.from(job.request, "latin1");
const latencies: number[] = [];
const seen = { bytes: 0, failed: undefined as string | undefined, counting: false, all: 0 };
const HEAD_END = Buffer.from("\r\n\r\n");

const open = () => {
  const socket = connect({ host: "127.0.0.1", port: job.port, noDelay: true });
  let held = Buffer.alloc(0);
  let asked = 0;
  const ask = () => {
    asked = performance.now();
    socket.write(request);
  };
  socket.on("connect", ask);
  socket.on("data", (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const end = held.indexOf(HEAD_END);
    if (end < 0) return;
    const head = held.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    if (held.length < end + HEAD_END.length + length) return;
    if (!head.startsWith("HTTP/1.1 200 ")) seen.failed ??= held.toString("utf8");
    seen.bytes = held.length;
    held = Buffer.alloc(0);
    seen.all++;
    if (seen.counting) latencies.push(performance.now() - asked);
    ask();
  });
  socket.on("error", (error) => {
    seen.failed ??= String(error);
  });
  return socket;
};

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));

const sockets = Array.from({ length: job.connections }, open);
await wait(job.warmUp);
seen.counting = true;
const [began, cpu] = [performance.now(), process.cpuUsage()];
await wait(job.seconds);
seen.counting = false;
const elapsed = performance.now() - began;
const { user, system } = process.cpuUsage(cpu);
for (const socket of sockets) socket.destroy();

const sorted = Float64Array.from(latencies).sort();
const at = (p: number) => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
const measured: Measured = {
  answers: sorted.length,
  all: seen.all,
  seconds: elapsed / 1_000,
  p50: at(0.5),
  p99: at(0.99),
  busy: (user + system) / 1_000 / elapsed,
  bytes: seen.bytes,
  ...(seen.failed !== undefined && { failed: seen.failed }),
};
console.log(JSON.stringify(measured));
