/** Who a key node is: its keys, its founding statement, and what it has sealed of itself. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { toBase64 } from "../base/bytes.ts";
import { iso, MINUTE } from "../base/clock.ts";
import { createTurns } from "../base/turns.ts";
import { KEY_NODE_ISOLATION } from "../rules/key-node.ts";
import { refuse as refuseState } from "../tee/errors.ts";
import { readIfThere } from "../tee/files.ts";
import { measurementOf } from "../trust/attestation/measurement.ts";
import { reportData } from "../trust/attestation/report-data.ts";
import { parseStatement, signStatementWith } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import type { NodeOptions } from "./options.ts";
import { type NodeState, newKeys, newStore, openNodeState } from "./state.ts";

/** File of the store, in the node's directory. */
export const STORE = "store.db";

export interface Identity {
  /** Stream of the node. */
  readonly node: string;
  readonly measurement: string;
  /** As it is now. */
  readonly state: NodeState;
  /** Changes what is sealed; a change counts once it is durable. Those that come during another's are sealed together. */
  change(next: Change): Promise<void>;
  /**
   * Another founding statement over the same keys, where the one before has grown too old to come to any ledger and none
   * was followed yet: the node has another stream after its next start. Otherwise nothing.
   */
  foundAgain(): Promise<void>;
}

type Change = (now: NodeState) => Partial<NodeState>;

/** @throws Refusal enclave.state.*, enclave.ledger.other, keynode.tag */
export const openIdentity = async (options: NodeOptions): Promise<Identity> => {
  const { directory, provider, ledger, tag, onLost } = options;
  const measurement = measurementOf(options.components);
  const sealed = await openNodeState(directory, provider, measurement);
  let state = sealed.loaded ?? (await found(options, measurement));
  if (!sealed.loaded) await sealed.save(state);
  if (state.ledger !== ledger) throw refuseState("enclave.ledger.other", { bound: state.ledger, found: ledger });
  if (state.tag !== tag) throw refuse("keynode.tag", { bound: state.tag, found: tag });
  const inTurn = createTurns();
  let waiting: { readonly changes: Change[]; readonly saved: Promise<void> } | undefined;
  const save = async (changes: readonly Change[]) => {
    waiting = undefined;
    let fresh = state;
    for (const next of changes) fresh = { ...fresh, ...next(fresh) };
    await sealed.save(fresh).catch((error: unknown) => {
      onLost?.();
      throw error;
    });
    state = fresh;
  };
  const change = (next: Change): Promise<void> => {
    if (!waiting) {
      const changes: Change[] = [];
      waiting = { changes, saved: inTurn(() => save(changes)) };
    }
    waiting.changes.push(next);
    return waiting.saved;
  };
  if (options.acceptLostStore) {
    await putAside(directory);
    await change(() => ({ store: newStore() }));
  }
  return {
    node: parseStatement(state.founding).digest,
    measurement,
    get state() {
      return state;
    },
    change,
    async foundAgain() {
      const age = options.clock.now() - Date.parse(parseStatement(state.founding).statement.at);
      if (state.followed.size > 0 || age < TOO_OLD) return;
      const founding = await foundingOf(options, measurement, state);
      await change(() => ({ founding }));
    },
  };
};

/** Milliseconds: half of what a ledger's clock may differ by. */
const TOO_OLD = 5 * MINUTE;

/** Aside and not away: whoever finds the newest one can put it back. */
const putAside = async (directory: string): Promise<void> => {
  const suffix = `lost-${Date.now()}`;
  for (const file of [STORE, `${STORE}-wal`])
    if (await readIfThere(join(directory, file)))
      await rename(join(directory, file), join(directory, `${file}.${suffix}`));
};

/** What evidence vouches for. The founding statement, signed with the key that is, names the rest. */
export const claimsOf = ({ signingKey, encryptionKey, ledger }: Omit<NodeState, "founding">, measurement: string) => ({
  signingKey: toBase64(signingKey.publicKey.spki),
  encryptionKey: toBase64(encryptionKey.publicKey.spki),
  measurement,
  ledger,
  isolation: KEY_NODE_ISOLATION,
});

/** New keys and the statement that founds the node's stream with them. */
const found = async (options: NodeOptions, measurement: string): Promise<NodeState> => {
  const { tag, ledger } = options;
  const fresh = { tag, ledger, ...newKeys(), followed: { size: 0, root: "" }, store: newStore() };
  return { ...fresh, founding: await foundingOf(options, measurement, fresh) };
};

const foundingOf = async (
  { provider, tag, components, clock }: NodeOptions,
  measurement: string,
  fresh: Omit<NodeState, "founding">,
): Promise<string> => {
  const { isolation, ...claims } = claimsOf(fresh, measurement);
  const evidence = await provider.evidence(reportData({ ...claims, isolation, nonce: "" }), measurement);
  return signStatementWith(
    {
      kind: "key-node.attested",
      stream: "",
      seen: "",
      by: "",
      at: iso(clock.now()),
      payload: {
        ...claims,
        components,
        tag,
        tlsKey: toBase64(fresh.tlsKey.publicKey.spki),
        attestation: { provider: provider.id, evidence },
      },
    },
    fresh.signingKey,
  );
};
