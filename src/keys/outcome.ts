/**
 * Whether what came of a request is what was asked for. The server takes no node's word for it: a leader that made
 * something up would end the request, and others could have signed.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { schemes } from "../mpc/schemes/registry.ts";
import { whatIs } from "../policy/what.ts";
import { RequestDetail } from "../rules/key-messages.ts";
import { Outcome } from "../rules/key-request.ts";
import type { KeyRequest } from "../rules/key-request-state.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import type { Key } from "../rules/key-state.ts";
import { hasLowS } from "../trust/low-s.ts";
import { signingKeyAt } from "./signing-key.ts";
import { takeTurns } from "./turns.ts";

/** Whose signatures have twins, by their algorithm in a JWS: nodes make the one with the low s, which Ethereum takes. */
const TWINS: Partial<Record<KeyScheme, string>> = { ECDSA_K1: "ES256K", ECDSA_R1: "ES256" };

/**
 * Every signature is verified. Shares of a key that is handed out are sealed: of them whose they are is all that shows.
 * @param asked the request's text @param signers indices of the nodes that took part
 */
export const isOutcomeOf = async (
  key: Key,
  request: Pick<KeyRequest, "action" | "count">,
  asked: unknown,
  signers: readonly number[],
  said: unknown,
): Promise<boolean> => {
  const outcome = Outcome.safeParse(said).data;
  if (!outcome) return false;
  if ("shares" in outcome)
    return request.action === "export" && outcome.shares.map(({ index }) => index).join() === signers.join();
  if (request.action !== "sign" || outcome.signatures.length !== request.count) return false;
  const { messages, path = [] } = RequestDetail.parse(asked);
  const signing = signingKeyAt(key, path);
  // A key of BIP 340 is an x alone: both points with it are the same key.
  const from = key.scheme === "SCHNORR_BIP340" ? 2 : 0;
  if (toHex(signing.publicKey).slice(from) !== outcome.publicKey.slice(from)) return false;
  const scheme = schemes.get(key.scheme);
  // A thousand signatures of SM2 take seconds.
  const turn = takeTurns();
  for (const [i, message] of messages.entries()) {
    const { sign } = whatIs(signing, message, i + 1);
    const signature = fromHex(outcome.signatures[i] ?? "");
    if (!hasLowS(TWINS[key.scheme] ?? "", signature) || !scheme?.verify(signing.publicKey, sign, signature))
      return false;
    await turn();
  }
  return true;
};
