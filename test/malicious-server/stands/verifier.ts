/** Somebody who is given a bundle, and holds it to what it says. */
import type { TestContext } from "node:test";
import { utf8 } from "../../../src/base/bytes.ts";
import { canonical } from "../../../src/base/canonical.ts";
import type { Bundle } from "../../../src/evidence/bundle.ts";
import { requireTrusted, type Trust } from "../../../src/evidence/trust.ts";
import { verifyBundle } from "../../../src/evidence/verify.ts";
import { type RunOptions, runToBundle } from "../../support/bundle.ts";
import type { Stand } from "../harness.ts";

type Mutable = { -readonly [K in keyof Bundle]: Bundle[K] };

export const openVerifier = async (t: TestContext) => {
  const run = async (options: RunOptions = {}) => {
    const made = await runToBundle({ parties: 3, noise: 1, ...options });
    t.after(() => made.close());
    return made;
  };
  const ran = await run();
  const stand = {
    ran,
    /** Another run, of other parties on another ledger. */
    run,
    /** Verifies the bundle after something was changed in it. */
    changed(change: (bundle: Mutable) => unknown) {
      const bundle = structuredClone(ran.bundle) as Mutable;
      change(bundle);
      return verifyBundle(utf8(canonical(bundle)));
    },
    verify: (bytes = ran.bytes) => verifyBundle(bytes),
    trusting: (trust: Trust) => requireTrusted(verifyBundle(ran.bytes), trust),
    // A verifier has nothing to give away: it reads a file and says yes or no.
    watch: () => () => undefined,
  };
  return stand satisfies Stand;
};
export type VerifierStand = Awaited<ReturnType<typeof openVerifier>>;
