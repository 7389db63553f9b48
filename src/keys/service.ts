/**
 * What the faces (REST, KMS, Ethereum) ask of the pillar: plain calls for an asker whose identity the platform keeps, so
 * every change below is a statement on the ledger, signed in the asker's name. Whoever keeps its own key signs for
 * itself, through /v1.
 */
import type { KeyMessage } from "../rules/key-messages.ts";
import type { KeyRequestState } from "../rules/key-request-state.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import type { KeyState } from "../rules/key-state.ts";
import type { Asker } from "../spine/access.ts";

/** A key node (节点, pod), as far as this platform knows. */
export interface NodeInfo {
  readonly tag: string;
  /** Stream id. */
  readonly node: string;
  /** It is connected and follows the ledger. */
  readonly up: boolean;
}

export interface KeyInfo {
  /** K…, as statements name it. */
  readonly id: string;
  readonly scheme: KeyScheme;
  readonly threshold: number;
  /** Tags of the nodes that share it, by party index. */
  readonly participants: readonly string[];
  readonly status: KeyState;
  readonly imported: boolean;
  /** Encoded point (SEC 1 compressed, RFC 8032), hex; undefined before the nodes have made it. */
  readonly publicKey: string | undefined;
  /** Why there will be none, or is none yet: a code of the nodes. */
  readonly failure: string | undefined;
  readonly alias: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly deletionAt: number | undefined;
}

export interface KeyParameters {
  readonly scheme: KeyScheme;
  /** As many nodes sign together. */
  readonly threshold: number;
  /** Tags of nodes, none twice. */
  readonly participants: readonly string[];
  readonly alias?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
}

export interface KeyDescription {
  readonly alias: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
}

export interface SignatureRequest {
  readonly key: string;
  /** 1 to 1,000; all are signed, or none. */
  readonly messages: readonly KeyMessage[];
  /** BIP 32, non-hardened. */
  readonly path?: readonly number[] | undefined;
  readonly note?: string | undefined;
  /** Milliseconds from now; an hour when it is not given. */
  readonly expiresIn?: number | undefined;
}

export interface RequestInfo {
  /** R…, as statements name it. */
  readonly id: string;
  readonly key: string;
  /** The key's. */
  readonly scheme: KeyScheme;
  readonly status: KeyRequestState;
  /** One for each message, hex, once completed: r || s (64 bytes, low s for ECDSA), R || s for Schnorr and Ed25519. */
  readonly signatures: readonly string[];
  /** Encoded point (hex) that they verify under: the key's, or its child's. */
  readonly publicKey: string | undefined;
  /** Of a pending one: how many approvals it has so far. */
  readonly approvals: number;
  /** Why it failed, or why the nodes have not signed it yet: a code of theirs. */
  readonly failure: string | undefined;
}

/** One that is not settled yet. */
export interface PendingRequest {
  readonly id: string;
  /** Id of the key. */
  readonly key: string;
  readonly note: string;
  readonly messages: readonly KeyMessage[];
}

export interface KeyService {
  nodes(): Promise<readonly NodeInfo[]>;
  /** Starts one more node process with a store of its own under the tag. @throws Refusal id.taken, key-node.tag */
  createNode(tag: string): Promise<NodeInfo>;
  /** Resolves once its founding is on the ledger; the nodes make it after that. @throws Refusal key.*, key-node.unknown */
  createKey(asker: Asker, parameters: KeyParameters): Promise<KeyInfo>;
  /**
   * @param secret the private scalar, 32 bytes big-endian; for Ed25519 its seed (RFC 8032). It is split here, sealed to
   *   the nodes and forgotten: a client that splits it itself does not need to trust this server.
   */
  importKey(asker: Asker, parameters: KeyParameters, secret: Uint8Array): Promise<KeyInfo>;
  /** @param id K…, a stream's id, or an alias @throws Refusal stream.unknown */
  key(asker: Asker, id: string): Promise<KeyInfo>;
  /**
   * The key of the asker's that has this public key, whether its nodes have made it yet or not; none that is deleted.
   * @param publicKey encoded point, hex
   */
  keyByPublicKey(asker: Asker, publicKey: string): Promise<KeyInfo | undefined>;
  /** Those the asker may see, the newest first. */
  keys(
    asker: Asker,
    page: { readonly page: number; readonly pageSize: number },
  ): Promise<{
    readonly items: readonly KeyInfo[];
    readonly total: number;
  }>;
  describeKey(asker: Asker, id: string, description: KeyDescription): Promise<KeyInfo>;
  enableKey(asker: Asker, id: string): Promise<KeyInfo>;
  disableKey(asker: Asker, id: string): Promise<KeyInfo>;
  scheduleDeletion(asker: Asker, id: string, days: number): Promise<KeyInfo>;
  cancelDeletion(asker: Asker, id: string): Promise<KeyInfo>;
  /** Resolves once its founding is on the ledger. @throws Refusal key.*, key-request.* */
  requestSignature(asker: Asker, request: SignatureRequest): Promise<RequestInfo>;
  /** @throws Refusal stream.unknown */
  request(asker: Asker, id: string): Promise<RequestInfo>;
  /** The asker's own, made since a time (milliseconds). */
  pendingRequests(asker: Asker, since: number): Promise<readonly PendingRequest[]>;
  /** The same, once it is pending no more or its group's policies forbid it, or after `timeout` milliseconds as it is then. */
  settledKey(asker: Asker, id: string, timeout: number): Promise<KeyInfo>;
  settledRequest(asker: Asker, id: string, timeout: number): Promise<RequestInfo>;
}
