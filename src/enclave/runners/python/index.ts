/** Models in Python, run by CPython inside bubblewrap, with the packages of an image that scripts/python-image.ts makes. */
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import type { Cgroups } from "../bubblewrap/cgroups.ts";
import type { Image } from "../bubblewrap/image.ts";
import { createSandboxedRunner, type SandboxedRunner } from "../bubblewrap/runner.ts";
import { runOnce } from "../bubblewrap/sandbox.ts";

/** One module in parts, each of which uses what those before it define. */
const GUEST = [
  readFileSync(new URL("./guest/channel.py", import.meta.url), "utf8"),
  readFileSync(new URL("./guest/column.py", import.meta.url), "utf8"),
  readFileSync(new URL("./guest/tables.py", import.meta.url), "utf8"),
  readFileSync(new URL("./guest/result.py", import.meta.url), "utf8"),
  readFileSync(new URL("./guest/model.py", import.meta.url), "utf8"),
].join("\n\n");

/** Isolated: nothing but the image and the environment below decides what Python is. */
const PYTHON = ["/python/bin/python3", "-s", "-S", "-P", "-B", "-X", "utf8"];
const ENVIRONMENT = {
  LD_LIBRARY_PATH: "/python/lib",
  HOME: "/",
  LC_ALL: "C",
  TZ: "UTC",
  // The same tables give the same result: sets of text are in one order.
  PYTHONHASHSEED: "0",
  // One thread: a run may use one core, and threads that reserve memory count.
  OPENBLAS_NUM_THREADS: "1",
  OMP_NUM_THREADS: "1",
  ARROW_IO_THREADS: "1",
  ARROW_DEFAULT_MEMORY_POOL: "system",
  JOBLIB_MULTIPROCESSING: "0",
};

/** To byte code, so that a start need not compile. */
const COMPILE = `import marshal, sys
open(3, "wb").write(marshal.dumps(compile(sys.argv[1], "<guest>", "exec")))`;
/** Takes the byte code from fd 0, after its length (u32 LE). */
const BOOT = `from _io import FileIO
import marshal
f = FileIO(0, closefd=False)
n = int.from_bytes(f.read(4), "little")
b = bytearray()
while len(b) < n: b += f.read(n - len(b)) or exit()
exec(marshal.loads(b), {"__name__": "entente"})`;

/** Writable memory that Python has mapped once NumPy, pandas, Arrow and scikit-learn are imported: 197 MB measured. */
const RUNTIME_BYTES = 256 << 20;

/** Addresses with the same packages: 491 MB measured. */
const ADDRESS_BYTES = 640 << 20;

/** What Python, C++ and OpenBLAS print when memory ends. */
const OUT_OF_MEMORY = /MemoryError|bad_alloc|cannot allocate memory|memory allocation|out of memory/i;

/** @param directory the image; undefined where none is configured */
export const createPythonRunner = (directory: string | undefined, cgroups?: Cgroups): SandboxedRunner =>
  createSandboxedRunner({
    id: "python",
    label: { en: "Python (bubblewrap)", "zh-CN": "Python（bubblewrap 沙箱）" },
    image: () => pythonImage(directory),
    outOfMemory: OUT_OF_MEMORY,
    cgroups,
  });

const pythonImage = async (directory: string | undefined): Promise<Image | string> => {
  if (!directory) return "no image of Python is configured; scripts/python-image.ts makes one";
  const folders = await readdir(directory);
  const image: Image = {
    files: Object.fromEntries(folders.map((name) => [`/${name}`, `${directory}/${name}`])),
    command: [...PYTHON, "-c", BOOT],
    environment: ENVIRONMENT,
    calls: ["core"],
    runtimeBytes: RUNTIME_BYTES,
    addressBytes: ADDRESS_BYTES,
  };
  const code = await runOnce({ ...image, command: [...PYTHON, "-c", COMPILE, GUEST] });
  if (typeof code === "string") return code;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, code.length, true);
  return { ...image, prelude: Buffer.concat([length, code]) };
};
