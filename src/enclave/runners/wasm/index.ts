/** Models in any language that compiles to WebAssembly, run by Node.js inside bubblewrap; nowhere else. */
import type { Cgroups } from "../bubblewrap/cgroups.ts";
import { createSandboxedRunner, type SandboxedRunner } from "../bubblewrap/runner.ts";
import { nodeProgram } from "../node/channel.ts";
import { withRefusals } from "../node/explained.ts";
import { NODE_OUT_OF_MEMORY, nodeImage } from "../node/image.ts";
import type { Limits } from "../runner.ts";
import { refuse } from "./errors.ts";
import { guest } from "./guest.ts";

const PAGE = 65_536;
/** Pages that a module's memory may have: 32-bit addresses reach no further than 65,536. */
const pages = ({ memory }: Limits) => Math.min(65_536, Math.max(1, Math.floor(memory / PAGE)));

export const createWasmRunner = (cgroups?: Cgroups): SandboxedRunner =>
  withRefusals(
    createSandboxedRunner({
      id: "wasm",
      label: { en: "WebAssembly (bubblewrap)", "zh-CN": "WebAssembly（bubblewrap 沙箱）" },
      async image() {
        const node = await nodeImage(nodeProgram(guest));
        const limiting = (limits: Limits) => [
          ...(node.limiting?.(limits) ?? []),
          `--wasm-max-mem-pages=${pages(limits)}`,
        ];
        return { ...node, limiting };
      },
      outOfMemory: NODE_OUT_OF_MEMORY,
      cgroups,
    }),
    (code, reason, limits) => {
      if (code === "wasm-module") return refuse("model.wasm-module", { reason });
      if (code === "wasm-import") return refuse("model.wasm-import", { name: reason });
      if (code === "wasm-memory") return refuse("model.wasm-memory", { reason });
      if (code === "wasm-trap") return refuse("model.wasm-trap", { reason, limit: PAGE * pages(limits) });
      return undefined;
    },
  );
