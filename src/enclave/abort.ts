/** Ends a connection when it has taken long enough, whatever the other side does. */
import type { Duplex } from "node:stream";

/** Destroys the stream when the signal comes; at once where it has come already. */
export const destroyOn = (signal: AbortSignal | undefined, stream: Duplex): void => {
  if (!signal) return;
  const end = () => void stream.destroy();
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", end));
};
