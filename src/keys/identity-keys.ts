/**
 * Keys of managed identities: made in a group, and asked for in the name of an organisation of the platform's own, whose
 * key the platform keeps. That one signs the requests, so none of them asks for another; whether anything comes of them
 * is up to the group's policies and each of its nodes.
 */
import { fromHex, toBase64, toHex } from "../base/bytes.ts";
import { MINUTE, SECOND } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { once } from "../base/turns.ts";
import type { AnyAct } from "../contract/endpoint.ts";
import { keyGroups } from "../contract/key-groups.ts";
import { keyRequests } from "../contract/key-requests.ts";
import { keys } from "../contract/keys.ts";
import { key as keyBook } from "../rules/key.ts";
import { type KeyGroup, keyGroup, MAX_NODES } from "../rules/key-group.ts";
import { streamOf } from "../rules/world.ts";
import { type Asker, requireMember } from "../spine/access.ts";
import { refuse } from "../spine/errors.ts";
import type { GroupKey, GroupKeys, Owner } from "../spine/group-identity.ts";
import type { Spine } from "../spine/index.ts";
import { compressedPoint, rawFromPublicKey, secretOf } from "../trust/crypto/encoding.ts";
import { publicKeyFromPem } from "../trust/keys.ts";
import { publicKeyPem } from "./public-key.ts";
import type { KeyInfo, KeyService, RequestInfo } from "./service.ts";
import { splitFor } from "./split.ts";

/** Milliseconds that a founding waits for its key, and an act for its signature. */
const MAKING = MINUTE;
const SIGNING = 10 * SECOND;
/** A request that was neither answered nor withdrawn is signed no later. */
const EXPIRES = 10 * MINUTE;

const SCHEME = "ECDSA_R1";
/** Of the setting: a group that the platform founds over all of its nodes. */
export const OWN = "own";
const NAME = "Identities";
const DESCRIPTION = "Keys of managed identities, made by the platform for statements of their own members.";

/** What a node permits in the platform's own group: keys for identities, and what those keys are for. */
const policiesFor = (member: string) => [
  {
    id: "keys",
    text: `permit(principal == Member::"${member}", action in [Action::"createKey", Action::"importKey"], resource)
when { context.scheme == "${SCHEME}" };`,
  },
  {
    id: "statements",
    text: `permit(principal == Member::"${member}", action == Action::"sign", resource)
when { context.purpose == "statement" || context.purpose == "certificate" };`,
  },
];

export interface IdentityKeysDeps {
  readonly spine: Spine;
  readonly service: KeyService;
  /** The organisation that asks; founded when it is first needed. */
  readonly asker: () => Promise<Asker>;
  /** Of the setting: G…, `own`, or "". */
  readonly preset: string;
}

export const createIdentityKeys = ({ spine, service, asker, preset }: IdentityKeysDeps): GroupKeys => {
  const { ledger, acts } = spine;
  const groupAt = (stream: string): KeyGroup | undefined => streamOf(ledger.world, keyGroup, stream)?.state;

  const submit = async (endpoint: AnyAct, stream: string, input: object): Promise<string> => {
    const { receipt } = await acts.submit(await asker(), endpoint, { stream, input: input as Record<string, unknown> });
    return receipt.stream;
  };

  const foundOwn = async (member: string): Promise<string> => {
    const nodes = (await service.nodes()).filter(({ up }) => up).map(({ node }) => node);
    if (nodes.length < 2) throw refuse("managed.group", { group: OWN, reason: "fewer than two key nodes run" });
    return submit(keyGroups.create, "", {
      nodes: nodes.slice(0, MAX_NODES).sort(),
      ...{ administrators: [member], approvals: 1, requesters: [member], approvers: [] },
      policies: policiesFor(member),
      detail: { name: NAME, description: DESCRIPTION },
    });
  };
  /** The one that was founded before, in this life of the server or another. */
  const ownGroup = once(async (): Promise<string> => {
    const member = requireMember(await asker());
    const known = [...ledger.world.streams.keys()].find((stream) => groupAt(stream)?.creator === member);
    return known ?? foundOwn(member);
  });

  /** The group with all of its nodes running: a key over fewer would be lost with fewer. @throws Refusal managed.group, managed.no-group */
  const groupFor = async (id: string): Promise<{ stream: string; group: KeyGroup }> => {
    if (id === "") throw refuse("managed.no-group");
    const member = requireMember(await asker());
    const stream = id === OWN ? await ownGroup() : ledger.world.ids.get(id);
    const group = stream === undefined ? undefined : groupAt(stream);
    const unfit = (reason: string) => refuse("managed.group", { group: id, member, reason });
    if (!stream || !group?.requesters.includes(member))
      throw unfit(`it does not have the platform's organisation for identities, ${member}, among its requesters`);
    if (group.nodes.length < 2) throw unfit("it has one node");
    const running = new Set((await service.nodes()).flatMap(({ node, up }) => (up ? [node] : [])));
    const absent = group.nodes.filter((node) => !running.has(node)).length;
    if (absent > 0) throw unfit(`${absent} of its ${group.nodes.length} nodes do not run here`);
    return { stream, group };
  };

  /** What its founding says: more than half of the group's nodes sign together. */
  const newKey = (stream: string, { nodes }: KeyGroup, { nickname, appId }: Owner) => ({
    ...({ group: stream, scheme: SCHEME, participants: [...nodes] } as const),
    threshold: Math.floor(nodes.length / 2) + 1,
    detail: { tags: { identity: appId }, description: nickname },
  });

  const made = async (group: string, key: KeyInfo): Promise<GroupKey> => {
    const { id, status, failure, publicKey } = await service.settledKey(await asker(), key.id, MAKING);
    if (status !== "enabled" || publicKey === undefined)
      throw refuse("managed.not-made", { group, reason: failure ?? `it is ${status}` });
    return { key: id, group, publicKey: toBase64(publicKeyFromPem(publicKeyPem(SCHEME, publicKey)).spki) };
  };
  const keyAt = async (stream: string): Promise<KeyInfo> => service.key(await asker(), stream);

  /** So that nobody signs later what was given up. It may have been signed in this very moment. */
  const givenUp = async (id: string): Promise<RequestInfo> => {
    try {
      await submit(keyRequests.withdraw, ledger.world.ids.get(id) ?? id, {});
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    return service.request(await asker(), id);
  };

  return {
    isPreset: preset !== "",
    async make(owner, id = preset) {
      const { stream, group } = await groupFor(id);
      const input = { ...newKey(stream, group, owner), origin: { kind: "generated" } };
      return made(group.id, await keyAt(await submit(keys.create, "", input)));
    },
    async take(owner, id = preset, key) {
      const { stream, group } = await groupFor(id);
      const point = toHex(compressedPoint(rawFromPublicKey(key.publicKey)));
      const known = await service.keyByPublicKey(await asker(), point);
      if (known && streamOf(ledger.world, keyBook, ledger.world.ids.get(known.id) ?? "")?.state.group === stream)
        return made(group.id, known);
      const input = await splitFor(spine, await asker(), newKey(stream, group, owner), secretOf(key));
      return made(group.id, await keyAt(await submit(keys.create, "", input)));
    },
    async sign({ key, group }, message) {
      const request = { key, messages: [message], expiresIn: EXPIRES };
      const { id } = await service.requestSignature(await asker(), request);
      const settled = await service.settledRequest(await asker(), id, SIGNING);
      const { status, signatures, failure } =
        settled.status === "pending" ? { ...(await givenUp(id)), failure: settled.failure } : settled;
      const [signature] = signatures;
      if (status === "completed" && signature !== undefined) return fromHex(signature);
      const code = failure === "keynode.policy" || status === "refused" ? "managed.refused" : "managed.unsigned";
      throw refuse(code, { group, reason: failure ?? `the request is ${status}` });
    },
  };
};
