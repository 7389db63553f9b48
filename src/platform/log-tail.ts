/** The newest lines of the log, in memory, for the operator to look through. They have passed the log's scrubbing. */

export interface LogLine {
  /** Grows by one a line since the start. */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  readonly level: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
}

export interface LogTail {
  /** @param line one JSON object, as the log writes it */
  add(line: string): void;
  /** Newest first. */
  list(filter: { level: string; search?: string | undefined; limit: number }): LogLine[];
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
/** Characters of a line that are kept: a stack fits, a table does not. */
const LONGEST = 8_192;

export const createLogTail = ({ kept = 2_000 }: { kept?: number } = {}): LogTail => {
  const lines: string[] = [];
  let count = 0;
  return {
    add(line) {
      lines[count++ % kept] = line;
    },
    list({ level, search, limit }) {
      const least = LEVELS.indexOf(level);
      const wanted = search?.toLowerCase() ?? "";
      const found: LogLine[] = [];
      for (let number = count - 1; number >= Math.max(0, count - kept) && found.length < limit; number--) {
        const text = lines[number % kept] ?? "";
        if (wanted !== "" && !text.toLowerCase().includes(wanted)) continue;
        const line = read(text, number);
        if (LEVELS.indexOf(line.level) >= least) found.push(line);
      }
      return found;
    },
  };
};

const read = (text: string, number: number): LogLine => {
  const { time, level, msg, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const { message } = (rest.err ?? {}) as { message?: unknown };
  const long = text.length > LONGEST;
  return {
    ...{ number, at: String(time), level: String(level), message: String(msg ?? message ?? "").slice(0, LONGEST) },
    details: long ? { cut: `${JSON.stringify(rest).slice(0, LONGEST)}…` } : rest,
  };
};
