/** Models in JavaScript, run by Node.js inside bubblewrap. */
import type { Cgroups } from "../bubblewrap/cgroups.ts";
import { createSandboxedRunner, type SandboxedRunner } from "../bubblewrap/runner.ts";
import { nodeProgram } from "../node/channel.ts";
import { NODE_OUT_OF_MEMORY, nodeImage } from "../node/image.ts";
import { guest } from "./guest.ts";

export const createJavascriptRunner = (cgroups?: Cgroups): SandboxedRunner =>
  createSandboxedRunner({
    id: "javascript",
    label: { en: "JavaScript (bubblewrap)", "zh-CN": "JavaScript（bubblewrap 沙箱）" },
    image: () => nodeImage(nodeProgram(guest)),
    outOfMemory: NODE_OUT_OF_MEMORY,
    cgroups,
  });
