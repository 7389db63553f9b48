/**
 * What envelopes are sealed for. The context is authenticated: an envelope made for one owner, enclave or purpose
 * opens for no other.
 */
import type { Context } from "./header.ts";

/** @param owner stream id of the member; @param enclave stream id; @param type reader that the enclave opens it with */
export const sourceContext = (owner: string, enclave: string, type: string): Context => ({
  use: "entente/source/1",
  owner,
  enclave,
  type,
});

/** @param archive SHA-256 (hex) of the plain archive */
export const modelContext = (owner: string, enclave: string, archive: string): Context => ({
  use: "entente/model/1",
  owner,
  enclave,
  archive,
});

/** @param owner stream id of the receiver; @param enclave stream id; @param type database that the result goes into */
export const destinationContext = (owner: string, enclave: string, type: string): Context => ({
  use: "entente/destination/1",
  owner,
  enclave,
  type,
});

/** @param resource stream id of what was moved; @param from, to stream ids of the enclaves */
export const releaseContext = (resource: string, from: string, to: string): Context => ({
  use: "entente/release/1",
  resource,
  from,
  to,
});

/** What an enclave keeps for later, sealed to itself. @param digest SHA-256 (hex) of the content */
export const keptContext = (digest: string): Context => ({ use: "entente/kept/1", digest });

/** @param task digest that the authorisations signed; @param request digest of the request for them */
export const diagnosticsContext = (task: string, request: string): Context => ({
  use: "entente/diagnostics/1",
  task,
  request,
});

/** @param task digest that the authorisations signed */
export const resultContext = (task: string): Context => ({ use: "entente/result/1", task });

/** Keys that one enclave hands to another for one task. @param task stream id; @param from, to enclaves' stream ids */
export const delegationContext = (task: string, from: string, to: string): Context => ({
  use: "entente/delegation/1",
  task,
  from,
  to,
});

/**
 * One share of a key that is imported. The key's stream does not exist yet: its founding statement names the envelope,
 * and nobody but the importer founds a key with it.
 * @param importer, group stream ids; @param key K…; @param node stream id; @param index of the share
 */
export const keyShareContext = (
  importer: string,
  group: string,
  key: string,
  node: string,
  index: number,
): Context => ({
  use: "entente/key-share/1",
  importer,
  group,
  key,
  node,
  index: String(index),
});

/** A copy of a node's share for whoever keeps it. @param key, node stream ids */
export const keyBackupContext = (key: string, epoch: number, node: string): Context => ({
  use: "entente/key-backup/1",
  key,
  epoch: String(epoch),
  node,
});

/** The copy on its way back to the node. @param key, node stream ids */
export const keyRestoreContext = (key: string, epoch: number, node: string, store: string): Context => ({
  use: "entente/key-restore/1",
  key,
  epoch: String(epoch),
  node,
  store,
});

/** A node's share for whoever is handed the key. @param request stream id; @param index of the share */
export const keyExportContext = (request: string, epoch: number, index: number): Context => ({
  use: "entente/key-export/1",
  request,
  epoch: String(epoch),
  index: String(index),
});
