/** 计算联盟管理 */

import { fromBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import type { Alliance as Answer } from "../contract/alliances.ts";
import { type Alliance, alliance, founded, joined } from "../rules/alliance.ts";
import { enclave } from "../rules/enclave.ts";
import { refuse } from "../rules/errors.ts";
import { organisation } from "../rules/organisation.ts";
import { streamOf } from "../rules/world.ts";
import type { Asker } from "../spine/access.ts";
import { type ListInput, listPage, type Answer as Of, type PillarDeps, type Show, showOne } from "../spine/show.ts";
import { toPem } from "../trust/pem.ts";
import { parseStatement } from "../trust/statement.ts";

export const showAlliance: Show<Alliance, Of<typeof Answer>> = {
  book: alliance,
  wanted: ({ state }) => ({
    members: [state.creator, ...state.members.keys(), ...state.invitations.keys()],
    details: [state.detail],
  }),
  show({ id, stream, state }, names, { member }) {
    const detail = names.detail(state.detail);
    const joined = member ? state.members.get(member)?.joined : undefined;
    return {
      id,
      stream: id,
      head: stream.head,
      name: String(detail.name ?? ""),
      description: String(detail.description ?? ""),
      network: state.network,
      enclave: state.enclave,
      creator: names.member(state.creator),
      createdAt: iso(state.created),
      joinedAt: joined ? iso(joined) : null,
      memberCount: state.members.size,
      members: [...state.members]
        .map(([one, { joined }]) => ({ ...names.member(one), joinedAt: iso(joined) }))
        .sort((a, b) => (a.joinedAt < b.joinedAt ? -1 : 1)),
      invitations: [...state.invitations]
        .filter(([, { answer }]) => answer === "open")
        .map(([one, { expires }]) => ({ ...names.member(one), expiresAt: iso(expires) })),
    };
  },
};

export const createAlliances = (deps: PillarDeps) => ({
  list: (asker: Asker, input: ListInput) => listPage(deps, "alliance", showAlliance, asker, input),
  get: async (asker: Asker, { id }: { id: string }) =>
    showOne(deps, showAlliance, await deps.access.read(asker, alliance, id), asker),

  /** 下载加密公钥: the enclave's key as PEM, with the statement that carries its evidence. */
  async encryptionKey(asker: Asker, { id }: { id: string }) {
    const { state } = await deps.access.read(asker, alliance, id);
    const found = streamOf(deps.ledger.world, enclave, state.enclave);
    const [founding] = deps.ledger.positions(state.enclave);
    if (!found || founding === undefined) throw refuse("stream.unknown", { id });
    const { encryptionKey, measurement, provider, isolation } = found.state;
    const { jws } = await deps.ledger.entry(founding);
    const key = toPem("PUBLIC KEY", fromBase64(encryptionKey));
    const content = JSON.stringify(
      { enclave: state.enclave, key, measurement, provider, isolation, statement: jws },
      undefined,
      2,
    );
    return { content, fileName: `enclave-${state.enclave.slice(0, 12)}.json` };
  },

  /** 下载链身份: the certificate that the member founded or joined the alliance with, and its authority's. */
  async chainIdentity(asker: Asker, { id }: { id: string }) {
    const { id: stream } = await deps.access.read(asker, alliance, id);
    const entries = await Promise.all(deps.ledger.positions(stream).map((index) => deps.ledger.entry(index)));
    const own = entries
      .map(({ jws }) => parseStatement(jws))
      .find(({ statement: { by, kind } }) => by === asker.member && (kind === founded.name || kind === joined.name));
    const leaf = own?.jws.header.x5c?.[0];
    const authority = streamOf(deps.ledger.world, organisation, asker.member ?? "")?.state.authority;
    if (!leaf || !authority) throw refuse("stream.unknown", { id });
    const content = [leaf, authority].map((der) => toPem("CERTIFICATE", fromBase64(der))).join("");
    return { content, fileName: "chain-identity.pem" };
  },
});
