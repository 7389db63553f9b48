/**
 * What guests that run in Node.js share, carried into the sandbox as text (so it uses nothing but its arguments
 * and Node.js): frames on fd 0 and fd 3, tables batch by batch, the log. It reads synchronously and only what it waits
 * for, so a full pipe holds the sender back.
 */
import type { Field } from "../../columns/batch.ts";
import type { BatchHeader } from "../../columns/codec.ts";
import type { FromGuest, ToGuest } from "../bubblewrap/messages.ts";
import { modelKit } from "../model-kit.ts";
import { MAX_LOG_BYTES } from "../runner.ts";

/** A batch as it came: buffers of the columns in the order of the header, each padded to 8 bytes. */
export interface GuestBatch {
  readonly header: BatchHeader;
  readonly body: Uint8Array<ArrayBuffer>;
}

export function nodeChannel(makeKit: typeof modelKit, maxLogBytes: number) {
  const fs = process.getBuiltinModule("node:fs");
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const kit = makeKit({ decode: (bytes) => decoder.decode(bytes), encode: (text) => encoder.encode(text) });

  const send = (header: FromGuest, buffers?: Uint8Array[]) => {
    const bytes = kit.frame(header, buffers);
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(3, bytes, at);
  };
  const take = (length: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = fs.readSync(0, bytes, at, length - at, null);
      if (read === 0) process.exit(0);
      at += read;
    }
    return bytes;
  };
  const receive = (): { header: ToGuest; body: Uint8Array<ArrayBuffer> } => {
    const view = new DataView(take(8).buffer);
    const header = JSON.parse(decoder.decode(take(view.getUint32(0, true))));
    return { header, body: take(view.getUint32(4, true)) };
  };

  /** Batches that came while another table's were awaited; at most those asked for. */
  const AHEAD = 4;
  const waiting = new Map<
    string,
    { columns: readonly Field[]; batches: GuestBatch[]; asked: number; ended: boolean }
  >();
  const place = () => {
    const { header, body } = receive();
    if (header.kind !== "batch" && header.kind !== "end") return;
    const queue = waiting.get(header.table);
    if (header.kind === "batch") queue?.batches.push({ header: header.batch, body });
    else if (queue) queue.ended = true;
  };

  let logged = 0;
  return {
    send,
    /** The model, when it and all its tables are there. */
    open() {
      let load: (ToGuest & { kind: "load" }) | undefined;
      const files = new Map<string, Uint8Array<ArrayBuffer>>();
      while (!load || Object.keys(load.manifest.tables).some((name) => !waiting.has(name))) {
        const { header, body } = receive();
        if (header.kind === "table")
          waiting.set(header.table, { columns: header.columns, batches: [], asked: 0, ended: false });
        if (header.kind !== "load") continue;
        load = header;
        let at = 0;
        for (const [path, length] of header.files) {
          files.set(path, body.subarray(at, at + length));
          at += length;
        }
      }
      return { ...load, files, columns: (table: string) => waiting.get(table)?.columns ?? [] };
    },
    /** The next batch of a table; undefined at its end. */
    next(table: string): GuestBatch | undefined {
      const queue = waiting.get(table);
      if (!queue) return undefined;
      while (!queue.ended && queue.asked < AHEAD + 1) {
        send({ kind: "want", table });
        queue.asked++;
      }
      while (queue.batches.length === 0 && !queue.ended) place();
      queue.asked--;
      return queue.batches.shift();
    },
    /** Writes a line, to which it adds the end; what is too much is cut. */
    log(line: Uint8Array) {
      const room = maxLogBytes - logged;
      if (room <= 0) return;
      fs.writeSync(1, Buffer.concat([line.subarray(0, room - 1), Buffer.from("\n")]));
      logged += line.length + 1;
    },
    /** Ends the process, telling why. A code of the runner's own goes before the text: the host knows only these. */
    fail(code: string, message: string, trace = "") {
      const known = ["memory", "result-schema", "result-rows", "threw"].includes(code);
      send({ kind: "failed", code, message: (known ? message : `${code}: ${message}`).slice(0, 500), trace });
      process.exit(1);
    },
    kit,
  };
}
export type NodeChannel = ReturnType<typeof nodeChannel>;

/**
 * The text of a program: the guest, called with its channel.
 * @param rest JavaScript, its other arguments
 */
export const nodeProgram = (guest: (channel: NodeChannel, ...rest: never[]) => void, ...rest: string[]): string =>
  `(${guest})(${[`(${nodeChannel})(${modelKit},${MAX_LOG_BYTES})`, ...rest].join(",")})`;
