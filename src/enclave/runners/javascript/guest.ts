/**
 * The program inside the sandbox that runs JavaScript, carried there as text (so it uses nothing but its argument and
 * Node.js): imports the model, calls its main function, returns what that returned.
 */
import type { ModelTable } from "../model-kit.ts";
import type { NodeChannel } from "../node/channel.ts";

export function guest({ open, next, send, log, fail, kit }: NodeChannel) {
  const { registerHooks } = process.getBuiltinModule("node:module");
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();

  /** The model's files as modules; anything else is left to Node.js, where it finds nothing of use. */
  const serve = (files: ReadonlyMap<string, Uint8Array>) => {
    const pathOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
    registerHooks({
      resolve(specifier, context, next) {
        const inside = context.parentURL?.startsWith("model:") && /^\.{0,2}\//.test(specifier);
        const url = inside ? new URL(specifier, context.parentURL).href : specifier;
        return url.startsWith("model:") ? { url, shortCircuit: true } : next(specifier, context);
      },
      load(url, context, next) {
        if (!url.startsWith("model:")) return next(url, context);
        const source = files.get(pathOf(url));
        if (!source) throw new Error(`the archive has no ${pathOf(url)}`);
        return {
          format: url.endsWith(".json") ? "json" : "module",
          source: decoder.decode(source),
          shortCircuit: true,
        };
      },
    });
  };

  // The console of Node.js would hold in memory what the host does not take fast enough.
  const fs = process.getBuiltinModule("node:fs");
  const { format } = process.getBuiltinModule("node:util");
  for (const level of ["log", "info", "debug", "warn", "error"] as const)
    console[level] = (...values: unknown[]) => {
      fs.writeSync(1, `${format(...values)}\n`);
    };

  const run = async () => {
    const { manifest, main, parameters, files, columns } = open();
    serve(files);
    const tables: Record<string, ModelTable> = {};
    for (const name of Object.keys(manifest.tables)) tables[name] = kit.tableOf(columns(name), async () => next(name));
    const module: Record<string, unknown> = await import(
      `model:///${manifest.entry.split("/").map(encodeURIComponent).join("/")}`
    );
    const call = module[main];
    if (typeof call !== "function") throw new Error(`${manifest.entry} exports no function ${main}`);
    send({ kind: "started" });
    const logLine = (...values: unknown[]) => log(encoder.encode(kit.lineOf(values)));
    const returned: unknown = await call({ tables, parameters, log: logLine });
    for (const { header, buffers } of kit.encodeResult(returned, manifest.result))
      send({ kind: "result", batch: header }, buffers);
    send({ kind: "done" });
  };

  const failed = (error: unknown) => {
    const { code, message, trace } = kit.failureOf(error);
    fail(code, message, trace);
  };
  process.on("uncaughtException", failed);
  run().then(() => process.exit(0), failed);
}
