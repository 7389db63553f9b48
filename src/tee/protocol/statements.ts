/**
 * Statements as a call's body, however many they are: for each, u32 length and its JSON. So a stream that somebody has
 * made long fails at most the calls that need it.
 */

import { refuse } from "./errors.ts";
import { PlacedStatement } from "./messages.ts";

/** Bytes of one statement at most, with what JSON adds. */
const MAX_STATEMENT = 600_000;
/** Bytes of all statements of a call at most. */
const MAX_STATEMENTS = 256 << 20;
/** Statements are sent together up to about this size. */
const PIECE = 256 << 10;

export async function* encodeStatements(statements: Iterable<PlacedStatement>): AsyncGenerator<Uint8Array> {
  let held: Buffer[] = [];
  let size = 0;
  for (const statement of statements) {
    const text = Buffer.from(JSON.stringify(statement));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    held.push(length, text);
    size += 4 + text.length;
    if (size < PIECE) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

/** @throws Refusal channel.malformed, channel.too-large, and whatever the body fails with */
export const decodeStatements = async (
  body: AsyncIterable<Uint8Array>,
  limit = MAX_STATEMENTS,
): Promise<PlacedStatement[]> => {
  const statements: PlacedStatement[] = [];
  let held = Buffer.alloc(0);
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > limit) throw refuse("channel.too-large", { size: total, limit });
    held = Buffer.concat([held, chunk]);
    let at = 0;
    for (; held.length - at >= 4; ) {
      const length = held.readUInt32BE(at);
      if (length > MAX_STATEMENT) throw refuse("channel.malformed", { reason: `a statement of ${length} bytes` });
      if (held.length - at - 4 < length) break;
      statements.push(decode(held.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    held = held.subarray(at);
  }
  if (held.length > 0) throw refuse("channel.malformed", { reason: "the statements end inside one" });
  return statements;
};

const decode = (text: Buffer): PlacedStatement => {
  let value: unknown;
  try {
    value = JSON.parse(text.toString("utf8"));
  } catch {
    throw refuse("channel.malformed", { reason: "a statement that is not JSON" });
  }
  const parsed = PlacedStatement.safeParse(value);
  if (!parsed.success) throw refuse("channel.malformed", { reason: "a statement without its place" });
  return parsed.data;
};
