/** Work that seals: done in a worker, its progress shown, signed with the key that this page acts by. */
import { Progress as Bar } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { Refusal } from "../../base/refusal.ts";
import type { Client } from "../../sdk/client.ts";
import type { PreparedSource } from "../../sdk/workflows/register-source.ts";
import { useActing } from "../identity/identity.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { url, useSession } from "../session.tsx";
import type { JobName, Jobs, Order, Progress, ToPage, ToWorker } from "./protocol.ts";

interface Results {
  publish: Awaited<ReturnType<Client["models"]["publish"]>>;
  revise: Awaited<ReturnType<Client["models"]["revise"]>>;
  file: PreparedSource;
  connection: PreparedSource;
  reconnect: Awaited<ReturnType<Client["sources"]["reconnect"]>>;
  /** `manifest`: `entente.json` as text, null where there is none. */
  inspect: {
    readonly files: readonly { readonly path: string; readonly size: number }[];
    readonly manifest: string | null;
  };
}

interface Hooks {
  sign(input: Uint8Array): Uint8Array | Promise<Uint8Array>;
  told(progress: Progress): void;
  readonly stop: AbortSignal;
}

const inWorker = (order: Order, { sign, told, stop }: Hooks): Promise<unknown> => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: order.name });
  const send = (message: ToWorker) => worker.postMessage(message);
  return new Promise<unknown>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message || "the worker did not start"));
    stop.addEventListener("abort", () => reject(stop.reason as Error));
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if ("progress" in data) told(data.progress);
      else if ("done" in data) resolve(data.done);
      else if ("failed" in data) {
        const { code, status, details, message } = data.failed;
        reject(new Refusal(code, status, details, message));
      } else Promise.resolve(sign(data.input)).then((signature) => send({ signed: data.sign, signature }), reject);
    };
    send({ order });
  }).finally(() => worker.terminate());
};

/** Runs jobs one at a time; what runs stops when the page goes. */
export const useSealing = () => {
  const { csrf } = useSession();
  const { language } = usePreferences();
  const { client } = useActing();
  const [progress, setProgress] = useState<Progress>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const run = useCallback(
    async <N extends JobName>(name: N, job: Jobs[N]): Promise<Results[N]> => {
      running.current = new AbortController();
      const { sign, ...signer } = client.signer ?? {};
      const order = { name, job, url: url(), csrf, language, signer: sign && (signer as Order["signer"]) };
      const hooks: Hooks = {
        sign: (input) => client.signer?.sign(input) ?? Promise.reject(new Error("there is no key")),
        told: setProgress,
        stop: running.current.signal,
      };
      try {
        return (await inWorker(order, hooks)) as Results[N];
      } finally {
        setProgress(undefined);
      }
    },
    [client, csrf, language],
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
