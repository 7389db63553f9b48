/** The part of DuckDB's own interface that the guest uses, as its addon for Node.js exports it. */
declare const handle: unique symbol;
type Handle<Name extends string> = { readonly [handle]: Name };
export type Database = Handle<"database">;
export type Connection = Handle<"connection">;
export type Statements = Handle<"statements">;
export type Prepared = Handle<"prepared">;
export type Rows = Handle<"result">;
export type Chunk = Handle<"chunk">;
export type Vector = Handle<"vector">;
export type LogicalType = Handle<"type">;
export type Value = Handle<"value">;
export type Appender = Handle<"appender">;
export type Config = Handle<"config">;

/** Numbers are those of the enumerations in duckdb.h; all of it throws an Error with DuckDB's message. */
export interface DuckDB {
  create_config(): Config;
  set_config(config: Config, name: string, value: string): void;
  open(path: string, config: Config): Promise<Database>;
  connect(database: Database): Promise<Connection>;
  query(connection: Connection, sql: string): Promise<Rows>;

  extract_statements(
    connection: Connection,
    sql: string,
  ): Promise<{ extracted_statements: Statements; statement_count: number }>;
  extract_statements_error(statements: Statements): string;
  prepare_extracted_statement(connection: Connection, statements: Statements, index: number): Promise<Prepared>;
  prepared_statement_type(prepared: Prepared): number;
  prepared_statement_column_count(prepared: Prepared): number;
  prepared_statement_column_name(prepared: Prepared, index: number): string;
  prepared_statement_column_logical_type(prepared: Prepared, index: number): LogicalType;
  nparams(prepared: Prepared): number;
  /** @param index from 1 */
  parameter_name(prepared: Prepared, index: number): string;
  bind_value(prepared: Prepared, index: number, value: Value): void;
  create_bool(value: boolean): Value;
  create_int64(value: bigint): Value;
  create_double(value: number): Value;
  create_varchar(value: string): Value;
  execute_prepared(prepared: Prepared): Promise<Rows>;
  execute_prepared_streaming(prepared: Prepared): Promise<Rows>;
  fetch_chunk(rows: Rows): Promise<Chunk | null>;

  create_logical_type(id: number): LogicalType;
  create_decimal_type(width: number, scale: number): LogicalType;
  get_type_id(type: LogicalType): number;
  decimal_scale(type: LogicalType): number;
  decimal_internal_type(type: LogicalType): number;
  create_data_chunk(types: readonly LogicalType[]): Chunk;
  data_chunk_reset(chunk: Chunk): void;
  data_chunk_get_column_count(chunk: Chunk): number;
  data_chunk_get_vector(chunk: Chunk, index: number): Vector;
  data_chunk_get_size(chunk: Chunk): number;
  data_chunk_set_size(chunk: Chunk, size: number): void;
  vector_get_data(vector: Vector, bytes: number): Uint8Array;
  vector_get_validity(vector: Vector, bytes: number): Uint8Array | null;
  vector_ensure_validity_writable(vector: Vector): void;
  vector_assign_string_element_len(vector: Vector, index: number, bytes: Uint8Array): void;
  copy_data_to_vector(vector: Vector, to: number, from: ArrayBuffer, at: number, bytes: number): void;
  copy_data_to_vector_validity(vector: Vector, to: number, from: ArrayBuffer, at: number, bytes: number): void;
  /** What the address that lies at `at` in `buffer` points to. */
  get_data_from_pointer(buffer: ArrayBuffer, at: number, bytes: number): Uint8Array;
  appender_create(connection: Connection, schema: string | null, table: string): Appender;
  append_data_chunk(appender: Appender, chunk: Chunk): void;
  appender_close_sync(appender: Appender): void;
}
