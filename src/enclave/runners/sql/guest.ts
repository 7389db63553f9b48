/**
 * The program inside the sandbox that runs SQL, carried there as text (so it uses nothing but its arguments and
 * Node.js): opens DuckDB in memory, with its configuration locked, before there is anything to read; fills the tables;
 * runs the statements; returns the rows of the last.
 */
import type { Manifest, ParameterValue } from "../manifest.ts";
import type { NodeChannel } from "../node/channel.ts";
import type { createDrain } from "./drain.ts";
import type { DuckDB, Prepared } from "./duckdb.ts";
import type { createFill } from "./fill.ts";

type Parameters = Readonly<Record<string, ParameterValue>>;

/** @param settings of DuckDB, in their order */
export function guest(
  channel: NodeChannel,
  { addon, makeFill, makeDrain }: { addon: string; makeFill: typeof createFill; makeDrain: typeof createDrain },
  settings: readonly (readonly [name: string, value: string])[],
) {
  const { MAX_ROWS, Failure, failureOf } = channel.kit;
  /** DUCKDB_STATEMENT_TYPE_* of duckdb.h. */
  const [SELECT, CREATE] = [1, 7];
  const KINDS: Record<number, string> = {
    1: "SELECT",
    2: "INSERT",
    3: "UPDATE",
    4: "EXPLAIN",
    5: "DELETE",
    6: "PREPARE",
    7: "CREATE",
    8: "EXECUTE",
    9: "ALTER",
    10: "transaction",
    11: "COPY",
    12: "ANALYZE",
    13: "SET VARIABLE",
    15: "DROP",
    16: "EXPORT",
    17: "PRAGMA",
    18: "VACUUM",
    19: "CALL",
    20: "SET",
    21: "LOAD",
    23: "INSTALL",
    25: "ATTACH",
    26: "DETACH",
    28: "COPY DATABASE",
    29: "UPDATE EXTENSIONS",
    30: "MERGE",
  };

  /** Bytes of text in a column after which a batch is sent, however few its rows. */
  const MAX_TEXT = 8 << 20;

  const failure = (code: string, message: string) => new Failure(code, message);

  const openDatabase = async () => {
    const module: { exports: Partial<DuckDB> } = { exports: {} };
    process.dlopen(module, addon);
    const duckdb = module.exports as DuckDB;
    const config = duckdb.create_config();
    for (const [name, value] of settings) duckdb.set_config(config, name, value);
    const connection = await duckdb.connect(await duckdb.open(":memory:", config));
    // As an option of `open`, the last has no effect (DuckDB 1.5.6).
    const [, memory, spill] = process.argv.map(Number);
    await duckdb.query(connection, `SET memory_limit = '${memory}B'`);
    await duckdb.query(connection, `SET max_temp_directory_size = '${spill}B'`);
    await duckdb.query(connection, "SET lock_configuration = true");
    return { duckdb, connection };
  };

  /** Values of `$name`: whole numbers as BIGINT, others as DOUBLE. */
  const bind = (duckdb: DuckDB, prepared: Prepared, parameters: Parameters) => {
    for (let index = 1; index <= duckdb.nparams(prepared); index++) {
      const name = duckdb.parameter_name(prepared, index);
      const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
      if (value === undefined) throw failure("threw", `entente.json declares no parameter $${name}`);
      if (typeof value === "boolean") duckdb.bind_value(prepared, index, duckdb.create_bool(value));
      else if (typeof value === "string") duckdb.bind_value(prepared, index, duckdb.create_varchar(value));
      else if (Number.isSafeInteger(value)) duckdb.bind_value(prepared, index, duckdb.create_int64(BigInt(value)));
      else duckdb.bind_value(prepared, index, duckdb.create_double(value));
    }
  };

  /** Sends the rows of the last statement, batch by batch. */
  const drain = async (duckdb: DuckDB, prepared: Prepared, { columns, maxRows }: Manifest["result"]) => {
    const drained = makeDrain(duckdb, channel.kit, failure);
    const writers = drained.columnsOf(prepared, columns);
    const rows = await duckdb.execute_prepared_streaming(prepared);
    let [total, held] = [0, 0];
    const flush = () => {
      const finished = writers.map(({ writer }) => writer.finish());
      const header = { rows: held, columns: finished.map((one) => one.header) };
      if (held > 0)
        channel.send(
          { kind: "result", batch: header },
          finished.flatMap((one) => one.buffers),
        );
      held = 0;
    };
    for (;;) {
      const chunk = await duckdb.fetch_chunk(rows);
      // After the last come nothing or a chunk without columns.
      if (!chunk || duckdb.data_chunk_get_column_count(chunk) === 0) break;
      const size = duckdb.data_chunk_get_size(chunk);
      total += size;
      if (total > maxRows) throw failure("result-rows", String(total));
      if (held + size > MAX_ROWS) flush();
      for (const { writer, index } of writers) writer.take(duckdb.data_chunk_get_vector(chunk, index), size);
      held += size;
      if (writers.some(({ writer }) => writer.held() > MAX_TEXT)) flush();
    }
    flush();
  };

  const run = async () => {
    const { duckdb, connection } = await openDatabase();
    const { manifest, parameters, files, columns } = channel.open();
    channel.send({ kind: "started" });
    const sql = new TextDecoder("utf-8", { fatal: true }).decode(files.get(manifest.entry));
    const { extracted_statements: statements, statement_count: count } = await duckdb.extract_statements(
      connection,
      sql,
    );
    if (count === 0) throw new Error(sql.trim() ? duckdb.extract_statements_error(statements) : "it has no statement");
    const fill = makeFill(duckdb, connection, channel);
    for (const name of Object.keys(manifest.tables)) await fill(name, columns(name));
    for (let index = 0; index < count; index++) {
      const prepared = await duckdb.prepare_extracted_statement(connection, statements, index);
      const kind = duckdb.prepared_statement_type(prepared);
      const last = index + 1 === count;
      if (kind !== (last ? SELECT : CREATE))
        throw failure("sql-forbidden", `statement ${index + 1} of ${count} is ${KINDS[kind] ?? "of another kind"}`);
      bind(duckdb, prepared, parameters);
      if (last) await drain(duckdb, prepared, manifest.result);
      else await duckdb.execute_prepared(prepared);
    }
    channel.send({ kind: "done" });
    process.exit(0);
  };

  /** What ended it: DuckDB says of which sort an error is before its text. */
  const told = (error: unknown): { code: string; message: string } => {
    if (error instanceof Failure) return error;
    const { code, message } = failureOf(error);
    const text = message.replace(/^Error: /, "");
    if (/^Out of Memory Error|^IO Error.*No space left/s.test(text)) return { code: "memory", message: text };
    if (/^Permission Error/.test(text)) return { code: "sql-forbidden", message: text };
    return { code, message: text };
  };
  run().catch((error: unknown) => {
    const { code, message } = told(error);
    channel.fail(code, message, channel.kit.failureOf(error).trace);
  });
}
