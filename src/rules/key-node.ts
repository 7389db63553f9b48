/** A key node (密钥节点): holds one share of each of its keys, and judges every use of it for itself. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { type Machine, machine, machineOf } from "./attested.ts";
import { refuse } from "./errors.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";
import { Der } from "./shapes.ts";

export interface KeyNode extends Machine {
  /** What people call it; claimed for the whole ledger. */
  readonly tag: string;
  /** SubjectPublicKeyInfo (DER, base64) of the P-256 key of its TLS certificate: who other nodes talk to. */
  readonly tlsKey: string;
  readonly founded: number;
  /** Where other nodes reach it, `host:port`; "" before it has said. */
  readonly address: string;
}

/** What its evidence binds where an enclave's has its isolation: neither's evidence founds the other. */
export const KEY_NODE_ISOLATION = "key-node";

/** Nothing that reads like an id that others could be given (`K2026…`, an APPID): tags and ids are claimed in one place. */
export const Tag = z.string().regex(/^(?![A-Z]\d{14}|\d{10}$)[A-Za-z0-9][A-Za-z0-9-]{1,31}$/);

/** A name, an IPv4 address, or an IPv6 address in brackets; and a port. */
export const Address = z
  .string()
  .max(261)
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,39}\]):([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/,
  );

const kind = kindsOf<KeyNode>();

export const attested = kind({
  name: "key-node.attested",
  founds: true,
  by: "key-node",
  payload: z.strictObject({ ...machine, tag: Tag, tlsKey: Der }),
  apply: (state, { payload, time }) => {
    publicKeyFromSpki(fromBase64(payload.tlsKey), ["P-256"]);
    const { tag, tlsKey } = payload;
    return { ...state, ...machineOf(payload, KEY_NODE_ISOLATION, time), tag, tlsKey, founded: time };
  },
});

export const moved = kind({
  name: "key-node.moved",
  by: "key-node",
  payload: z.strictObject({ address: Address }),
  apply: (state, { stream, by, payload }) => {
    if (stream !== by) throw refuse("owner.required", { id: state.tag });
    return { ...state, address: payload.address };
  },
});

export const keyNode: Rulebook<KeyNode> = {
  name: "key-node",
  initial: {
    signingKey: "",
    encryptionKey: "",
    tlsKey: "",
    measurement: "",
    components: {},
    ledger: "",
    provider: "",
    tag: "",
    founded: 0,
    address: "",
  },
  kinds: [attested, moved],
};
