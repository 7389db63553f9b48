/**
 * What this enclave could open, handed on to the enclave that its owner has moved it to: the key of that one envelope,
 * and what was spent of the budgets. docs/protocols/enclave.md, section 12.
 */
import { randomBytes } from "#crypto";
import { fromBase64, toBase64, toBase64url, utf8 } from "../../base/bytes.ts";
import { enclave as enclaveBook } from "../../rules/enclave.ts";
import { streamOf } from "../../rules/world.ts";
import type { Follower } from "../../tee/follower.ts";
import type { PlacedStatement } from "../../tee/protocol/messages.ts";
import { type Replayed, replay, requireOnly } from "../../tee/replay.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { releaseContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { enclaveKey } from "../../trust/envelope/recipient.ts";
import { refuse } from "../errors.ts";
import { spentBy } from "../gate/accountant.ts";
import { takeFile } from "./checked.ts";
import { canOpen, type Holdings, holdingOf, isHeld, type Resource, resourceIn } from "./holdings.ts";
import { type Release, signRelease } from "./release-format.ts";
import type { SealedState } from "./sealed-state.ts";
import { type HandedKey, keyToHandOn, type Sealed, type Unsealing, unseal } from "./unsealing.ts";

export interface MoveDeps extends Unsealing {
  readonly holdings: () => Holdings;
  readonly follower: Follower;
  /** Verifier key of the ledger. */
  readonly ledger: string;
  readonly signingKey: PrivateKey<"P-256">;
  readonly directory: string;
  readonly read: (digest: string) => AsyncIterable<Uint8Array>;
  /** Changes what is sealed, one change after the other, durable when it resolves; false where there is none. */
  readonly change: (next: (now: SealedState) => Partial<SealedState> | undefined) => Promise<boolean>;
}

/** All statements of what was moved, and of the streams that they rest on. */
export interface MoveRequest {
  readonly resource: string;
  readonly statements: readonly PlacedStatement[];
}

/** What was moved, by the ledger as it was followed. @throws Refusal */
export const lookAtMoved = (
  follower: Follower,
  { resource, statements }: MoveRequest,
): { readonly replayed: Replayed; readonly found: Resource } => {
  follower.requireCurrent();
  const replayed = replay(statements, follower);
  requireOnly(resource, replayed);
  return { replayed, found: resourceIn(replayed.world, resource) };
};

/** The ledger has not moved meanwhile. @throws Refusal enclave.moved */
export const requireStill = ({ follower }: MoveDeps, resource: string, { heads }: Replayed): void => {
  if (follower.headOf(resource) !== heads[resource]) throw refuse("enclave.moved");
};

/** An enclave of this ledger, as the rules have let it on. @throws Refusal enclave.not-moved */
export const peerIn = ({ world }: Replayed, { ledger }: MoveDeps, id: string) => {
  const state = streamOf(world, enclaveBook, id)?.state;
  if (state?.ledger !== ledger) throw refuse("enclave.not-moved", { resource: id });
  return state;
};

/**
 * As often as it is asked, the same; once it is durable that it was released, nothing opens it here.
 * @returns the release, sealed to the enclave `to` (base64)
 * @throws Refusal enclave.not-moved, enclave.not-held, enclave.withdrawn, enclave.file, envelope.*
 */
export const release = async (deps: MoveDeps, request: MoveRequest) => {
  const { replayed, found } = lookAtMoved(deps.follower, request);
  const { resource } = request;
  const known = holdingOf(deps.holdings(), found.holding)?.released;
  const given = known ?? (await newRelease(deps, resource, replayed, found));
  const { to, followed } = given;
  const { encryptionKey } = peerIn(replayed, deps, to);
  const text = utf8(signRelease(given, deps.signingKey));
  const context = releaseContext(resource, deps.enclave, to);
  const sealed = await sealBytes(text, { to: enclaveKey(fromBase64(encryptionKey)), context });
  return { to, size: followed.size, release: toBase64(sealed) };
};

const newRelease = async (deps: MoveDeps, resource: string, replayed: Replayed, found: Resource): Promise<Release> => {
  const { state, envelope, holding } = found;
  const before = holdingOf(deps.holdings(), holding);
  if (state.enclave === deps.enclave || !state.places.has(deps.enclave))
    throw refuse("enclave.not-moved", { resource });
  if (state.withdrawn) throw refuse("enclave.withdrawn", { id: state.id });
  if (!isHeld(before, state, deps.enclave)) throw refuse("enclave.not-held", { id: state.id });
  const opens = canOpen(before, state, envelope, deps.enclave);
  // What was sealed anew on the way is opened by the enclave that it was sealed to: that one hands it on.
  const to = opens ? state.enclave : state.sealedTo;
  peerIn(replayed, deps, to);
  const key = opens && to !== state.sealedTo ? await keyOf(deps, found) : undefined;
  let given: Release | undefined;
  await deps.change(({ holdings, account }) => {
    requireStill(deps, resource, replayed);
    const now = holdingOf(holdings, holding);
    const spent = found.accounts.filter((name) => Object.hasOwn(account, name));
    given = now?.released ?? {
      ...{ use: "entente/release/1", nonce: toBase64url(randomBytes(16)), resource, envelope },
      ...{ from: deps.enclave, to, ...(key && { key }) },
      account: Object.fromEntries(spent.map((name) => [name, spentBy(account, name)])),
      followed: deps.follower.followed,
    };
    return { holdings: { ...holdings, [holding]: { adopted: [], ...now, released: given } } };
  });
  return given as Release;
};

const keyOf = (deps: MoveDeps, found: Resource): Promise<HandedKey> =>
  withEnvelope(deps, found, async (sealed) => {
    const key = await keyToHandOn(deps, sealed);
    await requireOpening(deps, sealed, key);
    return key;
  });

/** The very envelope that the ledger names, whole, to be looked into. @throws Refusal enclave.file */
export const withEnvelope = async <R>(
  deps: Pick<MoveDeps, "read" | "directory">,
  { envelope: digest, context }: Resource,
  look: (sealed: Sealed) => Promise<R>,
): Promise<R> => {
  const file = await takeFile(deps.read(digest), digest, deps);
  try {
    return await look({ digest, content: file.content, context });
  } finally {
    await file.drop();
  }
};

/** That the key opens it: its first piece shows that, and the digest that the rest belongs to it. @throws Refusal envelope.* */
export const requireOpening = async (deps: MoveDeps, sealed: Sealed, key: HandedKey): Promise<void> => {
  for await (const _ of unseal({ ...deps, handed: () => key }, sealed)) break;
};
