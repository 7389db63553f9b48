/** Work beside the page: a worker that is asked once, and what it refuses is refused here. */
import { Refusal } from "../../base/refusal.ts";

type Outcome<A> =
  | { readonly done: A; readonly failed?: undefined }
  | { readonly failed: Pick<Refusal, "code" | "status" | "details" | "message"> };

/** On the page. @param worker whose program calls `answering` @throws Refusal what the work refuses */
export const askOnce = <A>(worker: Worker, asked: unknown): Promise<A> =>
  new Promise((resolve, reject) => {
    const end = (then: () => void) => {
      worker.terminate();
      then();
    };
    worker.onerror = ({ message }) => end(() => reject(new Error(message)));
    worker.onmessage = ({ data }: MessageEvent<Outcome<A>>) =>
      end(() => {
        if (data.failed === undefined) return resolve(data.done);
        const { code, status, details, message } = data.failed;
        reject(new Refusal(code, status, details, message));
      });
    worker.postMessage(asked);
  });

/** In the worker. */
export const answering = <I>(work: (asked: I) => unknown): void => {
  self.onmessage = async ({ data }: MessageEvent<I>) => {
    try {
      postMessage({ done: await work(data) });
    } catch (error) {
      const { code, status, details, message } =
        error instanceof Refusal ? error : new Refusal("console.failed", 0, {}, String(error));
      postMessage({ failed: { code, status, details, message } });
    }
  };
};
