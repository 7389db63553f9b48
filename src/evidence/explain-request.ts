/** What a verified bundle of a request says: who asked for which signatures, who agreed, which nodes signed by which rules. */
import { iso } from "../base/clock.ts";
import type { Language } from "../base/refusal.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import { committed, pinnedIn, short } from "./explain.ts";
import { type Act, acts, checks, notProven, type Texts, text } from "./explain-text.ts";
import { isPinned, type Party, partiesIn, type Trust } from "./trust.ts";
import type { SignedMessage, VerifiedRequest } from "./verify-request.ts";

/** A text as the bundle shows it; null where it was left out. */
type Shown = string | null;

export interface RequestExplanation {
  readonly request: {
    readonly id: string;
    readonly stream: string;
    readonly action: "sign" | "export";
    readonly requester: string;
    readonly note: Shown;
    /** Messages. */
    readonly count: number;
    /** Members whose approvals counted when the nodes signed. */
    readonly approvals: readonly string[];
    readonly completed: string;
  };
  readonly key: {
    readonly id: string;
    readonly alias: Shown;
    readonly scheme: string;
    /** That signed: the key's, or its child's. Encoded point, hex. */
    readonly publicKey: string;
    readonly threshold: number;
    readonly shares: number;
    readonly epoch: number;
  };
  readonly group: {
    readonly id: string;
    readonly name: Shown;
    /** Of its settings and policies when the nodes signed. */
    readonly version: string;
    readonly policies: readonly { readonly id: string; readonly text: string }[];
  };
  /** That took part. */
  readonly nodes: readonly {
    readonly tag: string;
    readonly stream: string;
    readonly measurement: string;
    readonly provider: string;
    readonly providerLabel: string;
    readonly hardware: boolean;
  }[];
  /** Null where what was signed, or the signatures, were left out. */
  readonly messages: readonly SignedMessage[] | null;
  readonly parties: readonly (Party & { readonly pinned: boolean })[];
  /** In the ledger's order. `by` is a name, a tag or a short id. */
  readonly acts: readonly {
    readonly at: string;
    readonly index: number;
    readonly by: string;
    readonly kind: string;
    readonly text: string;
    readonly about: string;
  }[];
  readonly ledger: { readonly origin: string; readonly key: string; readonly size: number; readonly last: string };
  readonly checks: readonly string[];
  readonly notProven: readonly string[];
}

/** @param trust what the bundle was held to; it must have passed `requireTrusted` */
export const explainRequest = (
  verified: VerifiedRequest,
  language: Language,
  trust: Trust = {},
): RequestExplanation => {
  const { bundle, world, request, key, group, epoch, completed, checkpoint, entries, details, messages } = verified;
  const parties = partiesIn(verified).map((party) => ({ ...party, pinned: isPinned(party, trust) }));
  const names = new Map(parties.map(({ id, nickname, appId }) => [id, nickname ?? appId]));
  const nodeOf = (id: string) => streamOf(world, keyNode, id)?.state;
  const nameOf = (id: string) => names.get(id) ?? nodeOf(id)?.tag ?? short(id);
  const shown = (digest: string, member: string): Shown => {
    const value = details.get(digest)?.[member];
    return typeof value === "string" ? value : null;
  };
  const abouts = new Map([
    [bundle.request, request.id],
    [request.key, shown(key.detail, "alias") ?? key.id],
    [key.group, shown(group.detail, "name") ?? group.id],
  ]);
  const nodes = verified.signers.flatMap((stream) => {
    const state = nodeOf(stream);
    if (!state) return [];
    const { tag, measurement, provider } = state;
    const verifier = attestationVerifiers[provider];
    const hardware = verifier?.hardware ?? false;
    return [{ tag, stream, measurement, provider, providerLabel: verifier?.label[language] ?? "", hardware }];
  });
  const weakest = nodes.find(({ hardware }) => !hardware) ?? nodes[0];

  return {
    request: {
      id: request.id,
      stream: bundle.request,
      action: request.action,
      requester: nameOf(request.requester),
      note: shown(request.detail, "note"),
      count: request.count,
      approvals: verified.approvals.map(nameOf),
      completed: iso(completed.time),
    },
    key: {
      id: key.id,
      alias: shown(key.detail, "alias"),
      scheme: key.scheme,
      publicKey: verified.publicKey,
      threshold: epoch.threshold,
      shares: epoch.participants.length,
      epoch: epoch.epoch,
    },
    group: { id: group.id, name: shown(group.detail, "name"), version: group.version, policies: group.policies },
    nodes,
    messages,
    parties,
    acts: entries.flatMap(({ index, time, stream, by, signed: { statement } }) => {
      const words = acts[statement.kind as Act]?.[language];
      if (words === undefined) return [];
      const about = abouts.get(stream) ?? nodeOf(stream)?.tag ?? short(stream);
      return [{ at: iso(time), index, by: nameOf(by), kind: statement.kind, text: words, about }];
    }),
    ledger: {
      origin: checkpoint.origin,
      key: bundle.ledger,
      size: checkpoint.size,
      last: iso(entries.at(-1)?.time ?? 0),
    },
    checks: checks(
      {
        statements: entries.length,
        principals: new Set(entries.map(({ by }) => by)).size,
        size: checkpoint.size,
        origin: checkpoint.origin,
        texts: details.size,
        pinned: pinnedIn(parties, trust, language),
      },
      checked(messages),
    )[language],
    notProven: notProven(
      {
        attestation: attestationVerifiers[weakest?.provider ?? ""]?.doesNotProve,
        unpinned: parties.filter(({ pinned }) => !pinned).map(({ id }) => nameOf(id)),
        ledgerPinned: trust.ledger !== undefined,
        size: checkpoint.size,
        leftOut: committed(verified) - details.size,
      },
      UNPROVEN,
    )[language],
  };
};

const checked = (messages: VerifiedRequest["messages"]): Texts[] => [
  text(
    "When the nodes signed, by the ledger as they had followed it, the request was open, the key enabled, the shares of that epoch and the group's policies of that version.",
    "节点签名时，按其所跟随的账本，请求有效、密钥启用，分片轮次与群组策略版本均一致。",
  ),
  ...(messages && messages.length > 0
    ? [
        text(
          `All ${messages.length} signatures are the key's, over the messages that the requester signed for.`,
          `全部 ${messages.length} 个签名均由该密钥对请求方所签署的消息作出。`,
        ),
      ]
    : []),
];

const UNPROVEN: readonly Texts[] = [
  text(
    "That the policies allowed it: each node that signed decided that for itself, by the policies shown.",
    "策略是否允许该请求：由每个签名节点按所示策略自行判断。",
  ),
  text(
    "Which nodes took part beside the one that says so: the signature is the same whoever they were.",
    "除作出声明的节点外还有哪些节点参与：无论由谁参与，签名均相同。",
  ),
];
