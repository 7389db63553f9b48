/**
 * What server and key node say to one another. All methods are the node's; the server has none. The node believes
 * nothing of it: statements are verified and held to the ledger that it follows, texts to digests that statements name.
 * It keeps the statements that it was shown while it runs, so only those that it lacks are sent along; where it lacks
 * more it refuses with `keynode.statements`, and everything is shown again.
 */
import { z } from "zod";
import { Address, Tag } from "../../rules/key-node.ts";
import { Digest, StreamId } from "../../rules/shapes.ts";
import { commonMethods, type MethodsOf } from "../../tee/protocol/messages.ts";

/** Texts by digest: what statements of key, group and request commit to. */
const details = z.record(Digest, z.unknown());
/** Party of a key: its node's place among the participants, from 1. */
const Index = z.int().min(1).max(16);
/** Those that sign together: as many as the threshold, growing. The first leads. */
const signers = z.array(Index).min(2).max(16);
const BASE64_MAX = 65_536;
const Base64 = z.string().max(BASE64_MAX);

/** A statement of the node's, to be put on the ledger; empty where it has nothing to say. */
const statement = z.string();

export const keyNodeMethods = {
  ...commonMethods,
  /**
   * Who it is. `again`: its founding statement has not come to the ledger in its time, so it makes another, and is to be
   * started again under that one.
   */
  identify: { ...commonMethods.identify, params: z.strictObject({ again: z.boolean().optional() }) },
  /** Statements of any streams, shown ahead of their use: of other nodes, so that they are let in as peers. */
  show: { params: z.strictObject({}), carries: "statements", result: z.strictObject({}) },
  /** Where other nodes reach it, in its own word: `key-node.moved`. */
  announce: {
    params: z.strictObject({ address: Address }),
    carries: "statements",
    result: z.strictObject({ statement }),
  },
  /**
   * Takes part in what the key's open attempt asks for (to generate, import, refresh, recover, reshare), together with
   * all others that do; then, and whenever it is asked again under the same id, says what it made: `key.made` or
   * `key.failed`. Where others have said already what they made, it says the same or refuses.
   */
  make: {
    params: z.strictObject({
      key: StreamId,
      /** Of the run, random, the same for all that take part; another one each time that it is tried. */
      run: Digest,
      /** Indices (of the epoch before) of those that hand the key over; without, the first that have shares. */
      dealers: z.array(Index).max(16).optional(),
      /** Imported: the share of this node, sealed to it (base64). */
      share: Base64.optional(),
      details,
    }),
    carries: "statements",
    result: z.strictObject({ statement }),
  },
  /**
   * Signs what a request asks for, or seals the shares, with the others. The first of `signers` answers with what came
   * of it, `key-request.completed` and the text that it commits to; or with its `key-request.failed`, where it never
   * will take part.
   */
  sign: {
    params: z.strictObject({ request: StreamId, signers, details }),
    carries: "statements",
    result: z.strictObject({
      statement,
      detail: z.record(z.string(), z.unknown()).optional(),
    }),
  },
  /** Keeps so many presignatures ready from now on; called at the first of `signers`. */
  prepare: {
    params: z.strictObject({
      key: StreamId,
      signers,
      path: z.array(z.int().min(0).max(0x7fff_ffff)).max(8).default([]),
      count: z.int().min(1).max(64),
    }),
    carries: "statements",
    result: z.strictObject({}),
  },
  /** Its share of a key, sealed to the recipient that the group names for this node. */
  backup: {
    params: z.strictObject({ key: StreamId }),
    carries: "statements",
    result: z.strictObject({ epoch: z.int(), recipient: z.string(), envelope: Base64 }),
  },
  /** Takes a share back that it has lost, sealed to it by whoever kept the backup. */
  restore: {
    params: z.strictObject({ key: StreamId, envelope: Base64 }),
    carries: "statements",
    result: z.strictObject({ epoch: z.int() }),
  },
  /** What it holds and whom it reaches. */
  status: {
    params: z.strictObject({}),
    result: z.strictObject({
      tag: Tag,
      /** Where it listens for other nodes. */
      listens: z.strictObject({ host: z.string(), port: z.int() }),
      /** Keys that it holds a share of. */
      keys: z.int(),
      /** Of its store: a share that is given back is sealed for this one alone. */
      store: Digest,
      presignatures: z.int(),
      peers: z.array(
        z.strictObject({
          node: StreamId,
          connected: z.boolean(),
          /** Why there is no connection. */
          reason: z.string().optional(),
          /** It failed a check and is kept out. */
          banned: z.boolean(),
        }),
      ),
    }),
  },
} as const;
/** Parameters, with the statements that come as the body, and results. */
export type KeyNodeMethods = MethodsOf<typeof keyNodeMethods>;
