/**
 * A key service whose keys lie in this process: at the faces' own port, for their tests. What is signed is computed as
 * the nodes compute it.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { randomBytes } from "#crypto";
import { toHex } from "../../src/base/bytes.ts";
import { refuse as refuseNode } from "../../src/keys/errors.ts";
import type { KeyInfo, KeyParameters, KeyService, NodeInfo, RequestInfo } from "../../src/keys/service.ts";
import { nobleCurves } from "../../src/mpc/curves/noble.ts";
import { scalarOf } from "../../src/mpc/keys/dealer.ts";
import { CURVE_OF } from "../../src/mpc/keys/sharing.ts";
import { inverse, mod, randomScalar, toBytes32, toInteger } from "../../src/mpc/scalars.ts";
import { whatIs } from "../../src/policy/what.ts";
import { refuse as refuseRule } from "../../src/rules/errors.ts";
import { refuse as refuseKey } from "../../src/rules/key-errors.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import type { Asker } from "../../src/spine/access.ts";

const publicKeyOf = (scheme: KeyScheme, secret: Uint8Array): string => {
  const curve = nobleCurves[CURVE_OF[scheme]];
  if (scheme === "EDDSA_ED25519") return toHex(ed25519.getPublicKey(secret));
  return toHex(curve.encode(curve.multiplyBase(scalarOf(scheme, secret, curve)) as never));
};

/** GB/T 32918.2 section 6.1, from e on. */
const signSm2 = (secret: Uint8Array, digest: Uint8Array): Uint8Array => {
  const curve = nobleCurves.SM2;
  const [d, k] = [toInteger(secret), randomScalar(randomBytes, curve)];
  const x = toInteger(curve.encode(curve.multiplyBase(k) as never).subarray(1, 33));
  const r = mod(toInteger(digest) + x, curve.order);
  const s = mod(inverse(1n + d, curve) * (k - r * d), curve.order);
  return new Uint8Array([...toBytes32(r), ...toBytes32(s)]);
};

const sign = (scheme: KeyScheme, secret: Uint8Array, message: Uint8Array): Uint8Array => {
  switch (scheme) {
    case "ECDSA_K1":
      return secp256k1.sign(message, secret, { prehash: false });
    case "ECDSA_R1":
      return p256.sign(message, secret, { prehash: false, lowS: true });
    case "EDDSA_ED25519":
      return ed25519.sign(message, secret);
    case "SCHNORR_BIP340":
      return schnorr.sign(message, secret);
    case "SM2":
      return signSm2(secret, message);
  }
};

interface Kept {
  info: KeyInfo;
  readonly secret: Uint8Array;
  readonly owner: string;
}

export interface SoftwareKeys extends KeyService {
  /** What happens to keys and requests that are made from now on. */
  mode: "at once" | "hold" | "fail";
  /** Of those that are held. */
  finish(id: string, outcome?: RequestInfo["status"], failure?: string): void;
  setUp(tag: string, up: boolean): void;
  /** Requests, the oldest first. */
  readonly asked: readonly { id: string; key: string; messages: readonly KeyMessage[] }[];
}

export const createSoftwareKeys = (now: () => number = Date.now): SoftwareKeys => {
  const nodes = new Map<string, NodeInfo>();
  const keys = new Map<string, Kept>();
  interface Asked {
    info: RequestInfo;
    readonly owner: string;
    readonly messages: readonly KeyMessage[];
    readonly note: string;
  }
  const requests = new Map<string, Asked>();
  const asked: { id: string; key: string; messages: readonly KeyMessage[] }[] = [];
  const waiting = new Set<() => void>();
  let count = 0;
  const next = (letter: string) => `${letter}${String(++count).padStart(6, "0")}`;
  const setUp = (tag: string, up: boolean) => void nodes.set(tag, { tag, node: `stream of ${tag}`, up });
  for (const tag of ["node-1", "node-2", "node-3"]) setUp(tag, true);

  const keptOf = ({ member }: Asker, id: string): Kept => {
    const found = keys.get(id) ?? [...keys.values()].find(({ info }) => info.alias !== undefined && info.alias === id);
    if (!found || found.owner !== member) throw refuseRule("stream.unknown", { id });
    return found;
  };
  const requestOf = ({ member }: Asker, id: string) => {
    const found = requests.get(id);
    if (!found || found.owner !== member) throw refuseRule("stream.unknown", { id });
    return found;
  };
  const moved = () => {
    for (const wake of [...waiting]) wake();
  };
  const settle = (settled: () => boolean, timeout: number): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        waiting.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const wake = () => settled() && end();
      const timer = setTimeout(end, timeout);
      waiting.add(wake);
      wake();
    });

  const add = (asker: Asker, parameters: KeyParameters, secret: Uint8Array, imported: boolean): KeyInfo => {
    const { scheme, threshold, participants, alias, tags = {}, description = "" } = parameters;
    const info: KeyInfo = {
      ...{ id: next("K"), scheme, threshold, participants, status: "pending", imported, publicKey: undefined },
      ...{ failure: undefined, alias, tags, description, createdAt: now(), deletionAt: undefined },
    };
    keys.set(info.id, { info, secret, owner: asker.member ?? "" });
    if (self.mode !== "hold") self.finish(info.id, self.mode === "fail" ? "failed" : undefined, "key.conflict");
    return keptOf(asker, info.id).info;
  };

  const change = (asker: Asker, id: string, changes: Partial<KeyInfo>): KeyInfo => {
    const kept = keptOf(asker, id);
    kept.info = { ...kept.info, ...changes };
    return kept.info;
  };
  const signatures = ({ info, secret }: Kept, messages: readonly KeyMessage[]): string[] => {
    const key = { scheme: info.scheme, publicKey: new Uint8Array(Buffer.from(info.publicKey ?? "", "hex")) };
    return messages.map((one, i) => toHex(sign(info.scheme, secret, whatIs(key, one, i + 1).sign)));
  };

  const self: SoftwareKeys = {
    mode: "at once",
    asked,
    setUp,
    finish(id, outcome, failure) {
      const key = keys.get(id);
      const request = requests.get(id);
      if (key && outcome === "failed") key.info = { ...key.info, status: "failed", failure };
      else if (key) key.info = { ...key.info, status: "enabled", publicKey: publicKeyOf(key.info.scheme, key.secret) };
      if (request) {
        const kept = keys.get(request.info.key) as Kept;
        const status = outcome ?? "completed";
        request.info = {
          ...request.info,
          ...{ status, failure, signatures: status === "completed" ? signatures(kept, request.messages) : [] },
        };
      }
      moved();
    },
    nodes: async () => [...nodes.values()],
    async createNode(tag) {
      if (!/^[A-Za-z0-9][A-Za-z0-9-]{1,31}$/.test(tag)) throw refuseNode("key-node.tag", { tag });
      if (nodes.has(tag)) throw refuseRule("id.taken", { id: tag });
      setUp(tag, true);
      return nodes.get(tag) as NodeInfo;
    },
    createKey: async (asker, parameters) => {
      const curve = nobleCurves[CURVE_OF[parameters.scheme]];
      return add(asker, parameters, toBytes32(randomScalar(randomBytes, curve)), false);
    },
    importKey: async (asker, parameters, secret) => add(asker, parameters, secret.slice(), true),
    key: async (asker, id) => keptOf(asker, id).info,
    keyByPublicKey: async (asker, publicKey) =>
      [...keys.values()].find(
        (one) => one.owner === asker.member && publicKeyOf(one.info.scheme, one.secret) === publicKey,
      )?.info,
    async keys(asker, { page, pageSize }) {
      const own = [...keys.values()].filter(({ owner }) => owner === asker.member).reverse();
      const from = (page - 1) * pageSize;
      return { items: own.slice(from, from + pageSize).map(({ info }) => info), total: own.length };
    },
    describeKey: async (asker, id, description) => change(asker, id, description),
    enableKey: async (asker, id) => change(asker, id, { status: "enabled" }),
    disableKey: async (asker, id) => change(asker, id, { status: "disabled" }),
    scheduleDeletion: async (asker, id, days) =>
      change(asker, id, { status: "deletion-scheduled", deletionAt: now() + days * 86_400_000 }),
    cancelDeletion: async (asker, id) => change(asker, id, { status: "disabled", deletionAt: undefined }),
    async requestSignature(asker, { key: id, messages, note = "" }) {
      const kept = keptOf(asker, id);
      const { status: state } = kept.info;
      if (state !== "enabled") throw refuseKey("key.state", { id, state, kind: "key-request.founded" });
      const info: RequestInfo = {
        ...{ id: next("R"), key: kept.info.id, status: "pending", signatures: [], publicKey: kept.info.publicKey },
        ...{ scheme: kept.info.scheme, approvals: 0, failure: undefined },
      };
      requests.set(info.id, { info, owner: asker.member ?? "", messages, note });
      asked.push({ id: info.id, key: kept.info.id, messages });
      if (self.mode === "at once") self.finish(info.id);
      if (self.mode === "fail") self.finish(info.id, "failed", "keynode.policy");
      return requestOf(asker, info.id).info;
    },
    pendingRequests: async (asker) =>
      [...requests.values()].flatMap(({ info: { id, key, status }, owner, messages, note }) =>
        owner === asker.member && status === "pending" ? [{ id, key, messages, note }] : [],
      ),
    request: async (asker, id) => requestOf(asker, id).info,
    async settledKey(asker, id, timeout) {
      await settle(() => keptOf(asker, id).info.status !== "pending", timeout);
      return keptOf(asker, id).info;
    },
    async settledRequest(asker, id, timeout) {
      requestOf(asker, id);
      await settle(() => requestOf(asker, id).info.status !== "pending", timeout);
      return requestOf(asker, id).info;
    },
  };
  return self;
};
