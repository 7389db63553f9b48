/** What this browser trusts, and the worker that holds bundles to it. */
import { pinsOf } from "../identity/trusted-enclaves.ts";
import { read, write } from "../storage.ts";
import type { Answer, Asked, Pins } from "./evidence-worker.ts";
import { keptLedger } from "./ledger-kept.ts";

const MEMBERS = "member-pins";

export const pins = (): Pins => ({
  ledger: keptLedger()?.key,
  enclaves: pinsOf(),
  keyNodes: read<Pins["keyNodes"]>("key-node-pins", []),
  members: read<Pins["members"]>(MEMBERS, {}),
});

/** Their authority's fingerprint was compared with them. Undefined takes it back. */
export const pinMember = (id: string, fingerprint: string | undefined): void =>
  write(MEMBERS, { ...read<Pins["members"]>(MEMBERS, {}), [id]: fingerprint });

/** Larger than any bundle of a hundred thousand statements that somebody keeps. */
export const LARGEST = 256 * 1024 * 1024;

export const verifyBeside = (bytes: Uint8Array): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./evidence-worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = ({ message }) => {
      worker.terminate();
      reject(new Error(message));
    };
    worker.postMessage({ bytes, pins: pins() } satisfies Asked);
  });
