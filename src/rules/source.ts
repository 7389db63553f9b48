/** A data source (数据源): where a table is and how to read it, sealed to the enclave; its structure, described. */
import { z } from "zod";
import { digestOf } from "../trust/digest.ts";
import { refuse } from "./errors.ts";
import { fitsAYear, type Grant, GrantTerms } from "./grant.ts";
import { movedKind, type Placed } from "./moving.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { Policy } from "./policy.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";
import { Blob, Description, Digest, Permission, PlainName, Registered, resourceId, Salt, StreamId } from "./shapes.ts";
import { requireOwner, type Shared, sharingKinds } from "./sharing.ts";

export const Column = z.strictObject({
  name: z.string().min(1).max(128),
  type: z.string().max(32),
  description: z.string().max(200).default(""),
});
export type Column = z.output<typeof Column>;

/** Kept beside: names of columns can themselves tell something. */
export const SourceDetail = z.strictObject({
  salt: Salt,
  name: PlainName,
  description: Description,
  /** The table's structure as the enclave reported it, with the owner's descriptions. */
  columns: z.array(Column).min(1).max(4_096),
  /** Name of the table or file that describes the columns, if there is one (元数据表名). */
  metadata: z.string().max(128).default(""),
});

/** Names and types in order: what a run compares with the table it finds. */
export const structureDigest = (columns: readonly { name: string; type: string }[]): string =>
  digestOf({ use: "entente/structure/1", columns: columns.map(({ name, type }) => ({ name, type })) });

const agrees = (payload: { structure: string }, detail: { columns: Column[] }) =>
  structureDigest(detail.columns) === payload.structure;

export interface Source extends Shared, Placed {
  readonly type: string;
  readonly envelope: { readonly digest: string; readonly size: number };
  /** Digest of the names and types of its columns, in order. */
  readonly structure: string;
  /** What its owner asks of every result that it takes part in. */
  readonly policy: Policy | undefined;
  /** Consents in advance, by the digest of the act that gave them. */
  readonly grants: PersistentMap<Grant>;
}

const kind = kindsOf<Source>();

export const registered = kind({
  name: "source.registered",
  founds: true,
  by: "organisation",
  payload: z.strictObject({
    id: resourceId("D"),
    /** Which reader of the enclave opens it: `csv`, `parquet`, `mysql`, `postgresql`, `s3`. */
    type: Registered,
    enclave: StreamId,
    envelope: Blob,
    structure: Digest,
    permission: Permission,
    policy: Policy.optional(),
    detail: Digest,
  }),
  detail: SourceDetail,
  agrees,
  apply: (state, { by, time, payload }) => ({
    ...state,
    ...payload,
    sealedTo: payload.enclave,
    origin: payload.enclave,
    policy: payload.policy,
    owner: by,
    created: time,
  }),
});

/** New words for the same columns. */
export const described = kind({
  name: "source.described",
  by: "organisation",
  payload: z.strictObject({ structure: Digest, detail: Digest }),
  detail: SourceDetail,
  agrees,
  apply: (state, { by, payload }) => {
    requireOwner(state, by);
    if (payload.structure !== state.structure) throw refuse("resource.changed", { id: state.id });
    return { ...state, ...payload };
  },
});

/** Another policy, from the next run on; none where it is left out. What was spent of a budget stays spent. */
export const governed = kind({
  name: "source.governed",
  by: "organisation",
  payload: z.strictObject({ policy: Policy.optional() }),
  apply: (state, { by, payload }) => {
    requireOwner(state, by);
    return { ...state, policy: payload.policy };
  },
});

/**
 * The same table by another way: the connection in the envelope is another. Tasks that name the envelope before are not
 * run any more.
 */
export const reconnected = kind({
  name: "source.reconnected",
  by: "organisation",
  payload: z.strictObject({ envelope: Blob }),
  apply: (state, { by, payload }) => {
    requireOwner(state, by);
    return { ...state, envelope: payload.envelope, sealedTo: state.enclave };
  },
});

/** At a time: each task that uses the source carries all of them. */
const MAX_GRANTS = 1_000;

export const granted = kind({
  name: "source.granted",
  by: "organisation",
  payload: GrantTerms,
  apply: (state, { by, time, digest, payload }) => {
    requireOwner(state, by);
    if (!fitsAYear(payload, time)) throw refuse("grant.expires", { expires: payload.expires });
    if (state.grants.size >= MAX_GRANTS) throw refuse("grant.many", { limit: MAX_GRANTS });
    return { ...state, grants: state.grants.set(digest, { ...payload, withdrawn: false }) };
  },
});

export const grantWithdrawn = kind({
  name: "source.grant-withdrawn",
  by: "organisation",
  payload: z.strictObject({ grant: Digest }),
  apply: (state, { by, payload: { grant: id } }) => {
    requireOwner(state, by);
    const grant = state.grants.get(id);
    if (!grant || grant.withdrawn) throw refuse("grant.unknown", { grant: id });
    return { ...state, grants: state.grants.set(id, { ...grant, withdrawn: true }) };
  },
});

export const moved = movedKind<Source>("source");
export const { permitted, withdrawn } = sharingKinds<Source>("source");

export const source: Rulebook<Source> = {
  name: "source",
  initial: {
    id: "",
    owner: "",
    permission: { kind: "private" },
    withdrawn: false,
    type: "",
    enclave: "",
    sealedTo: "",
    origin: "",
    places: persistentMap(),
    envelope: { digest: "", size: 0 },
    structure: "",
    policy: undefined,
    grants: persistentMap(),
    created: 0,
    detail: "",
  },
  kinds: [registered, described, reconnected, governed, granted, grantWithdrawn, moved, permitted, withdrawn],
};
