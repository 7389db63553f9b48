/** Whoever says one thing to one party and another to the rest is named by all, in whichever round of whichever protocol. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flip } from "../../../test/support/attacks.ts";
import type { Collusion } from "../../../test/support/collusion.ts";
import {
  converting,
  madeKey,
  making,
  presigning,
  refreshing,
  resharing,
} from "../../../test/support/collusion-cases.ts";
import { type Faults, simulate } from "../../../test/support/simulate.ts";
import { decodeMessage, type Message } from "../message.ts";
import { schemes } from "./registry.ts";

const CHEAT = 2;
const VICTIM = 3;
const SIGNERS = [1, 2, 3];
/** What is said in it is opened in the next, which is echoed: an opening that does not fit names who said it. */
const COMMITMENTS = 1;

const dealt = [
  making("ECDSA_K1", 3, 4),
  refreshing(madeKey("SCHNORR_BIP340", 3, 4)),
  resharing(madeKey("EDDSA_ED25519", 3, 4), 4, 3),
] as unknown as Collusion<never, unknown>[];
const others = [
  converting(3, 3),
  ...[...schemes.values()].map((scheme) => presigning(scheme, madeKey(scheme.id, 3, 3), SIGNERS)),
] as unknown as Collusion<never, unknown>[];

const isSaid = ({ kind, from, to }: Message) => kind === "round" && from === CHEAT && to === 0;

for (const attack of [...dealt, ...others])
  test(`${attack.protocol.name}, ${attack.name}`, () => {
    const said = simulate({ ...attack, faults: {} })
      .sent.map(({ bytes }) => decodeMessage(bytes))
      .filter(isSaid);
    const rounds = new Set(said.map(({ round }) => round).filter((round) => round > 0));
    if (dealt.includes(attack)) rounds.delete(COMMITMENTS);
    assert.ok(rounds.size > 0);
    for (const round of rounds) {
      const faults: Faults = {
        // It does not accuse anybody before the others have found out.
        wire: (_, { kind, from }) => (kind === "abort" && from === CHEAT ? [] : undefined),
        cheat: (message, to) =>
          isSaid(message) && message.round === round && to === VICTIM ? flip(message.body, 3) : undefined,
      };
      const { outcomes } = simulate({ ...attack, faults });
      for (const party of attack.parties.filter((one) => one !== CHEAT)) {
        const outcome = outcomes.get(party);
        assert.ok(outcome?.kind === "aborted", `round ${round}: ${party}`);
        assert.deepEqual([outcome.abort.check, outcome.abort.culprits], ["message.equivocated", [CHEAT]]);
      }
    }
  });
