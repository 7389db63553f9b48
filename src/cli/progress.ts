/** How far long work has come: one line on a terminal's error stream, nothing elsewhere. */
import { padTo } from "./table.ts";

export interface Progress {
  /** @param done bytes so far */
  update(done: number): void;
  end(): void;
}

const EVERY = 100;
const MiB = 2 ** 20;

/** @param total bytes; @param stream tells whether anybody watches */
export const startProgress = (
  label: string,
  total: number,
  stream: { isTTY?: boolean; write(text: string): unknown } = process.stderr,
): Progress => {
  if (!stream.isTTY) return { update: () => undefined, end: () => undefined };
  let shown = 0;
  const line = (done: number) => {
    const percent = total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;
    const sizes = `${(done / MiB).toFixed(1)} / ${(total / MiB).toFixed(1)} MiB`;
    return padTo(`${label}  ${String(percent).padStart(3)}%  ${sizes}`, 60);
  };
  return {
    update(done) {
      const now = performance.now();
      if (now - shown < EVERY) return;
      shown = now;
      stream.write(`\r${line(done)}`);
    },
    end: () => void stream.write(`\r${line(total)}\n`),
  };
};

/** Passes the pieces on and counts them. */
export async function* counting(pieces: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of pieces) {
    done += piece.length;
    progress.update(done);
    yield piece;
  }
  progress.end();
}
