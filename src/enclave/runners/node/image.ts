/** Node.js as an image: its binary and the libraries it is linked with, nothing to write. */
import type { Image } from "../bubblewrap/image.ts";
import { librariesOf } from "../bubblewrap/libraries.ts";

/**
 * Writable memory that Node.js maps for itself before the model has anything: 574 MB measured, of which V8 reserves 509
 * for machine code and uses few. A worker thread would reserve as much again, so a model has hardly any.
 */
const RUNTIME_BYTES = 640 << 20;

/** What Node.js and C++ print when memory ends. */
export const NODE_OUT_OF_MEMORY = /out of memory|allocation failed|bad_alloc|cannot allocate memory/i;

/**
 * @param program JavaScript, as for `node -e`
 * @throws Error when a library is missing
 */
export const nodeImage = async (program: string): Promise<Image> => ({
  files: {
    "/node": process.execPath,
    ...Object.fromEntries((await librariesOf([process.execPath])).map((path) => [path, path])),
  },
  command: ["/node", "--no-addons", "--no-warnings", "-e", program],
  limiting: ({ memory }) => [`--max-old-space-size=${Math.max(16, Math.floor(memory / (1 << 20)))}`],
  environment: {},
  calls: ["core", "events"],
  runtimeBytes: RUNTIME_BYTES,
});
