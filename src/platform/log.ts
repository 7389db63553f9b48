/** Structured logs: one JSON object a line, without secrets; on a terminal one short line for people. */
import { type Bindings, type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { LogTail } from "./log-tail.ts";
import { scrub, scrubText } from "./scrub.ts";

export type Log = Logger;

export interface LogOptions {
  level: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** `auto` is pretty where stderr is a terminal. */
  format: "auto" | "json" | "pretty";
  /** Where lines go; standard error unless given: standard output belongs to answers. */
  stream?: DestinationStream;
  /** Keeps the newest lines too. */
  tail?: Pick<LogTail, "add">;
}

export const createLog = ({ level, format, stream, tail }: LogOptions): Log => {
  const out = stream ?? destination({ dest: 2, sync: true });
  const forPeople = format === "pretty" || (format === "auto" && Boolean(process.stderr.isTTY));
  const log = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => scrub(object) as Record<string, unknown>,
      },
      // The errors were made plain by `scrub`.
      serializers: { err: (plain: unknown) => plain, error: (plain: unknown) => plain },
      hooks: {
        logMethod(args, method) {
          // A bare error would pass by the formatters as its own message.
          const [first, ...rest] = args as unknown[];
          method.apply(this, (first instanceof Error ? [{ err: first }, ...rest] : args) as Parameters<typeof method>);
        },
        streamWrite: scrubText,
      },
    },
    forPeople || tail
      ? {
          write(line: string) {
            tail?.add(line);
            out.write(forPeople ? pretty(line) : line);
          },
        }
      : out,
  );
  // Children inherit this: what is bound to one passes no formatter.
  const { child } = log;
  log.child = function (this: Logger, bindings: Bindings, ...rest: []) {
    return child.call(this, scrub(bindings) as Bindings, ...rest);
  } as typeof child;
  return log;
};

/** `10:15:02 warn  disk is nearly full  free=12` */
const pretty = (line: string): string => {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${plain(value)}`);
  const error = err as { message?: string; stack?: string } | undefined;
  const head = [String(time).slice(11, 19), String(level).padEnd(5), msg ?? error?.message ?? "", ...details].join(" ");
  return `${head}\n${error?.stack ? `${error.stack}\n` : ""}`;
};

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
