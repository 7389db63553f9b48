/** What is public of a key by what its nodes have said on the ledger: replayed here, whatever a server shows of it. */
import { fromHex } from "../../base/bytes.ts";
import { nobleCurves } from "../../mpc/curves/noble.ts";
import type { KeyPublic } from "../../mpc/key-share.ts";
import { CURVE_OF, requirePublic } from "../../mpc/keys/sharing.ts";
import { refuse as refuseRule } from "../../rules/errors.ts";
import { key as keyBook } from "../../rules/key.ts";
import { keyNode } from "../../rules/key-node.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { streamOf } from "../../rules/world.ts";
import type { Client } from "../client.ts";
import { replayStreams } from "../replay-streams.ts";
import { type ExpectedEnclave, requirePinned } from "./verify-enclave.ts";

export interface ReplayedKey extends KeyPublic {
  readonly scheme: KeyScheme;
  /** Streams of the nodes: the one at place i has index i + 1. */
  readonly participants: readonly string[];
}

/**
 * @param stream of the key
 * @param epoch of its shares
 * @throws Refusal stream.unknown where there never was such an epoch, enclave.untrusted for a node that is not pinned,
 *   whatever of the ledger's statements does not hold; RangeError where the nodes' words do not go together
 */
export const replayKey = async (
  client: Pick<Client, "streams">,
  stream: string,
  epoch: number,
  { enclaves }: ExpectedEnclave,
): Promise<ReplayedKey> => {
  const world = await replayStreams(client, stream);
  const state = streamOf(world, keyBook, stream)?.state;
  const made = state?.epochs.find((one) => one.epoch === epoch);
  if (!state || !made) throw refuseRule("stream.unknown", { id: stream });
  for (const node of made.participants) {
    const found = streamOf(world, keyNode, node)?.state;
    if (!found) throw refuseRule("stream.unknown", { id: node });
    requirePinned(found, enclaves);
  }
  const { scheme } = state;
  const curve = CURVE_OF[scheme];
  const verifyingShares = Object.entries(made.verifyingShares).map(([index, point]) => [index, fromHex(point)]);
  const whole: ReplayedKey = {
    ...{ scheme, curve, epoch, threshold: made.threshold, participants: made.participants },
    parties: made.participants.map((_, place) => place + 1),
    publicKey: fromHex(state.publicKey),
    verifyingShares: Object.fromEntries(verifyingShares) as Record<number, Uint8Array>,
    chainCode: fromHex(state.chainCode),
  };
  requirePublic(nobleCurves[curve], whole);
  return whole;
};
