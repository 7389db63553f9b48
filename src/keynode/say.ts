/** The node's statements: over a stream as the node knows it, in its name. */
import { iso } from "../base/clock.ts";
import type { PrivateKey } from "../trust/crypto/crypto.ts";
import { signStatementWith } from "../trust/statement.ts";
import type { LookDeps } from "./look.ts";

/** @returns a statement over the newest one of the stream */
export type Say = (kind: string, stream: string, payload: object) => string;

export const createSay =
  ({
    clock,
    follower,
    node,
    signingKey,
  }: Pick<LookDeps, "clock" | "follower"> & { node: string; signingKey: PrivateKey<"P-256"> }): Say =>
  (kind, stream, payload) =>
    signStatementWith(
      { kind, stream, seen: follower.headOf(stream) ?? "", by: node, at: iso(clock.now()), payload },
      signingKey,
    );
