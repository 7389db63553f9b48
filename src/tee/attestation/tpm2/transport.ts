/** How commands reach a TPM: a device file of the kernel, or the socket of a software TPM. One at a time. */
import { open, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { concat } from "../../../base/bytes.ts";
import { refuse } from "./errors.ts";

export interface Transport {
  /** A software TPM has to be started by whoever uses it first; the kernel has started its own. */
  readonly needsStartup: boolean;
  /** @returns the whole answer. @throws Refusal tpm.unreachable */
  send(command: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * @param device the path of a device (`/dev/tpmrm0`) or of a Unix socket, or `host:port`
 * @throws Refusal tpm.unreachable
 */
export const openTransport = async (device: string): Promise<Transport> => {
  try {
    const tcp = /^([^/]+):(\d+)$/.exec(device);
    if (tcp) return await openSocket(device, connect({ host: tcp[1], port: Number(tcp[2]), noDelay: true }));
    return (await stat(device)).isSocket() ? await openSocket(device, connect(device)) : await openDevice(device);
  } catch (error) {
    throw unreachable(device, error);
  }
};

const unreachable = (device: string, error: unknown) =>
  refuse("tpm.unreachable", { device, reason: error instanceof Error ? error.message : String(error) });

/** Bytes; the profile for PCs lets a TPM answer with as many (TPM_PT_MAX_RESPONSE_SIZE). */
const MAX_RESPONSE = 4096;

/** Milliseconds; making an RSA key may take a discrete TPM a minute. */
const PATIENCE = 180_000;

/** The kernel takes a command in one write and gives its answer in one read. */
const openDevice = async (device: string): Promise<Transport> => {
  const file = await open(device, "r+");
  return {
    needsStartup: false,
    async send(command) {
      try {
        await file.write(command);
        const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_RESPONSE), 0, MAX_RESPONSE, null);
        return buffer.subarray(0, bytesRead);
      } catch (error) {
        throw unreachable(device, error);
      }
    },
    close: () => file.close(),
  };
};

const HEADER = 10;

const openSocket = async (device: string, socket: Socket): Promise<Transport> => {
  let received = new Uint8Array();
  let settle: { resolve(answer: Uint8Array): void; reject(error: Error): void } | undefined;
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    settle?.reject(broken);
  };
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve()).once("error", reject);
  });
  socket.on("error", fail).on("close", () => fail(new Error("the connection ended")));
  // A software TPM lets others wait as long as somebody is connected.
  socket.on("timeout", () => socket.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
  socket.on("data", (chunk) => {
    received = concat(received, chunk);
    if (received.length < HEADER) return;
    const length = new DataView(received.buffer).getUint32(2);
    if (length < HEADER || length > MAX_RESPONSE || received.length > length)
      socket.destroy(new Error("an answer of the wrong length"));
    if (received.length !== length) return;
    const answer = received;
    received = new Uint8Array();
    settle?.resolve(answer);
  });
  return {
    needsStartup: true,
    async send(command) {
      try {
        return await new Promise((resolve, reject) => {
          if (broken) throw broken;
          settle = { resolve, reject };
          socket.setTimeout(PATIENCE);
          socket.write(command);
        });
      } catch (error) {
        throw unreachable(device, error);
      } finally {
        socket.setTimeout(0);
      }
    },
    close: () =>
      new Promise((resolve) => {
        socket.once("close", () => resolve());
        if (socket.closed) resolve();
        else socket.destroy();
      }),
  };
};
