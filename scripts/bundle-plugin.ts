/** Makes a bundle need no file beside it: what a program would read at run time is put into it. */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type OnLoadResult, type Plugin } from "esbuild";

/** The text of a file beside the module becomes a string. */
const TEXT = /readFileSync\(\s*new URL\("(\.[^"]+)",\s*import\.meta\.url\),\s*"utf-?8",?\s*\)/g;
/** The program of a thread becomes its source, with everything it imports. It may not await at its top level. */
const THREAD = /new Worker\(\s*new URL\("(\.[^"]+)",\s*import\.meta\.url\)\s*(?:,\s*\{|,?\s*(\)))/g;
/** Any other use of a file beside the module would fail where there is only the bundle. */
const BESIDE = /new URL\("\.[^"]*",\s*import\.meta\.url\)/;

/** What is loaded when it is first needed is in the bundle too: esbuild takes in what its own `require` names. */
const LATER = "const require = createRequire(import.meta.url);\n";

/** QuickJS comes in several builds; programs use this one. The others, megabytes, are left out. */
const QUICKJS = /@jitl[\\/]quickjs-wasmfile-release-sync[\\/]dist[\\/]emscripten-module\.mjs$/;
const QUICKJS_OTHERS = /^@jitl\/quickjs-wasmfile-(debug-sync|debug-asyncify|release-asyncify)$/;
const QUICKJS_START = "QuickJSRaw(moduleArg={}){";

/** Cedar reads its WebAssembly from a file beside it; the bundle carries the bytes. */
const CEDAR = /@cedar-policy[\\/]cedar-wasm[\\/]nodejs[\\/]cedar_wasm\.js$/;
const CEDAR_READ = /const wasmPath = .*;\nconst wasmBytes = .*;\n/;

export const selfContained: Plugin = {
  name: "self-contained",
  setup({ onLoad, onResolve, initialOptions: { absWorkingDir: top = "." } }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }): Promise<OnLoadResult | undefined> => {
      const source = readFileSync(path, "utf8");
      if (source.includes(LATER)) return { contents: source.replace(LATER, ""), loader: "ts" };
      if (!BESIDE.test(source)) return undefined;
      const beside = (file: string) => join(dirname(path), file);
      const threads = new Map<string, string>();
      for (const [, file = ""] of source.matchAll(THREAD)) threads.set(file, await thread(beside(file), top));
      const contents = source
        .replace(TEXT, (_, file: string) => JSON.stringify(readFileSync(beside(file), "utf8")))
        .replace(THREAD, (_, file: string, end?: string) =>
          [`new Worker(${JSON.stringify(threads.get(file))}, { eval: true`, end ? " })" : ", "].join(""),
        );
      const [left] = BESIDE.exec(contents) ?? [];
      if (left) throw new Error(`${relative(top, path)}: ${left} has nothing beside it in a bundle; read it as a text`);
      return { contents, loader: "ts" };
    });

    onLoad({ filter: QUICKJS }, ({ path }): OnLoadResult => {
      const source = readFileSync(path, "utf8");
      if (!source.includes(QUICKJS_START)) throw new Error(`${relative(top, path)} has no ${QUICKJS_START}`);
      const start = `${QUICKJS_START}moduleArg={wasmBinary,...moduleArg};`;
      return {
        contents: `import wasmBinary from "./emscripten-module.wasm";\n${source.replace(QUICKJS_START, start)}`,
      };
    });
    onLoad({ filter: CEDAR }, ({ path }): OnLoadResult => {
      const source = readFileSync(path, "utf8");
      if (!CEDAR_READ.test(source)) throw new Error(`${relative(top, path)} reads its bytes in another way`);
      return { contents: source.replace(CEDAR_READ, 'const wasmBytes = require("./cedar_wasm_bg.wasm");\n') };
    });
    onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: readFileSync(path), loader: "binary" }));
    onResolve({ filter: QUICKJS_OTHERS }, ({ path }) => ({ path, namespace: "left-out" }));
    onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export default undefined;" }));
  },
};

/** As CommonJS, which is what a thread runs from a string. */
const thread = async (entry: string, top: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: top,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node24",
    // Packages ask for it to make a `require`; where it points does not matter, there is nothing beside.
    define: { "import.meta.url": '"file:///program.mjs"' },
    charset: "ascii",
    legalComments: "none",
    tsconfigRaw: {},
    preserveSymlinks: true,
    plugins: [selfContained],
    logLevel: "silent",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
};
