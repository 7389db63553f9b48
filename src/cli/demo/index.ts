/** `entente demo`: starts a platform of its own, plays the main job on real data, verifies the run as an outsider. */
import { join } from "node:path";
import { installComponents } from "../../../scripts/components.ts";
import { configOf, start, untilTold } from "../up.ts";
import { openDatabases } from "./databases.ts";
import { refuse } from "./errors.ts";
import { newHome } from "./home.ts";
import { type SoftwareTpm, startSwtpm } from "./machines/swtpm.ts";
import { verifyOutside } from "./outside.ts";
import { sealedFiles } from "./places.ts";
import { play } from "./play.ts";
import { createScreen, stepOn } from "./screen.ts";

export interface DemoOptions {
  /** Ends when the story is told, instead of staying up. */
  readonly once: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
  readonly language: "en" | "zh-CN";
  /** An empty or new directory; a temporary one where it is undefined. */
  readonly data?: string | undefined;
  readonly port?: string | undefined;
  /** Where the tables lie: in sealed files, or in a MariaDB of each organisation's own. */
  readonly source?: "files" | "mysql";
  /** What vouches for the enclave: nothing, or a software TPM that is started for it. */
  readonly attestation?: "simulated" | "swtpm";
}

export const demo = async (options: DemoOptions): Promise<void> => {
  const { once, json, language, data, port = "0", source = "files", attestation = "simulated" } = options;
  const told = untilTold();
  const { home, profiles } = newHome(data);
  const screen = createScreen({ json, language });
  const began = performance.now();
  screen.begin(home);

  await using machines = new AsyncDisposableStack();
  installMissing(source, attestation);
  const places = source === "mysql" ? machines.adopt(await openDatabases(), (opened) => opened.close()) : sealedFiles;
  const tpm = attestation === "swtpm" ? machines.adopt(await openTpm(), (started) => started.stop()) : undefined;
  const config = configOf({
    data: join(home, "platform"),
    port,
    "log-level": "warn",
    "rate-limit": "100000",
    "key-nodes": "0",
    ...(tpm && { attestation, "attestation-options": `device=${tpm.device},certificates=${tpm.issuers}` }),
  });
  const platform = await start(config);
  if (!platform.admin) throw refuse("demo.directory", { directory: home });
  try {
    screen.started(platform);
    const story = await play({ url: platform.url, profiles, operator: platform.admin, step: stepOn(screen), places });
    const verify = await verifyOutside(story.bundle);
    const result = Object.fromEntries(story.result.map(({ measure, value }) => [measure, value]));
    screen.end({
      ...story,
      table: story.result,
      result,
      verify,
      url: platform.url,
      profiles,
      ms: Math.round(performance.now() - began),
      once,
    });
    if (!once) await told;
  } finally {
    await platform.close();
  }
};

/** What the machine lacks of what was asked for, where it may be installed. */
const installMissing = (source: string, attestation: string): void => {
  const needed = [...(source === "mysql" ? ["mariadb-server"] : []), ...(attestation === "swtpm" ? TPM_PACKAGES : [])];
  installComponents((line) => process.stderr.write(`${line}\n`), needed);
};
const TPM_PACKAGES = ["swtpm", "swtpm-tools"];

/** @throws Refusal demo.machine */
const openTpm = async (): Promise<SoftwareTpm> => {
  const started = await startSwtpm();
  if ("skip" in started) throw refuse("demo.machine", { reason: started.skip });
  return started;
};
