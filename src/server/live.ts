/** Server-sent events (HTML standard, section 9.2) over one kept-open answer. */
import type { ServerResponse } from "node:http";
import { MINUTE } from "../base/clock.ts";
import type { LiveMessage } from "./ports.ts";

/** A stream ends after so long and the client comes back with its last id: who lost access is out by then. */
const LIFETIME = 10 * MINUTE;
/** Milliseconds the client waits before it comes back. */
const RETRY = 1_000;

/** One event; the data are one line of JSON. */
export const eventText = ({ id, type, data }: LiveMessage): string =>
  `id: ${oneLine(id)}\nevent: ${oneLine(type)}\ndata: ${JSON.stringify(data)}\n\n`;

const oneLine = (text: string) => text.replace(/[\r\n\0]/g, "");

/**
 * Writes messages until they end, the listener leaves, or its time is over. A slow listener slows the iteration.
 * @param heartbeat milliseconds between comments that keep proxies from hanging up
 * @param stop aborted here when the listener has left
 */
export const streamEvents = async (
  response: ServerResponse,
  messages: AsyncIterable<LiveMessage>,
  { heartbeat, stop }: { heartbeat: number; stop: AbortController },
): Promise<void> => {
  const beat = setInterval(() => response.write(": \n\n"), heartbeat);
  const end = setTimeout(() => stop.abort(), LIFETIME);
  response.on("close", () => stop.abort());
  try {
    response.write(`retry: ${RETRY}\n\n`);
    for await (const message of messages) {
      if (stop.signal.aborted) break;
      if (!response.write(eventText(message))) await drained(response);
    }
  } finally {
    clearInterval(beat);
    clearTimeout(end);
    response.end();
  }
};

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
