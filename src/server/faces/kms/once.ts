/**
 * What changes something is done once for one signature (docs/protocols/key-faces.md, section 3.2). AWS's libraries sign
 * a retry within a second exactly as the first try: it is told what came of that. They also sign two calls alike that are
 * made in one second and ask for the same; those differ by the name that the library gives to each call.
 */
import { type Clock, MINUTE, SECOND } from "../../../base/clock.ts";
import { KmsError } from "./errors.ts";
import { SKEW } from "./sigv4.ts";

/** Longer than any signature is good for. */
const KEPT = 2 * SKEW + MINUTE;
/** So long after the first, calls of other names under its signature are of the same second. */
const TOGETHER = 2 * SECOND;

interface Signed {
  readonly first: number;
  /** What came of each call, by its name. */
  readonly calls: Map<string, Promise<object | undefined>>;
}

export const createOnce = (clock: Clock) => {
  /** By signature, the oldest first. */
  const known = new Map<string, Signed>();

  const signedOf = (signature: string): Signed => {
    const now = clock.now();
    for (const [oldest, { first }] of known) {
      if (now - first <= KEPT) break;
      known.delete(oldest);
    }
    const signed = known.get(signature) ?? { first: now, calls: new Map() };
    known.set(signature, signed);
    return signed;
  };

  /** @param call its name, "" for none @throws KmsError for a signature that was used before, or whatever the work throws */
  return (signature: string, call: string, work: () => Promise<object | undefined>): Promise<object | undefined> => {
    const { first, calls } = signedOf(signature);
    const before = calls.get(call);
    if (before) return before;
    if (clock.now() - first > TOGETHER)
      throw new KmsError("InvalidSignatureException", "This signature was used before. Sign the request again.");
    const done = work();
    calls.set(call, done);
    // What failed has changed nothing: it may be tried again.
    done.catch(() => calls.delete(call));
    return done;
  };
};
