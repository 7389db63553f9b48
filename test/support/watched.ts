/**
 * What a browser says to anybody: a proxy that all of it goes through, pages and workers alike, and that keeps the
 * whole of every request as it was on the wire.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { finderOf } from "./secrets.ts";

interface Said {
  /** Method and address. */
  readonly what: string;
  /** Its head and its body. */
  readonly bytes: Uint8Array;
}

export interface Watcher {
  /** For `PersonOptions.proxy`. */
  readonly proxy: string;
  /** Every request so far whose last byte has come. */
  said(): readonly Said[];
  /** @param wanted by name, 16 bytes and more each. @returns which of them were said, and in which request */
  leaks(wanted: ReadonlyMap<string, Uint8Array>): string[];
}

/** Ends with the test. */
export const watcher = async (t: TestContext): Promise<Watcher> => {
  const said: Said[] = [];
  const server = createServer((from, to) => pass(from, to, said));
  // Lines that stay open, to another port of this machine or to anywhere.
  server.on("connect", (from, socket, head) => tunnel(from, socket, head, said));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    said: () => said,
    leaks(wanted) {
      const finder = finderOf(wanted);
      return said.flatMap(({ what, bytes }) => finder(bytes).map((name) => `${name} in ${what}`));
    },
  };
};

const headOf = ({ url = "", rawHeaders }: IncomingMessage): Buffer =>
  Buffer.from([decodeURIComponent(url), url, ...rawHeaders].join("\n"));

const pass = (from: IncomingMessage, to: ServerResponse, said: Said[]) => {
  const chunks = [headOf(from)];
  const url = new URL(from.url ?? "");
  const { method = "GET", headers } = from;
  from.on("data", (chunk: Buffer) => chunks.push(chunk));
  from.on("end", () => said.push({ what: `${method} ${url.pathname}`, bytes: Buffer.concat(chunks) }));
  const onward = request(url, { method, headers }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(to);
  });
  onward.on("error", () => to.destroy());
  to.on("close", () => onward.destroy());
  from.pipe(onward);
};

const tunnel = (from: IncomingMessage, socket: Duplex, head: Buffer, said: Said[]) => {
  const [host = "", port = "443"] = (from.url ?? "").split(":");
  const onward: Socket = connect(Number(port), host, () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  const end = () => {
    onward.destroy();
    socket.destroy();
  };
  socket.on("data", (bytes: Buffer) => said.push({ what: `CONNECT ${from.url}`, bytes }));
  for (const one of [socket, onward]) one.on("error", end).on("close", end);
};
