/**
 * Connections and runs over which nothing goes that came of a ledger which this node could still unsee: what is asked,
 * answered and told waits until that ledger is sealed, and so does every run before it begins (docs/protocols/key-node.md
 * section 2).
 */
import type { Peers } from "./peers/peers.ts";
import type { Runs } from "./runs.ts";

interface Outward {
  readonly peers: Peers;
  readonly runs: Runs;
}

/** @param sealed resolves when all that was followed so far is durable */
export const whenSealed = ({ peers, runs }: Outward, sealed: () => Promise<void>): Outward => ({
  peers: {
    ...peers,
    async ask(...question) {
      await sealed();
      return peers.ask(...question);
    },
    answer: (topic, answering) =>
      peers.answer(topic, async (from, body) => {
        try {
          return await answering(from, body);
        } finally {
          await sealed();
        }
      }),
    /** Whoever is not to be reached then is not told. */
    tell: (...told) =>
      void sealed()
        .then(() => peers.tell(...told), ignore)
        .catch(ignore),
  },
  runs: {
    ...runs,
    async run(...run) {
      await sealed();
      return runs.run(...run);
    },
  },
});

const ignore = () => undefined;
