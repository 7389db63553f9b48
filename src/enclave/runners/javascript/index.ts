/** Models in JavaScript, run by Node.js inside bubblewrap. */
import type { Cgroups } from "../bubblewrap/cgroups.ts";
import { createSandboxedRunner, type SandboxedRunner } from "../bubblewrap/runner.ts";
import { modelKit } from "../model-kit.ts";
import { MAX_LOG_BYTES } from "../runner.ts";
import { guest } from "./guest.ts";
import { NODE_OUT_OF_MEMORY, nodeImage } from "./image.ts";

const PROGRAM = `(${guest})(${modelKit},${MAX_LOG_BYTES})`;

export const createJavascriptRunner = (cgroups?: Cgroups): SandboxedRunner =>
  createSandboxedRunner({
    id: "javascript",
    label: { en: "JavaScript (bubblewrap)", "zh-CN": "JavaScript（bubblewrap 沙箱）" },
    image: () => nodeImage(PROGRAM),
    outOfMemory: NODE_OUT_OF_MEMORY,
    cgroups,
  });
