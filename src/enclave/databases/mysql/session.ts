/**
 * A session with a server after the login: commands without rows, and prepared statements whose rows come in the
 * binary protocol as batches (MySQL client/server protocol, Command Phase). One thing at a time.
 */
import { concat, utf8 } from "../../../base/bytes.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { type Batch, hasOffsets, rowsOf, type Value } from "../../columns/batch.ts";
import { refuse } from "../errors.ts";
import { createDecoder, type Decoder } from "./decode.ts";
import { type Definition, parseDefinition, WIRE } from "./definitions.ts";
import { failure, type Step } from "./failures.ts";
import { MAX_COLUMNS, MAX_ROW_BYTES } from "./limits.ts";
import { FULL_PAYLOAD, HEADER_BYTES, malformed, PADDING, type Packets, takeHeader } from "./packets.ts";

const COM = { quit: 1, query: 3, prepare: 0x16, execute: 0x17, close: 0x19 } as const;
const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const EOF = 0xfe;
const ERR = 0xff;
/** What small answers have at most: names and comments of columns, settings. */
const MAX_ANSWER_ROWS = 10_000;
const MAX_ANSWER_BYTES = 16 << 20;
const MAX_PARAMETERS = 16;

/** A parameter of a statement: text, bytes, or a whole number. */
export type Parameter = string | number | Uint8Array;

export interface Statement {
  readonly id: number;
  readonly parameters: number;
  readonly columns: readonly Definition[];
}

/** An error that the server answered with; `Session.attempt` gives its number to whoever can do something about it. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly number: number;
  constructor(number: number) {
    super(`server error ${number}`);
    this.number = number;
  }
}

export interface Session {
  readonly packets: Packets;
  /** A statement without parameters and rows. @throws Refusal database.* */
  command(sql: string, step: Step): Promise<void>;
  /** A statement that is run once; its rows as objects. For small answers. @throws Refusal database.* */
  query(sql: string, parameters: readonly Parameter[], step: Step): Promise<Record<string, Value>[]>;
  prepare(sql: string, step: Step): Promise<Statement>;
  /** Runs a statement that gives no rows. @throws Refusal database.* */
  execute(statement: Statement, parameters: readonly Parameter[]): Promise<void>;
  /**
   * Runs a statement and gives its rows in batches.
   * @param expect called with the columns before any row is read
   */
  rows(
    statement: Statement,
    parameters: readonly Parameter[],
    expect?: (columns: readonly Definition[]) => void,
  ): AsyncGenerator<Batch>;
  /** Runs `work`; a server error whose number is among `numbers` becomes its number, any other a refusal. */
  attempt<T>(numbers: readonly number[], work: () => Promise<T>): Promise<T | ServerError>;
  /** Says goodbye where the server can still hear it. */
  end(): void;
}

export const createSession = (packets: Packets, connection: DatabaseConnection): Session => {
  let expected: readonly number[] = [];
  const begin = (step: Step): void => {
    packets.step = step;
  };
  const failed = (packet: Uint8Array): Error => {
    if (packet.length < 3) return malformed("an error without a number");
    const number = (packet[1] as number) | ((packet[2] as number) << 8);
    return expected.includes(number) ? new ServerError(number) : failure(number, packets.step, connection);
  };
  /** A packet that is not an error. */
  const answer = async (limit?: number): Promise<Uint8Array> => {
    const packet = await packets.next(limit);
    if (packet.length === 0) throw malformed("an empty answer");
    if (packet[0] === ERR) throw failed(packet);
    return packet;
  };
  const definitions = async (count: number): Promise<Definition[]> => {
    const found: Definition[] = [];
    for (let i = 0; i < count; i++) found.push(parseDefinition(await answer(1 << 16)));
    if (count > 0 && !isEnd(await answer())) throw malformed("its list of columns does not end");
    return found;
  };
  const run = ({ id, parameters: count }: Statement, parameters: readonly Parameter[]): void => {
    if (parameters.length !== count) throw malformed(`it counts ${count} parameters in a statement`);
    const head = new Uint8Array(10);
    const view = new DataView(head.buffer);
    view.setUint8(0, COM.execute);
    view.setUint32(1, id, true);
    view.setUint32(6, 1, true);
    packets.send(head, ...encodeParameters(parameters));
  };
  /** The columns of the rows that follow; none where there are no rows. */
  const header = async (): Promise<Definition[]> => {
    const packet = await answer();
    if (packet[0] === LOCAL_INFILE) throw malformed("it asks for a file of this machine");
    if (packet[0] === OK) return [];
    const count = packet[0] === 0xfc ? (packet[1] ?? 0) | ((packet[2] ?? 0) << 8) : (packet[0] as number);
    if (count > MAX_COLUMNS || (packet[0] as number) > 0xfc) throw malformed("it announces too many columns");
    return await definitions(count);
  };

  const session: Session = {
    packets,
    async command(sql, step) {
      begin(step);
      packets.send(Uint8Array.of(COM.query), utf8(sql));
      if ((await header()).length > 0) throw malformed("rows where none were asked for");
    },
    async prepare(sql, step) {
      begin(step);
      packets.send(Uint8Array.of(COM.prepare), utf8(sql));
      const packet = await answer();
      if (packet[0] !== OK || packet.length < 12) throw malformed("a statement was not prepared");
      const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
      const [id, columns, parameters] = [view.getUint32(1, true), view.getUint16(5, true), view.getUint16(7, true)];
      if (columns > MAX_COLUMNS || parameters > MAX_PARAMETERS) throw malformed("it announces too many columns");
      await definitions(parameters);
      return { id, parameters, columns: await definitions(columns) };
    },
    async execute(statement, parameters) {
      run(statement, parameters);
      if ((await header()).length > 0) throw malformed("rows where none were asked for");
    },
    async *rows(statement, parameters, expect) {
      run(statement, parameters);
      const columns = await header();
      expect?.(columns);
      if (columns.length === 0) throw malformed("no rows where they were asked for");
      yield* batches(packets, columns, failed);
    },
    async query(sql, parameters, step) {
      const statement = await session.prepare(sql, step);
      const rows: Record<string, Value>[] = [];
      let bytes = 0;
      for await (const batch of session.rows(statement, parameters)) {
        for (const column of batch.columns) bytes += hasOffsets(column) ? column.bytes.length : 0;
        if (rows.length + batch.rows > MAX_ANSWER_ROWS || bytes > MAX_ANSWER_BYTES) {
          throw malformed("more than a small answer has");
        }
        rows.push(...rowsOf(batch));
      }
      packets.send(Uint8Array.of(COM.close), u32le(statement.id));
      return rows;
    },
    async attempt(numbers, work) {
      expected = numbers;
      try {
        return await work();
      } catch (error) {
        if (error instanceof ServerError) return error;
        throw error;
      } finally {
        expected = [];
      }
    },
    end() {
      if (packets.alive && packets.window.at === packets.window.end) packets.send(Uint8Array.of(COM.quit));
      packets.close();
    },
  };
  return session;
};

/** EOF_Packet: without CLIENT_DEPRECATE_EOF it ends lists. */
const isEnd = (packet: Uint8Array): boolean => packet[0] === EOF && packet.length < 9;

async function* batches(
  packets: Packets,
  columns: readonly Definition[],
  failed: (packet: Uint8Array) => Error,
): AsyncGenerator<Batch> {
  const decoder = createDecoder(columns);
  for (let ended = false; !ended; ) {
    const found = scan(packets.window, decoder);
    if (found === "more") {
      await packets.more();
      continue;
    }
    if (found === "large") {
      const packet = await wholeRow(packets);
      const view = new DataView(packet.buffer);
      if (!decoder.row(packet, view, 1, packet.length - PADDING)) continue;
    } else if (found !== "full") {
      if (found[0] === ERR) throw failed(found);
      if (!isEnd(found)) throw malformed("something that is not a row");
      ended = true;
    }
    const batch = decoder.take();
    if (batch) yield batch;
  }
}

/**
 * Decodes the rows that lie whole in the window, until the batch is full.
 * @returns what is needed to go on; a packet that is no row is returned itself
 */
const scan = (window: Packets["window"], decoder: Decoder): "more" | "full" | "large" | Uint8Array => {
  const { bytes, view, end } = window;
  while (end - window.at >= HEADER_BYTES) {
    const { at } = window;
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    if (length === FULL_PAYLOAD) return "large";
    const from = at + HEADER_BYTES;
    if (length > end - from) break;
    takeHeader(window);
    window.at = from + length;
    if (length === 0) throw malformed("an empty packet among rows");
    if (bytes[from] !== OK) return bytes.slice(from, from + length);
    if (decoder.row(bytes, view, from + 1, from + length)) return "full";
  }
  return "more";
};

/** A row that goes on in further packets, in memory of its own with padding. */
const wholeRow = async (packets: Packets): Promise<Uint8Array> => {
  const { window } = packets;
  const parts: Uint8Array[] = [];
  for (let [total, length] = [0, FULL_PAYLOAD]; length === FULL_PAYLOAD; ) {
    while (window.end - window.at < HEADER_BYTES) await packets.more();
    length = takeHeader(window);
    total += length;
    if (total > MAX_ROW_BYTES) throw refuse("database.row-size", { limit: MAX_ROW_BYTES });
    for (let left = length; left > 0; ) {
      if (window.at === window.end) await packets.more();
      const part = window.bytes.slice(window.at, Math.min(window.end, window.at + left));
      window.at += part.length;
      left -= part.length;
      parts.push(part);
    }
  }
  if (parts[0]?.[0] !== OK) throw malformed("something that is not a row");
  return concat(...parts, new Uint8Array(PADDING));
};

const u32le = (n: number): Uint8Array => Uint8Array.of(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);

/** Parameters of COM_STMT_EXECUTE: none is null; their types, then their values. */
const encodeParameters = (parameters: readonly Parameter[]): Uint8Array[] => {
  if (parameters.length === 0) return [];
  const head = new Uint8Array(((parameters.length + 7) >> 3) + 1 + 2 * parameters.length);
  let at = (parameters.length + 7) >> 3;
  head[at++] = 1;
  for (const parameter of parameters) {
    head[at] = wireOf(parameter);
    at += 2;
  }
  return [head, ...parameters.flatMap(encodeParameter)];
};

const wireOf = (parameter: Parameter): number => {
  if (typeof parameter === "number") return WIRE.long;
  return typeof parameter === "string" ? WIRE.varString : WIRE.longBlob;
};

const encodeParameter = (parameter: Parameter): Uint8Array[] => {
  if (typeof parameter === "number") return [u32le(parameter)];
  const bytes = typeof parameter === "string" ? utf8(parameter) : parameter;
  const { length } = bytes;
  if (length < 251) return [Uint8Array.of(length), bytes];
  return [Uint8Array.of(253, length & 255, (length >> 8) & 255, length >> 16), bytes];
};
