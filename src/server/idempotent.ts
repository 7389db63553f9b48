/** A request with an Idempotency-Key is done once; repeated, it gets the answer it got. */
import type { Idempotency, ServerLog } from "./ports.ts";

export interface Reply {
  readonly status: number;
  /** JSON text; "" with 204. */
  readonly body: string;
  readonly replayed?: true;
}

export interface Identified {
  readonly scope: string;
  readonly key: string;
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array | undefined;
}

/** Only what succeeded is kept: a refused request may be sent again when its reason is gone. */
export const createOnce =
  (idempotency: Idempotency, log: ServerLog) =>
  async ({ scope, key, method, url, body }: Identified, work: () => Promise<Reply>): Promise<Reply> => {
    const begun = await idempotency.begin({ scope, key, request: [method, url, body ?? ""] });
    if (begun.replay) return { ...begun.replay, replayed: true };
    const reply = await work().catch(async (error: unknown) => {
      await begun.ticket.release();
      throw error;
    });
    try {
      await begun.ticket.answer(reply);
    } catch (err) {
      // The work is done, and says so; only a repetition would not find this answer.
      log.error({ err }, "the answer to an idempotent request could not be kept");
    }
    return reply;
  };
