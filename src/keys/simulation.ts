/** 策略模拟: what other policies would have said to the requests of a group's past, by the nodes' own code. */

import { toHex } from "../base/bytes.ts";
import { DAY, iso } from "../base/clock.ts";
import type { keyGroups } from "../contract/key-groups.ts";
import { label } from "../contract/shapes.ts";
import { createPolicies } from "../policy/cedar.ts";
import { type SigningAsked, signingAsked } from "../policy/judge.ts";
import { type Simulated, simulate } from "../policy/simulate.ts";
import type { KeyDetail } from "../rules/key.ts";
import { type KeyGroup, type KeyPolicy, keyGroup } from "../rules/key-group.ts";
import type { RequestDetail } from "../rules/key-messages.ts";
import { keyRequest } from "../rules/key-request.ts";
import type { KeyRequest } from "../rules/key-request-state.ts";
import type { Asker, Readable } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";
import { loadNames, type Names } from "../spine/names.ts";
import type { Answer } from "../spine/show.ts";
import { signingKeyAt } from "./signing-key.ts";
import { findKey, keyName, type ViewDeps } from "./view-deps.ts";

/** Requests looked at, the newest: each is decided twice. */
const MOST = 5_000;
const PAGE = 500;

interface Input {
  readonly id: string;
  readonly policies: readonly KeyPolicy[];
  readonly days: number;
  readonly changed: boolean;
  readonly page: number;
  readonly pageSize: number;
}
type Line = Answer<(typeof keyGroups)["simulate"]["output"]>["items"][number];

const PERMITTED = label("Permitted", "允许");
const FORBIDDEN = label("Forbidden by a policy", "被策略禁止");
const UNMENTIONED = label("No policy permits it", "没有策略允许");
const UNREADABLE = label("A message cannot be read", "消息无法解析");

const reasonOf = ({ allowed, policies, code }: Simulated["after"]) =>
  allowed ? PERMITTED : code !== undefined ? UNREADABLE : policies.length > 0 ? FORBIDDEN : UNMENTIONED;

export const createSimulation = (spine: Spine, deps: ViewDeps) => {
  const { access, views } = spine;

  /** Requests to sign of the group since a time, the newest first. */
  const past = async (asker: Asker, group: string, since: number): Promise<Readable<KeyRequest>[]> => {
    const found: Readable<KeyRequest>[] = [];
    for (let page = 1; found.length < MOST; page++) {
      const { streams } = await views.list({
        ...{ kind: "key-request", member: asker.member ?? "", tab: "all", home: group },
        ...{ now: deps.now(), page, pageSize: PAGE },
      });
      const some = access.state(keyRequest, streams);
      found.push(...some.filter(({ state }) => state.created >= since && state.action === "sign"));
      if (streams.length < PAGE || (some.at(-1)?.state.created ?? 0) < since) break;
    }
    return found;
  };

  /** As it was judged: by the approvals that it has, when it was completed or asked for. */
  const askedFor = ({ id, state }: Readable<KeyRequest>, group: KeyGroup, names: Names): SigningAsked[] => {
    const key = findKey(deps, state.key);
    const detail = names.detail(state.detail) as Partial<RequestDetail>;
    if (!key?.publicKey || !detail.messages) return [];
    const { path = [], messages } = detail;
    const described = { salt: "", description: "", tags: {}, ...names.detail(key.detail) } as KeyDetail;
    const time = state.completed?.time ?? state.created;
    const signing = { ...key, publicKey: toHex(signingKeyAt(key, path).publicKey) };
    return [signingAsked({ ...state, stream: id }, { path, messages }, signing, described, group, time)];
  };

  return async (asker: Asker, { id, policies, days, changed, page, pageSize }: Input) => {
    const { id: stream, state: group } = await access.read(asker, keyGroup, id);
    const proposed = createPolicies(policies);
    const requests = await past(asker, stream, deps.now() - days * DAY);
    const names = await loadNames(views, {
      members: requests.map(({ state }) => state.requester),
      details: requests.flatMap(({ state }) => [state.detail, findKey(deps, state.key)?.detail ?? ""]),
    });
    const outcomes = simulate(
      createPolicies(group.policies),
      proposed,
      requests.flatMap((one) => askedFor(one, group, names)),
    );
    const byStream = new Map(outcomes.map((one) => [one.request, one]));
    const lines = requests.flatMap(({ id: request, state }): Line[] => {
      const outcome = byStream.get(request);
      if (!outcome || (changed && !outcome.changed)) return [];
      return [
        {
          request: { id: state.id, stream: request },
          key: keyName(deps, names, state.key),
          requester: names.member(state.requester),
          createdAt: iso(state.created),
          before: outcome.before.allowed ? "allowed" : "denied",
          after: outcome.after.allowed ? "allowed" : "denied",
          changed: outcome.changed,
          decidedBy: [...outcome.after.policies],
          reason: reasonOf(outcome.after),
        },
      ];
    });
    return { items: lines.slice((page - 1) * pageSize, page * pageSize), total: lines.length, page, pageSize };
  };
};
