/** The import of a private key that was given to this server: split and sealed here, in the asker's name. */
import { randomInt } from "node:crypto";
import { splitKey } from "../contract/key-import.ts";
import { resourceIdOf } from "../contract/statement-input.ts";
import { founded } from "../rules/key.ts";
import { refuse } from "../rules/key-errors.ts";
import { keyNode } from "../rules/key-node.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { streamOf } from "../rules/world.ts";
import { type Asker, requireMember } from "../spine/access.ts";
import type { Spine } from "../spine/index.ts";

const SEQUENCES = 1_000_000;

interface Founding {
  readonly group: string;
  readonly scheme: KeyScheme;
  readonly threshold: number;
  /** Streams. */
  readonly participants: readonly string[];
  readonly detail: object;
}

/** @returns the input of the founding act; its envelopes are stored @throws Refusal key.import, organisation.required */
export const splitFor = async ({ ledger, clock, api }: Spine, asker: Asker, founding: Founding, secret: Uint8Array) => {
  const { group, scheme, threshold, participants } = founding;
  const id = resourceIdOf(founded, clock.now(), randomInt(SEQUENCES));
  const { origin, envelopes } = await splitKey(
    {
      ...{ id, importer: requireMember(asker), group, scheme, threshold },
      participants: participants.map((node) => ({
        node,
        encryptionKey: streamOf(ledger.world, keyNode, node)?.state.encryptionKey ?? "",
      })),
    },
    secret,
  ).catch((error: unknown) => {
    throw error instanceof RangeError ? refuse("key.import", { reason: error.message }) : error;
  });
  for (const envelope of envelopes) await api.blobs.put(asker, {}, one(envelope));
  return { id, ...founding, origin };
};

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
