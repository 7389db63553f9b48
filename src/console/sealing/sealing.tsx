/** Work that seals: done in a worker, its progress shown, signed with the key that this page acts by. */
import { Progress as Bar } from "antd";
import { useCallback, useEffect, useState } from "react";
import { Refusal } from "../../base/refusal.ts";
import type { Client } from "../../sdk/client.ts";
import type { PreparedSource } from "../../sdk/workflows/register-source.ts";
import type { VerifiedEnclave } from "../../sdk/workflows/verify-enclave.ts";
import { useActing } from "../identity/identity.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { url, useSession } from "../session.tsx";
import type { JobName, Jobs, Order, Progress, ToPage, ToWorker } from "./protocol.ts";

export interface Inspection {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** `entente.json` as text, null where there is none. */
  readonly manifest: string | null;
}

interface Results {
  publish: Awaited<ReturnType<Client["models"]["publish"]>>;
  revise: Awaited<ReturnType<Client["models"]["revise"]>>;
  file: PreparedSource;
  connection: PreparedSource;
  reconnect: Awaited<ReturnType<Client["sources"]["reconnect"]>>;
  verify: VerifiedEnclave;
  inspect: Inspection;
}

interface Hooks {
  sign(input: Uint8Array): Uint8Array | Promise<Uint8Array>;
  told(progress: Progress): void;
  readonly stop: AbortSignal;
}

/** One is kept for the next job: to start it takes longer than most of what it does. */
let idle: Worker | undefined;
const takeWorker = (): Worker => {
  const worker = idle ?? new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  idle = undefined;
  return worker;
};
const giveBack = (worker: Worker): void => {
  worker.onmessage = worker.onerror = null;
  if (idle) worker.terminate();
  else idle = worker;
};

const inWorker = (order: Order, { sign, told, stop }: Hooks): Promise<unknown> => {
  const worker = takeWorker();
  const send = (message: ToWorker) => worker.postMessage(message);
  return new Promise<unknown>((resolve, reject) => {
    const broken = (reason: Error) => {
      worker.terminate();
      reject(reason);
    };
    worker.onerror = ({ message }) => broken(new Error(message || "the worker did not start"));
    stop.addEventListener("abort", () => broken(stop.reason as Error));
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if ("progress" in data) told(data.progress);
      else if ("done" in data) {
        giveBack(worker);
        resolve(data.done);
      } else if ("failed" in data) {
        giveBack(worker);
        const { code, status, details, message } = data.failed;
        reject(new Refusal(code, status, details, message));
      } else Promise.resolve(sign(data.input)).then((signature) => send({ signed: data.sign, signature }), broken);
    };
    send({ order });
  });
};

/** What runs stops when the page goes. */
export const useSealing = () => {
  const { csrf } = useSession();
  const { language } = usePreferences();
  const { client } = useActing();
  const [progress, setProgress] = useState<Progress>();
  const [running] = useState(() => new Set<AbortController>());
  useEffect(
    () => () => {
      for (const job of running) job.abort();
    },
    [running],
  );
  const run = useCallback(
    async <N extends JobName>(name: N, job: Jobs[N]): Promise<Results[N]> => {
      const stop = new AbortController();
      running.add(stop);
      const { sign, ...signer } = client.signer ?? {};
      const order = { name, job, url: url(), csrf, language, signer: sign && (signer as Order["signer"]) };
      const hooks: Hooks = {
        sign: (input) => client.signer?.sign(input) ?? Promise.reject(new Error("there is no key")),
        told: setProgress,
        stop: stop.signal,
      };
      try {
        return (await inWorker(order, hooks)) as Results[N];
      } finally {
        running.delete(stop);
        setProgress(undefined);
      }
    },
    [client, csrf, language, running],
  );
  return { run, progress };
};

/** Takes its place from the beginning, so that nothing jumps. */
export const SealingProgress = ({ of }: { of: Progress | undefined }) => {
  const t = useWords();
  if (!of) return null;
  const { phase, part } = of;
  const said = {
    reading: t("Reading the file", "正在读取文件"),
    sealing: t("Sealing in this browser", "正在本浏览器中加密"),
    uploading: t("Uploading what was sealed", "正在上传"),
    checking: t("Waiting for the enclave and the ledger", "等待可信执行环境与账本"),
  }[phase];
  return (
    <div role="status" aria-live="polite">
      <div className="spread muted">
        <span>{said}</span>
        {part !== undefined && <span>{Math.floor(part * 100)}%</span>}
      </div>
      <Bar percent={part === undefined ? 100 : part * 100} showInfo={false} status="active" size="small" />
    </div>
  );
};
