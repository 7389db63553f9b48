/** Key nodes, groups, keys and requests, as tests of their rules make them. */
import { generateKey } from "#crypto";
import { toBase64 } from "../../src/base/bytes.ts";
import { type Clock, DAY, iso } from "../../src/base/clock.ts";
import { KEY_NODE_ISOLATION } from "../../src/rules/key-node.ts";
import { type Components, measurementOf } from "../../src/trust/attestation/measurement.ts";
import { reportData } from "../../src/trust/attestation/report-data.ts";
import { simulatedEvidence } from "../../src/trust/attestation/simulated.ts";
import type { PrivateKey, SigningKind } from "../../src/trust/crypto/crypto.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { signStatementWith } from "../../src/trust/statement.ts";
import {
  COMPONENTS,
  createOrganisation,
  digestOfJws,
  type Organisation,
  SALT,
  type Signatory,
  START,
} from "./principals.ts";
import { act, found, type Stage } from "./stage.ts";

export interface KeyNode extends Signatory {
  readonly tag: string;
}

let numbers = 1;
/** An id that no other test has. */
export const keyId = (letter: "G" | "K" | "R"): string => `${letter}20260105080000${numbers++}`;

interface KeyNodeOptions {
  readonly at?: number;
  readonly tag?: string;
  readonly components?: Components;
  readonly isolation?: string;
  readonly ledger?: string;
  /** That of another node. */
  readonly key?: PrivateKey<SigningKind>;
  /** Members of the founding payload to put something else in. */
  readonly payload?: Record<string, unknown>;
}

const x25519 = (): string => toBase64(generateKey("X25519").publicKey.spki);

/** A key node with simulated evidence. */
export const createKeyNode = ({
  at = START,
  tag = `node-${numbers++}`,
  components = COMPONENTS,
  isolation = KEY_NODE_ISOLATION,
  ledger = "entente/test+00000000+AA",
  key = generateKey("P-256"),
  payload = {},
}: KeyNodeOptions = {}): KeyNode => {
  const measurement = measurementOf(components);
  const claims = {
    signingKey: toBase64(key.publicKey.spki),
    encryptionKey: x25519(),
    measurement,
    ledger,
  };
  const evidence = simulatedEvidence({ measurement, reportData: reportData({ ...claims, isolation, nonce: "" }) });
  const attested = {
    ...claims,
    components,
    tag,
    tlsKey: toBase64(generateKey("P-256").publicKey.spki),
    attestation: { provider: "simulated", evidence },
    ...payload,
  };
  const founding = signStatementWith(
    { kind: "key-node.attested", stream: "", seen: "", by: "", at: iso(at), payload: attested },
    key,
  );
  return { id: digestOfJws(founding), founding, key, tag };
};

const ids = (all: readonly Signatory[]): string[] => all.map(({ id }) => id).sort();

/** Whoever has a part in keys. */
export interface Vault {
  readonly nodes: readonly [KeyNode, KeyNode, KeyNode, KeyNode];
  /** Administrators, two of which agree to a change. */
  readonly administrators: readonly [Organisation, Organisation, Organisation];
  readonly requester: Organisation;
  /** The second is a requester too. */
  readonly approvers: readonly [Organisation, Organisation];
  readonly stranger: Organisation;
  /** Stream of the group over the first three nodes and the fourth. */
  readonly group: string;
}

export const groupPayload = (vault: Omit<Vault, "group" | "stranger">, change: Record<string, unknown> = {}) => ({
  id: keyId("G"),
  nodes: ids(vault.nodes),
  administrators: ids(vault.administrators),
  approvals: 2,
  requesters: ids([vault.requester, vault.approvers[1]]),
  approvers: ids(vault.approvers),
  policies: [{ id: "all", text: "permit(principal, action, resource);" }],
  detail: digestOf({ salt: SALT, name: "金库", description: "" }),
  ...change,
});

/** Nodes, members and a group, on the stage. @param ledger that the nodes follow */
export const vault = async (stage: Stage<Clock>, ledger?: string): Promise<Vault> => {
  const at = stage.clock.now();
  const organisation = (name: string) => createOrganisation(name, { at });
  const node = () => createKeyNode({ at, ...(ledger !== undefined && { ledger }) });
  const all = {
    nodes: [node(), node(), node(), node()],
    administrators: [organisation("甲"), organisation("乙"), organisation("丙")],
    requester: organisation("商户"),
    approvers: [organisation("风控"), organisation("财务")],
    stranger: organisation("路人"),
  } as const;
  await found(stage, ...all.nodes, ...all.administrators, all.requester, ...all.approvers, all.stranger);
  const group = await act(stage, all.administrators[0], "key-group.founded", "", groupPayload(all));
  return { ...all, group };
};

export const DETAIL = digestOf({ salt: SALT, tags: {}, description: "" });

/** A key of the first three nodes, any two of which sign. */
export const keyPayload = ({ nodes, group }: Vault, change: Record<string, unknown> = {}) => ({
  id: keyId("K"),
  group,
  scheme: "ECDSA_K1",
  threshold: 2,
  participants: nodes.slice(0, 3).map(({ id }) => id),
  origin: { kind: "generated" },
  detail: DETAIL,
  ...change,
});

const point = (digit: string): string => `02${digit.repeat(64)}`;

/** What each of `parties` nodes says. */
export const madePayload = (request: string, change: Record<string, unknown> = {}, parties = 3) => ({
  request,
  epoch: 1,
  publicKey: point("a"),
  verifyingShares: Object.fromEntries(Array.from({ length: parties }, (_, i) => [String(i + 1), point(String(i + 1))])),
  chainCode: "c".repeat(64),
  ...change,
});

/** A key that its nodes have made. Returns its stream. @param made what else they say */
export const enabledKey = async (
  stage: Stage<Clock>,
  all: Vault,
  made: Record<string, unknown> = {},
): Promise<string> => {
  const id = await act(stage, all.requester, "key.founded", "", keyPayload(all));
  for (const node of all.nodes.slice(0, 3)) await act(stage, node, "key.made", id, madePayload(id, made));
  return id;
};

export const requestPayload = (stage: Stage<Clock>, key: string, change: Record<string, unknown> = {}) => ({
  id: keyId("R"),
  key,
  action: "sign",
  count: 1,
  expires: iso(stage.clock.now() + DAY),
  detail: digestOf({ salt: SALT, messages: [{ kind: "digest", hex: "d".repeat(64) }], note: "" }),
  ...change,
});

export const completedPayload = (change: Record<string, unknown> = {}) => ({
  epoch: 1,
  signers: [1, 2],
  version: "e".repeat(64),
  checkpoint: { size: 9, root: "f".repeat(64) },
  detail: digestOf({ salt: SALT, signatures: ["0".repeat(128)], publicKey: point("a") }),
  ...change,
});
