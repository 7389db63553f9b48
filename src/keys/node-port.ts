/** A key node, as the pillar drives it: whatever it says is a statement that the rules judge. */
import type { KeyNodeMethods } from "../keynode/protocol/messages.ts";

type Result<M extends keyof KeyNodeMethods> = Promise<KeyNodeMethods[M]["result"]>;

/** Texts of request and key, by digest. */
export type Details = Record<string, unknown>;

export interface KeyNode {
  readonly tag: string;
  /** Stream id, once it is known. */
  stream(): string | undefined;
  isUp(): boolean;
  /** Stream id; its founding statement is on the ledger when this resolves. */
  start(): Promise<string>;
  /** What the ledger has of another node, so that it lets that one in. */
  show(node: string): Promise<void>;
  /** Takes part in what a key's open attempt asks for, and says what it made; of an imported key, with its share. */
  make(key: string, run: string, share?: string): Result<"make">;
  /** Judges the request and signs with the others, the first of whom leads. @param signers indices, growing */
  sign(request: string, signers: readonly number[], details: Details): Result<"sign">;
  /** Keeps presignatures ready for the key, to be used with these signers; asked of the first of them. */
  prepare(key: string, signers: readonly number[]): Result<"prepare">;
  /** Its share, sealed to the recipient that the group names. */
  backup(key: string): Result<"backup">;
  /** Takes back a share that was sealed to it. */
  restore(key: string, envelope: string): Result<"restore">;
  /** Fresh evidence over its keys. */
  attest(nonce: string): Result<"attest">;
  challenge(challenge: string): Result<"challenge">;
  status(): Result<"status">;
  stop(): Promise<void>;
}
