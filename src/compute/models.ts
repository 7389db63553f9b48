/** 计算模型管理 */
import type { Model as Answer } from "../contract/models.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Blobs } from "../platform/blobs.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { type Model, model } from "../rules/model.ts";
import type { Asker } from "../spine/access.ts";
import { type ListInput, listPage, type Answer as Of, type PillarDeps, type Show, showOne } from "../spine/show.ts";
import { versionOf } from "./model-versions.ts";
import { showShared, wantedOfShared } from "./shared.ts";

export const showModel = (ledger: Ledger): Show<Model, Of<typeof Answer>> => ({
  book: model,
  wanted: wantedOfShared,
  show(found, names, asker) {
    const { version, runner, main, archive, envelope, description, enclave, sealedTo, withdrawn } = found.state;
    return {
      ...showShared(ledger, found, names, asker),
      version,
      runner,
      main,
      archive,
      envelope: envelope ?? null,
      open: !envelope,
      description: description ?? null,
      enclave,
      sealedTo,
      state: withdrawn ? "withdrawn" : "published",
    };
  },
});

export const createModels = (deps: PillarDeps & { blobs: Blobs }) => {
  const shown = showModel(deps.ledger);
  const download = async (digest: string | undefined, fileName: string) => {
    if (!digest) throw refusePlatform("blob.unknown", { digest: "" });
    return { ...(await deps.blobs.get(digest)), fileName };
  };
  return {
    list: (asker: Asker, input: ListInput) => listPage(deps, "model", shown, asker, input),
    get: async (asker: Asker, { id }: { id: string }) =>
      showOne(deps, shown, await deps.access.read(asker, model, id), asker),
    /** The plain archive, where its author published the code itself. */
    async archive(asker: Asker, { id, digest }: { id: string; digest?: string | undefined }) {
      const found = await deps.access.read(asker, model, id);
      const { version, archive, envelope } = await versionOf(deps.ledger, found, digest);
      return download(envelope ? undefined : archive.digest, `${found.state.id}-${version}.tar.gz`);
    },
    async description(asker: Asker, { id }: { id: string }) {
      const { state } = await deps.access.read(asker, model, id);
      return download(state.description?.digest, `${state.id}.md`);
    },
  };
};
