/** One line of JSON each way, before a connection is a channel. */
import type { Duplex } from "node:stream";
import { refuse } from "./errors.ts";

const MOST = 4_096;
/** Milliseconds until it has to be there. */
const WITHIN = 10_000;

export const sayGreeting = (socket: Duplex, said: object): void => {
  socket.write(`${JSON.stringify(said)}\n`);
};

/** What the other says first; all that follows stays in the stream. @throws Refusal key-node.greeting */
export const readGreeting = (socket: Duplex): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.off("data", take).off("close", gone).pause();
      if (error) reject(error);
    };
    const gone = () => end(refuse("key-node.greeting"));
    const take = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      const at = held.indexOf("\n");
      if (at < 0 && held.length <= MOST) return;
      if (at < 0 || at > MOST) return gone();
      end();
      socket.unshift(held.subarray(at + 1));
      try {
        resolve(JSON.parse(held.subarray(0, at).toString("utf8")));
      } catch {
        reject(refuse("key-node.greeting"));
      }
    };
    const timer = setTimeout(gone, WITHIN);
    socket.on("data", take).on("close", gone);
  });
