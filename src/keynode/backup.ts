/** Backup of shares: each is sealed to a recipient of its own, so that no one of them can put a key together. */
import { fromBase64, toBase64 } from "../base/bytes.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import type { KeyShare } from "../mpc/key-share.ts";
import { isShare } from "../mpc/keys/sharing.ts";
import { epochOf, indexIn } from "../rules/key-state.ts";
import { keyBackupContext, keyRestoreContext } from "../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../trust/envelope/envelope.ts";
import { enclaveKey } from "../trust/envelope/recipient.ts";
import { refuse } from "./errors.ts";
import { lookAtKey } from "./look.ts";
import { type MakeDeps, publicOf } from "./make.ts";

/** @throws Refusal keynode.backup, keynode.not-held */
export const backup = async (deps: MakeDeps, stream: string) => {
  const { key, group } = lookAtKey(deps, stream);
  const named = group.backup?.find(({ node }) => node === deps.node);
  if (!named) throw refuse("keynode.backup");
  const share = deps.shares.current(stream, key);
  if (!share) throw refuse("keynode.not-held", { id: key.id, epoch: epochOf(key)?.epoch ?? 0 });
  const { epoch, secret } = share;
  const to = enclaveKey(fromBase64(named.recipient));
  const envelope = await sealBytes(secret, { to, context: keyBackupContext(stream, epoch, deps.node) });
  return { epoch, recipient: named.recipient, envelope: toBase64(envelope) };
};

/**
 * Takes a share back: what was sealed to this node and for this store of its, and is the share that the ledger says it
 * has. Whoever runs the machine could lose the store again and again, and with it what was spent, were one envelope good
 * for every store.
 * @throws Refusal keynode.share, keynode.key
 */
export const restore = async (deps: MakeDeps & { readonly storeId: string }, stream: string, envelope: string) => {
  const { key } = lookAtKey(deps, stream);
  const now = epochOf(key);
  const self = indexIn(now?.participants ?? [], deps.node);
  if (!now || self === 0) throw refuse("keynode.key", { id: key.id, reason: "this node has no part in it" });
  const { epoch } = now;
  if (deps.shares.current(stream, key)) return { epoch };
  const unfit = (reason: string) => refuse("keynode.share", { id: key.id, reason });
  const context = keyRestoreContext(stream, epoch, deps.node, deps.storeId);
  const secret = await openBytes(fromBase64(envelope), { key: deps.encryptionKey, context });
  const share: KeyShare = { ...publicOf(key), self, secret };
  if (!isShare(curveOf(share.curve), share, self, secret))
    throw unfit("it is not what its verifying share on the ledger says");
  await deps.shares.keep(stream, { request: stream, run: "restored", share });
  return { epoch };
};
