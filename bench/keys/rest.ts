/** The REST face as its clients use it: a request to sign, then asking until it is signed. OpenSSL verifies. */
import { createHash, randomBytes, verify } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";

export interface RestKey {
  readonly id: string;
  readonly scheme: KeyScheme;
  readonly pem: string;
}

type Pending = { readonly status: "PROCESSING" | "FINISHED" | "FAILED"; readonly errorMessage: string | null };

/** Milliseconds between two questions. */
const POLL = 2;

export const createRest = (url: string) => {
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const post = body && {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    };
    const answer = (await (await fetch(`${url}/api/mappic/${path}`, post)).json()) as Answer<T>;
    if (!answer.success || answer.data === null) throw new Error(`${path}: ${answer.errorCode} ${answer.errorMessage}`);
    return answer.data;
  };
  const finished = async <T extends Pending>(path: string): Promise<T> => {
    for (;;) {
      const found = await call<T>(path);
      if (found.status === "FAILED") throw new Error(`${path}: ${found.errorMessage}`);
      if (found.status === "FINISHED") return found;
      await sleep(POLL);
    }
  };
  return {
    /** @param nodes tags */
    async makeKey(scheme: KeyScheme, threshold: number, nodes: readonly string[]): Promise<RestKey> {
      const shares = { serviceParticipants: nodes, threshold, totalShares: nodes.length };
      const { keyId } = await call<{ keyId: string }>("dkms/key/gen", { keyParams: { type: scheme }, ...shares });
      const { publicKey } = await finished<Pending & { publicKey: string }>(`dkms/key/get?keyId=${keyId}`);
      return { id: keyId, scheme, pem: publicKey };
    },
    /** @throws Error where the signature does not hold */
    async signOnce({ id, scheme, pem }: RestKey): Promise<void> {
      const message = randomBytes(32);
      const isEd25519 = scheme === "EDDSA_ED25519";
      const digestHex = isEd25519 ? message.toString("hex") : createHash("sha256").update(message).digest("hex");
      const { instanceId } = await call<{ instanceId: string }>("dkms/sign/req", { keyId: id, digestHex });
      const { sign } = await finished<Pending & { sign: string }>(`dkms/sign/get?instanceId=${instanceId}`);
      if (!verify(isEd25519 ? null : "sha256", message, pem, Buffer.from(sign, "hex")))
        throw new Error(`a signature of ${id} does not verify`);
    },
  };
};

interface Answer<T> {
  readonly success: boolean;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly data: T | null;
}
