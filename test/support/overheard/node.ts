/** Runs a key node, and writes down what goes in and out. Arguments: folder for that, program, its configuration. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const [folder = "", ...command] = process.argv.slice(2);
const child = spawn(process.execPath, command, { stdio: "pipe", env: {} });
const carry = (from: Readable, to: Writable, name: string): void => {
  from.pipe(createWriteStream(join(folder, `${process.pid}.${name}`)));
  from.pipe(to);
};
carry(process.stdin, child.stdin, "to-node");
carry(child.stdout, process.stdout, "from-node");
carry(child.stderr, process.stderr, "stderr");
child.stdin.on("error", () => undefined);
process.stdout.on("error", () => child.kill());
child.once("close", (status) => process.exit(status ?? 1));
