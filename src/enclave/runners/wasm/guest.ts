/**
 * The program inside the sandbox that runs a WebAssembly module, carried there as text (so it uses nothing but its
 * argument and Node.js). The interface is specified in docs/protocols/wasm-models.md; a module gets its functions and
 * nothing else, and no address of a module's is used before it was compared with the module's memory.
 */
import type { ColumnType } from "../../columns/batch.ts";
import type { NodeChannel } from "../node/channel.ts";

export function guest(channel: NodeChannel) {
  const { MAX_ROWS, WIDTHS, padded, Failure, failureOf } = channel.kit;
  const TYPES: readonly ColumnType[] = ["bool", "i32", "i64", "f64", "decimal", "date", "timestamp", "utf8", "binary"];
  /** Bytes of a batch's head, and of each column's descriptor after it. */
  const [HEAD, DESCRIPTOR] = [8, 24];

  /** A module could catch what its imports throw; the first failure counts all the same. */
  let failed: InstanceType<typeof Failure> | undefined;
  const failure = (code: string, message: string): Error => {
    failed ??= new Failure(code, message);
    return failed;
  };

  const { manifest, main, parameters, files } = channel.open();
  const tables = Object.keys(manifest.tables);
  const declared = Object.entries(manifest.result.columns);
  let exported: WebAssembly.Exports = {};
  /** The memory as it is now: growing it detaches what was there. */
  const memory = () => new DataView((exported.memory as WebAssembly.Memory).buffer as ArrayBuffer);

  /** These bytes of the module's memory. @param at an i32, which WebAssembly gives as signed */
  const bytesAt = (at: number, length: number, what: string): Uint8Array<ArrayBuffer> => {
    const { buffer } = memory();
    const from = at >>> 0;
    if (from + length > buffer.byteLength)
      throw failure("wasm-memory", `${what} at ${from}, ${length} bytes, of ${buffer.byteLength} that there are`);
    return new Uint8Array(buffer, from, length);
  };
  const allocate = (size: number, what: string): number => {
    const at: unknown = size < 2 ** 31 ? (exported.entente_alloc as (size: number) => unknown)(size) : 0;
    if (at === 0) throw failure("memory", "entente_alloc gave 0");
    if (typeof at !== "number" || at % 8 !== 0)
      throw failure("wasm-memory", `${what} at ${String(at)}, which entente_alloc gave and is no multiple of 8`);
    bytesAt(at, size, what);
    return at >>> 0;
  };
  const pick = <T>(list: readonly T[], index: number, what: string): T => {
    const one = list[index >>> 0];
    if (one === undefined) throw failure("wasm-memory", `${what} ${index >>> 0}, of ${list.length} that there are`);
    return one;
  };

  /** Where each table's current batch lies. */
  const rooms = new Map<string, { at: number; size: number }>();
  const roomFor = (table: string, size: number): number => {
    const room = rooms.get(table);
    if (room && room.size >= size) return room.at;
    const asked = padded(Math.max(size, 2 * (room?.size ?? 0)));
    const at = allocate(asked, "a batch");
    rooms.set(table, { at, size: asked });
    return at;
  };

  const nextBatch = (index: number): number => {
    const table = pick(tables, index, "table");
    let batch = channel.next(table);
    while (batch?.header.rows === 0) batch = channel.next(table);
    if (!batch) return 0;
    const { rows, columns } = batch.header;
    const head = HEAD + DESCRIPTOR * columns.length;
    const room = roomFor(table, head + batch.body.length);
    const view = memory();
    view.setUint32(room, rows, true);
    view.setUint32(room + 4, columns.length, true);
    let at = room + head;
    columns.forEach(({ type, validity, offsets, values }, i) => {
      const words = [TYPES.indexOf(type) + 1, 0, 0, 0, values, 0];
      for (const [word, length] of [
        [1, validity],
        [2, offsets],
        [3, values],
      ] as const) {
        if (length > 0 || word === 3) words[word] = at;
        at += padded(length);
      }
      words.forEach((value, word) => {
        view.setUint32(room + HEAD + DESCRIPTOR * i + 4 * word, value, true);
      });
    });
    new Uint8Array(view.buffer).set(batch.body, room + head);
    return room;
  };

  let returned = 0;
  const result = (at: number): void => {
    const head = new DataView(bytesAt(at, HEAD + DESCRIPTOR * declared.length, "a result").slice().buffer);
    const [rows, count] = [head.getUint32(0, true), head.getUint32(4, true)];
    if (rows > MAX_ROWS) throw failure("result-schema", `a batch has ${rows} rows, more than ${MAX_ROWS}`);
    if (count !== declared.length)
      throw failure("result-schema", `a batch has ${count} columns, not ${declared.length}`);
    returned += rows;
    if (returned > manifest.result.maxRows) throw failure("result-rows", String(returned));
    const buffers: Uint8Array[] = [];
    const columns = declared.map(([name, type], i) => {
      const word = (n: number) => head.getUint32(HEAD + DESCRIPTOR * i + 4 * n, true);
      if (TYPES[word(0) - 1] !== type)
        throw failure("result-schema", `the type of ${name} is ${word(0)}, not ${TYPES.indexOf(type) + 1} (${type})`);
      const width = WIDTHS[type];
      if (width && word(4) !== width * rows)
        throw failure("result-schema", `${name} has ${word(4)} bytes of values, not ${width * rows}`);
      const validity = bytesAt(word(1), word(1) ? (rows + 7) >> 3 : 0, `validity of ${name}`);
      const offsets = bytesAt(word(2), width ? 0 : 4 * (rows + 1), `offsets of ${name}`);
      const values = bytesAt(word(3), word(4), `values of ${name}`);
      buffers.push(validity, offsets, values);
      return { name, type, validity: validity.length, offsets: offsets.length, values: values.length };
    });
    channel.send({ kind: "result", batch: { rows, columns } }, buffers);
  };

  const given = Object.values(parameters);
  const parameterOf = (index: number, text: boolean) => {
    const value = pick(given, index, "parameter");
    if ((typeof value === "string") !== text)
      throw failure("wasm-memory", `parameter ${index >>> 0} as ${text ? "text" : "a number"}, a ${typeof value}`);
    return value;
  };
  const imports: Record<string, (...values: number[]) => number | undefined> = {
    next_batch: (table = 0) => nextBatch(table),
    result(at = 0) {
      result(at);
      return undefined;
    },
    parameter_number: (index = 0) => Number(parameterOf(index, false)),
    parameter_text(index = 0) {
      const text = new TextEncoder().encode(String(parameterOf(index, true)));
      const at = allocate(4 + text.length, "a parameter");
      memory().setUint32(at, text.length, true);
      bytesAt(at + 4, text.length, "a parameter").set(text);
      return at;
    },
    log(at = 0, length = 0) {
      channel.log(bytesAt(at, length >>> 0, "a line of the log"));
      return undefined;
    },
    fail(at = 0, length = 0) {
      const message = bytesAt(at, length >>> 0, "a message").slice(0, 500);
      throw failure("threw", new TextDecoder().decode(message));
    },
  };

  const requireImports = (module: WebAssembly.Module) => {
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
      if (from !== "entente" || kind !== "function" || !Object.hasOwn(imports, name))
        throw failure("wasm-import", `${from}.${name}`);
  };
  const requireExports = () => {
    const { memory } = exported;
    if (!(memory instanceof WebAssembly.Memory)) throw failure("wasm-module", "it exports no memory");
    if (!(memory.buffer instanceof ArrayBuffer)) throw failure("wasm-module", "its memory is shared");
    for (const name of ["entente_alloc", main])
      if (typeof exported[name] !== "function") throw failure("wasm-module", `it exports no function ${name}`);
    if ((exported[main] as () => void).length > 0) throw failure("wasm-module", `${main} takes arguments`);
  };
  const run = () => {
    const bytes = files.get(manifest.entry);
    if (!bytes) throw failure("wasm-module", `the archive has no ${manifest.entry}`);
    const module = new WebAssembly.Module(bytes);
    requireImports(module);
    exported = new WebAssembly.Instance(module, { entente: imports }).exports;
    requireExports();
    if (typeof exported._initialize === "function") exported._initialize();
    channel.send({ kind: "started" });
    (exported[main] as () => void)();
    if (failed) throw failed;
    channel.send({ kind: "done" });
    process.exit(0);
  };

  /** What ended the module. Memory beyond the limit is refused by the engine, in its own words. */
  const told = (error: unknown): { code: string; message: string } => {
    if (failed) return failed;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof WebAssembly.CompileError)
      return { code: /initial memory size/.test(message) ? "memory" : "wasm-module", message };
    if (error instanceof WebAssembly.LinkError) return { code: "wasm-module", message };
    const overflown = error instanceof RangeError && !/memory/i.test(message);
    if (!(error instanceof WebAssembly.RuntimeError) && !overflown) return failureOf(error);
    const held = exported.memory instanceof WebAssembly.Memory ? exported.memory.buffer.byteLength : 0;
    return { code: "wasm-trap", message: `${message}, with ${held} bytes of memory` };
  };
  try {
    run();
  } catch (error) {
    const { code, message } = told(error);
    channel.fail(code, message, channel.kit.failureOf(error).trace);
  }
}
