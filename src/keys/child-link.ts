/** A key node in a process of this machine, which ends with the server: its channel is its standard input and output. */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { toBase64url, utf8 } from "../base/bytes.ts";
import type { Configuration } from "../keynode/protocol/configuration.ts";
import { createChannel } from "../tee/protocol/channel.ts";
import { acceptsLostStore } from "./lost-store.ts";
import type { Link } from "./node-host.ts";

/** Milliseconds that it may take to end. */
const GRACE = 2_000;

export interface ChildLinkOptions {
  /** Command that runs the program, without its own arguments: `[node, keynode.mjs]`. */
  readonly command: () => Promise<readonly string[]>;
  readonly configuration: Omit<Configuration, "listen" | "acceptLostStore">;
  /** Where it listens, and other nodes reach it. */
  readonly host: string;
  /** Where it listened last, so that the others find it again; undefined takes a free port. */
  readonly port: () => number | undefined;
  readonly log: (line: string) => void;
}

/** Starts the process each time that it is called. */
export const childLink = ({ command, configuration, host, port, log }: ChildLinkOptions) => {
  /** A port that somebody else has taken meanwhile is not asked for twice. */
  let refused: number | undefined;
  return async (): Promise<Link> => {
    const [program = "", ...args] = await command();
    await mkdir(configuration.directory, { recursive: true, mode: 0o700 });
    const wanted = port();
    const given = wanted === undefined || wanted === refused ? 0 : wanted;
    const acceptLostStore = await acceptsLostStore(configuration.directory);
    const full: Configuration = { ...configuration, acceptLostStore, listen: { host, port: given } };
    const child = spawn(program, [...args, toBase64url(utf8(JSON.stringify(full)))], { stdio: "pipe", env: {} });
    child.stderr.on("data", (text: Buffer) => log(text.toString().trimEnd()));
    child.on("error", (error) => log(String(error)));
    const started = performance.now();
    child.once("exit", () => {
      if (given !== 0 && performance.now() - started < GRACE) refused = given;
    });
    const channel = createChannel(child.stdout, child.stdin, {}, 0);
    return {
      channel,
      host,
      async stop() {
        // The program ends with its channel.
        const ended = child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined;
        channel.close("the server lets it go");
        const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
        await ended;
        clearTimeout(timer);
      },
    };
  };
};
