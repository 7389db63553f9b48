/** 数据源管理 */

import { label } from "../contract/shapes.ts";
import type { Source as Answer } from "../contract/sources.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Grant } from "../rules/grant.ts";
import { type Column, type Source, source } from "../rules/source.ts";
import type { Asker } from "../spine/access.ts";
import { type ListInput, listPage, type Answer as Of, type PillarDeps, type Show, showOne } from "../spine/show.ts";
import { showShared, wantedOfShared } from "./shared.ts";

/** 数据源类型, as the console names them. */
const typeLabels: Record<string, ReturnType<typeof label>> = {
  csv: label("Sealed file (CSV)", "加密文件（CSV）"),
  parquet: label("Sealed file (Parquet)", "加密文件（Parquet）"),
  mysql: label("Database (MySQL, MariaDB)", "数据库（MySQL、MariaDB）"),
  postgresql: label("Database (PostgreSQL)", "数据库（PostgreSQL）"),
  s3: label("Object (S3)", "对象存储（S3）"),
};
export const sourceTypeLabel = (type: string) => typeLabels[type] ?? label(type, type);

export const showSource = (ledger: Ledger): Show<Source, Of<typeof Answer>> => ({
  book: source,
  wanted: wantedOfShared,
  show(found, names, asker) {
    const {
      detail: digest,
      type,
      structure,
      envelope,
      enclave,
      sealedTo,
      withdrawn,
      owner,
      policy,
      grants,
    } = found.state;
    const isSeen = (grant: Grant) => asker.member === owner || asker.member === grant.member;
    const detail = names.detail(digest);
    return {
      ...showShared(ledger, found, names, asker),
      description: String(detail.description ?? ""),
      columns: (detail.columns ?? []) as Column[],
      metadata: String(detail.metadata ?? ""),
      type,
      typeLabel: sourceTypeLabel(type),
      structure,
      policy: policy ?? null,
      grants: [...grants].flatMap(([grant, terms]) => (isSeen(terms) ? [{ grant, ...terms }] : [])),
      envelope,
      enclave,
      sealedTo,
      state: withdrawn ? "withdrawn" : "registered",
    };
  },
});

export const createSources = (deps: PillarDeps) => {
  const shown = showSource(deps.ledger);
  return {
    list: (asker: Asker, input: ListInput) => listPage(deps, "source", shown, asker, input),
    get: async (asker: Asker, { id }: { id: string }) =>
      showOne(deps, shown, await deps.access.read(asker, source, id), asker),
  };
};
