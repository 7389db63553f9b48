/** Chain identities (链身份) as members see one another. */
import { fromBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import type { Organisation as Answer } from "../contract/organisations.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { type Organisation, organisation } from "../rules/organisation.ts";
import { streamOf } from "../rules/world.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import type { Asker } from "./access.ts";
import { type BookView, textOf } from "./book-view.ts";
import { refuse } from "./errors.ts";
import type { ManagedKeys } from "./managed-keys.ts";
import { loadNames } from "./names.ts";
import { type Answer as Of, type PillarDeps, type Show, showOne } from "./show.ts";

/** @param keyOf the managed key of a member */
const showOrganisation = (keyOf: ManagedKeys["keyOf"]): Show<Organisation, Of<typeof Answer>> => ({
  book: organisation,
  wanted: ({ state }) => ({ members: [], details: [state.detail] }),
  show: ({ id, stream, state }, names) => ({
    id,
    stream: id,
    head: stream.head,
    nickname: String(names.detail(state.detail).nickname ?? ""),
    appId: state.appId,
    authorities: [state.authority],
    crl: state.crl ?? null,
    managed: keyOf(id) !== undefined,
    managedKey: keyOf(id) ?? null,
    createdAt: iso(state.founded),
  }),
});

export const organisationView = (keyOf: ManagedKeys["keyOf"]): BookView<Organisation> => ({
  ...showOrganisation(keyOf),
  project: (id, { appId }, detail) => ({ parties: [], member: { id, appId, nickname: textOf(detail, "nickname") } }),
});

export const createOrganisations = (deps: PillarDeps & Pick<ManagedKeys, "keyOf">) => {
  const shown = showOrganisation(deps.keyOf);
  const read = (id: string) => {
    const stream = streamOf(deps.ledger.world, organisation, id);
    return stream && { id, stream, state: stream.state };
  };
  return {
    /** Found, not browsed: whoever knows both the nickname and the APPID. */
    async find(_: Asker, { nickname, appId }: { nickname: string; appId: string }) {
      const member = await deps.views.memberByAppId(appId);
      const found = member && read(member.id);
      if (!member || member.nickname !== nickname || !found) throw refuse("organisation.unknown");
      const [founding] = deps.ledger.positions(member.id);
      const { jws } = await deps.ledger.entry(founding ?? 0);
      const details = await deps.views.details([found.state.detail]);
      return { member, statement: jws, detail: (details.get(found.state.detail) ?? {}) as Record<string, unknown> };
    },
    /** Itself, and whoever it shares an alliance, an invitation or a key group with. */
    async get(asker: Asker, { id }: { id: string }) {
      const found = read(id);
      const known = asker.member && (asker.member === id || (await deps.views.areAcquainted(asker.member, id)));
      if (!found || !known) throw refuseRule("stream.unknown", { id });
      return showOne(deps, shown, found, asker);
    },
    /** Of all members, for the operator: what expires first comes first. */
    async authorities(_: Asker, { page, pageSize }: { page: number; pageSize: number }) {
      const all = [...deps.ledger.world.streams].flatMap(([id, { book }]) => {
        const found = book === organisation.name && read(id);
        if (!found) return [];
        const { fingerprint, notBefore, notAfter } = parseCertificate(fromBase64(found.state.authority));
        return [{ id, fingerprint, notBefore, notAfter }];
      });
      const shownNow = all.toSorted((a, b) => a.notAfter - b.notAfter).slice((page - 1) * pageSize, page * pageSize);
      const names = await loadNames(deps.views, { members: shownNow.map(({ id }) => id), details: [] });
      const items = shownNow.map(({ id, fingerprint, notBefore, notAfter }) => ({
        ...{ organisation: names.member(id), fingerprint },
        ...{ notBefore: iso(notBefore), notAfter: iso(notAfter) },
      }));
      return { items, total: all.length, page, pageSize };
    },
  };
};
