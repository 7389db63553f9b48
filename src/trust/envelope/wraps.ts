/** The ways a content key reaches its recipient: docs/protocols/envelope.md, section 4. */
import type { KeyKind, PrivateKey, PublicKey } from "../crypto/crypto.ts";
import { ecdhWrap } from "./ecdh.ts";
import type { Wrap } from "./header.ts";
import { hpkeWrap } from "./hpke.ts";
import { rsaWrap } from "./rsa.ts";
import { sm2Wrap } from "./sm2.ts";
import type { WrapMethod } from "./wrap-method.ts";

/** Checks the kind of key, so that a method is given only keys of its own. */
const forKind = <K extends KeyKind>(kind: K, method: WrapMethod<K>): WrapMethod<KeyKind> => {
  const publicOf = (key: PublicKey): PublicKey<K> => {
    if (key.kind !== kind) throw new TypeError(`a key of kind ${key.kind} where ${kind} is needed`);
    return { kind, spki: key.spki };
  };
  const isOfKind = (key: PrivateKey): key is PrivateKey<K> => key.kind === kind;
  return {
    wrap: (to, info, length) => method.wrap(publicOf(to), info, length),
    unwrap(key, fields, info, length) {
      if (!isOfKind(key)) throw new TypeError(`a key of kind ${key.kind} where ${kind} is needed`);
      return method.unwrap(key, fields, info, length);
    },
  };
};

export const WRAPS: Readonly<Record<Wrap, WrapMethod<KeyKind>>> = {
  "HPKE-X25519": forKind("X25519", hpkeWrap),
  "RSA-OAEP-256": forKind("RSA", rsaWrap),
  "ECDH-ES-P256": forKind("P-256", ecdhWrap("P-256")),
  "ECDH-ES-X25519": forKind("X25519", ecdhWrap("X25519")),
  SM2: forKind("SM2", sm2Wrap),
};
