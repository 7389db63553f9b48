import type { Bytes } from "../../base/bytes.ts";
import type { KeyKind, PrivateKey, PublicKey } from "../crypto/crypto.ts";

/** What travels in the header: one of the two. */
export interface WrapFields {
  readonly epk?: Bytes;
  readonly wrapped?: Bytes;
}

/**
 * One way in which a content key reaches its recipient: docs/protocols/envelope.md, section 4. `info` is what the wrap
 * is bound to (section 4.1); `length` is the content key's, in bytes.
 */
export interface WrapMethod<K extends KeyKind> {
  wrap(to: PublicKey<K>, info: Bytes, length: number): Promise<WrapFields & { readonly key: Bytes }>;
  /** @throws anything when the key cannot be recovered */
  unwrap(key: PrivateKey<K>, fields: WrapFields, info: Bytes, length: number): Promise<Bytes>;
}
