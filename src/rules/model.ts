/** A compute model (计算模型): code in an archive, its main function, who may apply to use it. */
import { z } from "zod";
import { movedKind, type Placed } from "./moving.ts";
import { persistentMap } from "./persistent-map.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";
import { Blob, Digest, Name, Permission, Registered, resourceId, Salt, StreamId } from "./shapes.ts";
import { requireOwner, type Shared, sharingKinds } from "./sharing.ts";

const MiB = 2 ** 20;
/** .tar.gz, bytes. */
export const ARCHIVE_MAX = 20 * MiB;
/** .md, bytes. */
export const DESCRIPTION_MAX = 1 * MiB;

const Identifier = z.string().regex(/^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/);

/** What is particular to one version. */
const version = {
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$/),
  /** What runs it: `javascript`, `python`, `sql`, `wasm`. The archive's manifest says the same. */
  runner: Registered,
  /** Name of the exported function that the enclave calls. */
  main: Identifier,
  /** The plain archive's digest and size: what providers authorise and the enclave checks before it runs a byte. */
  archive: z.strictObject({ digest: Digest, size: z.int().min(1).max(ARCHIVE_MAX) }),
  /** The archive sealed to the enclave; absent when the author publishes the code itself. */
  envelope: Blob.optional(),
  enclave: StreamId,
  /** Markdown, digest of the file kept beside. */
  description: z.strictObject({ digest: Digest, size: z.int().min(0).max(DESCRIPTION_MAX) }).optional(),
};

export interface Model extends Shared, Placed {
  readonly version: string;
  readonly runner: string;
  readonly main: string;
  readonly archive: { readonly digest: string; readonly size: number };
  readonly envelope: { readonly digest: string; readonly size: number } | undefined;
  readonly description: { readonly digest: string; readonly size: number } | undefined;
}

const kind = kindsOf<Model>();

export const published = kind({
  name: "model.published",
  founds: true,
  by: "organisation",
  payload: z.strictObject({ id: resourceId("M"), permission: Permission, detail: Digest, ...version }),
  detail: z.strictObject({ salt: Salt, name: Name }),
  apply: (state, { by, time, payload }) => ({
    ...state,
    ...payload,
    sealedTo: payload.enclave,
    origin: payload.enclave,
    owner: by,
    created: time,
  }),
});

export const revised = kind({
  name: "model.revised",
  by: "organisation",
  payload: z.strictObject(version),
  apply: (state, { by, payload }) => {
    requireOwner(state, by);
    const { envelope, description, enclave: sealedTo } = payload;
    return { ...state, ...payload, sealedTo, origin: sealedTo, envelope, description };
  },
});

export const moved = movedKind<Model>("model");
export const { permitted, withdrawn } = sharingKinds<Model>("model");

export const model: Rulebook<Model> = {
  name: "model",
  initial: {
    id: "",
    owner: "",
    permission: { kind: "private" },
    withdrawn: false,
    version: "",
    runner: "",
    main: "",
    archive: { digest: "", size: 0 },
    envelope: undefined,
    enclave: "",
    sealedTo: "",
    origin: "",
    places: persistentMap(),
    description: undefined,
    created: 0,
    detail: "",
  },
  kinds: [published, revised, moved, permitted, withdrawn],
};
