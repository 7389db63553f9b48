/** A runner whose models run inside bubblewrap, whatever their language. */
import { refuse } from "../errors.ts";
import type { Runner } from "../runner.ts";
import type { Cgroups } from "./cgroups.ts";
import { type Image, imageDigest } from "./image.ts";
import { createRun } from "./run.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

export interface Recipe {
  readonly id: string;
  readonly label: Runner["label"];
  /** The image, or why there is none; asked once. */
  readonly image: () => Promise<Image | string>;
  /** How the runtime says on fd 2 that it has no memory left. */
  readonly outOfMemory: RegExp;
  /** Where each sandbox gets limits that the kernel keeps for all of it together; absent where none is set up. */
  readonly cgroups?: Cgroups | undefined;
}

export interface SandboxedRunner extends Runner {
  readonly isolation: "bubblewrap";
  /** SHA-384 (hex) of the image. @throws Refusal runner.unavailable */
  imageDigest(): Promise<string>;
}

export const createSandboxedRunner = ({ id, label, image, outOfMemory, cgroups }: Recipe): SandboxedRunner => {
  let opening: Promise<{ image: Image; sandbox: Sandbox } | string> | undefined;
  const open = () => {
    opening ??= openImage(image, cgroups);
    return opening;
  };
  const opened = async () => {
    const one = await open();
    if (typeof one === "string") throw refuse("runner.unavailable", { runner: id, reason: one });
    return one;
  };
  return {
    id,
    label,
    isolation: "bubblewrap",
    async available() {
      const one = await open();
      return typeof one === "string" ? one : true;
    },
    async start(limits) {
      const { sandbox } = await opened();
      return createRun(sandbox.start(limits), limits, { runner: id, outOfMemory });
    },
    async imageDigest() {
      return imageDigest((await opened()).image);
    },
  };
};

const openImage = async (make: Recipe["image"], cgroups: Cgroups | undefined) => {
  try {
    const image = await make();
    if (typeof image === "string") return image;
    const sandbox = await openSandbox(image, cgroups);
    return typeof sandbox === "string" ? sandbox : { image, sandbox };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
