/**
 * The program inside the sandbox, carried there as text (so it uses nothing but its arguments and Node.js): reads code
 * and tables from fd 0, calls the model's main function, writes its result to fd 3. It reads synchronously and only what
 * it waits for, so a full pipe holds the sender back.
 */
import type { BatchHeader } from "../../columns/codec.ts";
import type { FromGuest, ToGuest } from "../bubblewrap/messages.ts";
import type { ModelKit, ModelTable, modelKit } from "../model-kit.ts";

export function guest(makeKit: typeof modelKit, maxLogBytes: number) {
  const fs = process.getBuiltinModule("node:fs");
  const { registerHooks } = process.getBuiltinModule("node:module");
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const kit: ModelKit = makeKit({ decode: (bytes) => decoder.decode(bytes), encode: (text) => encoder.encode(text) });
  type Frame = { header: ToGuest; body: Uint8Array };

  const send = (header: FromGuest, buffers?: Uint8Array[]) => {
    const bytes = kit.frame(header, buffers);
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(3, bytes, at);
  };
  const take = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = fs.readSync(0, bytes, at, length - at, null);
      if (read === 0) process.exit(0);
      at += read;
    }
    return bytes;
  };
  const receive = (): Frame => {
    const view = new DataView(take(8).buffer);
    const header = JSON.parse(decoder.decode(take(view.getUint32(0, true))));
    return { header, body: take(view.getUint32(4, true)) };
  };

  /** Batches that came while another table's were awaited; at most those asked for. */
  const AHEAD = 4;
  const waiting = new Map<
    string,
    { batches: { header: BatchHeader; body: Uint8Array }[]; asked: number; ended: boolean }
  >();
  const place = ({ header, body }: Frame) => {
    if (header.kind !== "batch" && header.kind !== "end") return;
    const queue = waiting.get(header.table);
    if (header.kind === "batch") queue?.batches.push({ header: header.batch, body });
    else if (queue) queue.ended = true;
  };
  const nextOf = (table: string) => async () => {
    const queue = waiting.get(table);
    if (!queue) return undefined;
    while (!queue.ended && queue.asked < AHEAD + 1) {
      send({ kind: "want", table });
      queue.asked++;
    }
    while (queue.batches.length === 0 && !queue.ended) place(receive());
    queue.asked--;
    return queue.batches.shift();
  };

  /** The model's files as modules; anything else is left to Node.js, where it finds nothing of use. */
  const serve = (files: Map<string, Uint8Array>) => {
    const pathOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
    registerHooks({
      resolve(specifier, context, next) {
        const inside = context.parentURL?.startsWith("model:") && /^\.{0,2}\//.test(specifier);
        const url = inside ? new URL(specifier, context.parentURL).href : specifier;
        return url.startsWith("model:") ? { url, shortCircuit: true } : next(specifier, context);
      },
      load(url, context, next) {
        if (!url.startsWith("model:")) return next(url, context);
        const source = files.get(pathOf(url));
        if (!source) throw new Error(`the archive has no ${pathOf(url)}`);
        return {
          format: url.endsWith(".json") ? "json" : "module",
          source: decoder.decode(source),
          shortCircuit: true,
        };
      },
    });
  };

  let logged = 0;
  const log = (...values: unknown[]) => {
    if (logged >= maxLogBytes) return;
    const line = encoder.encode(
      `${values.map((value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)))).join(" ")}\n`,
    );
    fs.writeSync(1, line.subarray(0, maxLogBytes - logged));
    logged += line.length;
  };

  // The console of Node.js would hold in memory what the host does not take fast enough.
  const { format } = process.getBuiltinModule("node:util");
  for (const level of ["log", "info", "debug", "warn", "error"] as const)
    console[level] = (...values: unknown[]) => {
      fs.writeSync(1, `${format(...values)}\n`);
    };

  const run = async () => {
    let load: (ToGuest & { kind: "load" }) | undefined;
    const files = new Map<string, Uint8Array>();
    const tables: Record<string, ModelTable> = {};
    while (!load || Object.keys(load.manifest.tables).some((name) => !tables[name])) {
      const { header, body } = receive();
      if (header.kind === "load") {
        load = header;
        let at = 0;
        for (const [path, length] of header.files) {
          files.set(path, body.subarray(at, at + length));
          at += length;
        }
        serve(files);
      } else if (header.kind === "table") {
        waiting.set(header.table, { batches: [], asked: 0, ended: false });
        tables[header.table] = kit.tableOf(header.columns, nextOf(header.table));
      }
    }
    const { manifest, main, parameters } = load;
    const module: Record<string, unknown> = await import(
      `model:///${manifest.entry.split("/").map(encodeURIComponent).join("/")}`
    );
    const call = module[main];
    if (typeof call !== "function") throw new Error(`${manifest.entry} exports no function ${main}`);
    send({ kind: "started" });
    const returned: unknown = await call({ tables, parameters, log });
    const schema = Object.entries(manifest.result.columns).map(([name, type]) => ({ name, type }));
    for (const { header, buffers } of kit.encodeResult(returned, schema, manifest.result.maxRows))
      send({ kind: "result", batch: header }, buffers);
    send({ kind: "done" });
  };

  const fail = (error: unknown) => {
    send({ kind: "failed", ...kit.failureOf(error) });
    process.exit(1);
  };
  process.on("uncaughtException", fail);
  run().then(() => process.exit(0), fail);
}
