/** What models and data sources show alike. */
import { iso } from "../base/clock.ts";
import { permissionLabels } from "../contract/shapes.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Shared } from "../rules/sharing.ts";
import type { Asker, Readable } from "../spine/access.ts";
import type { Names } from "../spine/names.ts";
import { timesOf } from "../spine/show.ts";

export const wantedOfShared = ({ state }: Readable<Shared>) => ({
  members: [state.owner, ...(state.permission.kind === "named" ? state.permission.members : [])],
  details: [state.detail],
});

export const showShared = (
  ledger: Ledger,
  { id, stream, state }: Readable<Shared>,
  names: Names,
  { member }: Asker,
) => {
  const { permission } = state;
  const mine = state.owner === member;
  const { created, updated } = timesOf(ledger, id);
  return {
    id: state.id,
    stream: id,
    head: stream.head,
    name: String(names.detail(state.detail).name ?? ""),
    creator: names.member(state.owner),
    permission: {
      kind: permission.kind,
      label: permissionLabels[permission.kind],
      ...(mine && permission.kind === "named" && { members: permission.members.map((one) => names.member(one)) }),
    },
    mine,
    createdAt: iso(created),
    updatedAt: iso(updated),
  };
};
