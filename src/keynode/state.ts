/** What seals a key node's identity (tee/sealed-state.ts): its keys, the newest ledger it has seen, how new its store is. */
import { generateKey, randomBytes } from "#crypto";
import { fromBase64, toBase64 } from "../base/bytes.ts";
import type { AttestationProvider } from "../tee/attestation/provider.ts";
import type { Followed } from "../tee/follower.ts";
import { type Codec, openSealed } from "../tee/sealed-state.ts";
import type { PrivateKey } from "../trust/crypto/crypto.ts";
import { keyFromPem, keyToPem } from "../trust/keys.ts";

export interface NodeState {
  readonly tag: string;
  readonly ledger: string;
  readonly signingKey: PrivateKey<"P-256">;
  readonly encryptionKey: PrivateKey<"X25519">;
  /** Of its TLS certificate: who other nodes talk to. */
  readonly tlsKey: PrivateKey<"P-256">;
  readonly followed: Followed;
  /** Key of the store, and the oldest version of it that is not refused (store.ts); 0 before there is one. */
  readonly store: { readonly key: Uint8Array; readonly version: number };
  /** The statement that founded the node's stream. */
  readonly founding: string;
}

const codec: Codec<NodeState> = {
  use: "entente/key-node-state/1",
  encode: ({ signingKey, encryptionKey, tlsKey, store, ...rest }) => ({
    ...rest,
    signingKey: keyToPem(signingKey),
    encryptionKey: keyToPem(encryptionKey),
    tlsKey: keyToPem(tlsKey),
    store: { ...store, key: toBase64(store.key) },
  }),
  decode: (plain) => ({
    ...plain,
    signingKey: keyFromPem(plain.signingKey, { accept: ["P-256"] }),
    encryptionKey: keyFromPem(plain.encryptionKey, { accept: ["X25519"] }),
    tlsKey: keyFromPem(plain.tlsKey, { accept: ["P-256"] }),
    store: { ...plain.store, key: fromBase64(plain.store.key) },
  }),
};

/** @throws Refusal enclave.state.unreadable, enclave.state.rolled-back */
export const openNodeState = (directory: string, provider: AttestationProvider, measurement: string) =>
  openSealed(directory, provider, measurement, codec);

export const newKeys = () => ({
  signingKey: generateKey("P-256"),
  encryptionKey: generateKey("X25519"),
  tlsKey: generateKey("P-256"),
});

export const newStore = (): NodeState["store"] => ({ key: randomBytes(32), version: 0 });
