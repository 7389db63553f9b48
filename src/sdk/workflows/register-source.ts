/**
 * Registers a data source in two steps, as the console has it: seal the table, store it and fetch its structure
 * (获取表结构); then describe its columns and register. Rows leave this machine in an envelope only.
 */
import { type Bytes, fromBase64 } from "../../base/bytes.ts";
import type { Permission } from "../../rules/shapes.ts";
import { type Column, structureDigest } from "../../rules/source.ts";
import { signStructureRequest, verifyStructure } from "../../rules/structure-request.ts";
import { sourceContext } from "../../trust/envelope/contexts.ts";
import { seal } from "../../trust/envelope/envelope.ts";
import type { ByteSource } from "../../trust/envelope/reader.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import type { Identity } from "../acts.ts";
import type { Client } from "../client.ts";
import type { UploadBody } from "../uploads.ts";
import { refuse } from "./errors.ts";
import { policyOf } from "./policy.ts";
import { store } from "./store.ts";
import type { VerifiedEnclave } from "./verify-enclave.ts";

export interface SealFor {
  /** Stream id of the organisation whose table it is. */
  readonly owner: string;
  readonly enclave: VerifiedEnclave;
  /** Reader that the enclave opens it with: `csv`, `parquet`. */
  readonly type: string;
}

/** The table in an envelope, piece by piece: a file of any size takes a few megabytes. */
export const sealSource = (content: ByteSource, { owner, enclave, type }: SealFor): AsyncGenerator<Bytes> =>
  seal(content, { to: enclave.recipient, context: sourceContext(owner, enclave.id, type) });

/** A table that the enclave holds in an envelope and has read the structure of. */
export interface PreparedSource {
  readonly type: string;
  readonly enclave: string;
  readonly envelope: { readonly digest: string; readonly size: number };
  /** `description`: what the metadata table says, where there is one. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly description?: string }[];
  readonly rows: number;
}

export interface PrepareFor extends Pick<SealFor, "enclave" | "type"> {
  /** Names of the columns in order, where the caller knows them: of `csvHeader`. Other names are refused. */
  readonly header?: readonly string[] | undefined;
}

/**
 * Step 1: stores the envelope and has the enclave read the structure of what is in it.
 * @param envelope of `sealSource`
 * @throws Refusal signer.required, server.stored, source.structure, structure.answer, jws.*, and those of the enclave: envelope.*, source.*
 */
export const prepareSource = async (
  client: Pick<Client, "blobs" | "enclaves">,
  identity: Identity | undefined,
  envelope: UploadBody,
  { enclave, type, header }: PrepareFor,
  now: () => number = Date.now,
): Promise<PreparedSource> => {
  const stored = await store(client, envelope);
  const about = { envelope: stored.digest, type };
  // Without an identity of its own the member's key is managed, and the platform signs.
  const asked = identity ? { request: await signRequest(identity, { enclave: enclave.id, ...about }, now()) } : about;
  const { columns, rows, answer } = await client.enclaves.describe({ id: enclave.id, ...asked });
  verifyStructure(answer, { ...about, columns, rows }, publicKeyFromSpki(fromBase64(enclave.signingKey)));
  if (header) requireColumns(columns, header);
  return { type, enclave: enclave.id, envelope: stored, columns, rows };
};

/** @throws Refusal signer.required where the identity is not founded yet */
const signRequest = (identity: Identity, about: { enclave: string; envelope: string; type: string }, at: number) => {
  if (identity.by === undefined) throw refuse("signer.required");
  return signStructureRequest(identity, { by: identity.by, ...about }, at);
};

/** What the owner is about to sign are the columns of its own file. */
const requireColumns = (columns: PreparedSource["columns"], header: readonly string[]): void => {
  const found = columns.map(({ name }) => name);
  if (found.length !== header.length || found.some((name, i) => name !== header[i]))
    throw refuse("source.structure", { found: found.join(", "), expected: header.join(", ") });
};

export interface SourceTexts {
  readonly name: string;
  readonly description?: string | undefined;
  readonly permission: Permission;
  /** 字段说明, by column name. */
  readonly descriptions?: Readonly<Record<string, string>> | undefined;
  /** 结果策略: what is asked of every result, with the names of columns. */
  readonly policy?: unknown;
  /** 元数据表名: where the descriptions come from. */
  readonly metadata?: string | undefined;
}

/** Step 2. @throws Refusal source.column-unknown */
export const registerSource = (
  client: Pick<Client, "sources">,
  { type, enclave, envelope, columns }: PreparedSource,
  { name, description = "", permission, policy, descriptions = {}, metadata = "" }: SourceTexts,
) =>
  client.sources.register({
    type,
    enclave,
    envelope,
    structure: structureDigest(columns),
    permission,
    ...(policy !== undefined && { policy: policyOf(columns, policy) }),
    detail: { name, description, metadata, columns: describeColumns(columns, descriptions) },
  });

/** Columns with descriptions put in or replaced. @throws Refusal source.column-unknown */
export const describeColumns = (
  columns: readonly { name: string; type: string; description?: string | undefined }[],
  descriptions: Readonly<Record<string, string>>,
): Column[] => {
  const names = new Set(columns.map(({ name }) => name));
  for (const column of Object.keys(descriptions))
    if (!names.has(column)) throw refuse("source.column-unknown", { column, columns: [...names].join(", ") });
  return columns.map(({ name, type, description = "" }) => ({
    name,
    type,
    description: descriptions[name] ?? description,
  }));
};
