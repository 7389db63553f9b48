/** The story with everything of the command line: a profile directory each, with its own keys, and files of results. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "../../enclave/archive.ts";
import { demoNames, type Names } from "../../sample/names.ts";
import { readResult, type Step, tell } from "../../sample/story.ts";
import { createClient } from "../../sdk/client.ts";
import { found, type Party, resultKey, signUp } from "./parties.ts";
import type { Places } from "./places.ts";

const MODEL = join(import.meta.dirname, "..", "..", "..", "examples", "models", "logistic-regression");

interface PlayOptions {
  readonly url: string;
  readonly profiles: string;
  readonly operator: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly step: Step;
  readonly places: Places;
  /** What everything is called; as in the demo where nothing else is given. */
  readonly names?: Names;
}

interface Played {
  /** Lines of the result: measure and value. */
  readonly result: readonly { readonly measure: string; readonly value: number }[];
  /** Path of the evidence bundle. */
  readonly bundle: string;
  readonly task: string;
}

export const play = async ({
  url,
  profiles,
  operator,
  step,
  places,
  names = demoNames,
}: PlayOptions): Promise<Played> => {
  const { csv, task, receiver } = await tell<Awaited<ReturnType<typeof signUp>>, Party>({
    ...{ names, step, places, resultKey },
    office: createClient({ url, credentials: operator }),
    model: { archive: await packDirectory(MODEL), description: readFileSync(join(MODEL, "README.md"), "utf8") },
    signUp: (who) => signUp({ url, profiles, ...who }),
    found: (signedUp) => found(url, signedUp),
  });
  const { client, directory } = receiver;
  writeFileSync(join(directory, "result.csv"), csv, { mode: 0o600 });
  const what = { en: "downloads the evidence bundle", "zh-CN": "下载证据包" };
  const bundle = await step("institute", what, async () => {
    const path = join(directory, `${task}.evidence.json`);
    writeFileSync(path, await (await client.tasks.bundle({ id: task })).bytes());
    return path;
  });
  return { result: readResult(csv), bundle, task };
};

/** The model's archive: every file of its directory. */
const packDirectory = (directory: string): Promise<Uint8Array> =>
  pack(new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))])));
