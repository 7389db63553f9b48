/** Reads server-sent events (HTML standard, section 9.2) over fetch, and comes back when the line breaks. */
import { Refusal } from "../base/refusal.ts";
import type { Outgoing, Send } from "./transport.ts";

export interface LiveOptions {
  /** Start after this event instead of now. */
  lastEventId?: string;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

const PAUSE = 1_000;

/**
 * Events until `signal` aborts. A lost connection is taken up again after the last event seen; the server says `reset`
 * where too much was missed.
 * @throws Refusal when the server refuses to continue
 */
export async function* follow<T>(send: Send, path: string, { lastEventId, signal }: LiveOptions): AsyncGenerator<T> {
  let last = lastEventId;
  while (!signal?.aborted) {
    const request: Outgoing = { method: "GET", path, repeatable: true, ...(signal && { signal }) };
    request.headers = { accept: "text/event-stream", ...(last !== undefined && { "last-event-id": last }) };
    try {
      const { body } = await send(request);
      for await (const { id, type, data } of eventsOf(body ?? new ReadableStream())) {
        if (id !== undefined) last = id;
        if (data !== "") yield { id: last ?? "", type, data: JSON.parse(data) } as T;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Refusal && error.code !== "server.unreachable") throw error;
    }
    if (!signal?.aborted) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

export interface Event {
  /** Absent where the event named none. */
  id: string | undefined;
  type: string;
  /** "" for an event that carries none. */
  data: string;
}

/** Parses a stream of events; comments and unknown fields are skipped. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true }).replaceAll("\r", "");
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        yield eventOf(rest.slice(0, end));
        rest = rest.slice(end + 2);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const eventOf = (block: string): Event => {
  const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
  const last = (name: string) => fields.findLast(([, field]) => field === name)?.[2];
  const data = fields.filter(([, field]) => field === "data").map(([, , text]) => text);
  return { id: last("id"), type: last("event") ?? "message", data: data.join("\n") };
};
