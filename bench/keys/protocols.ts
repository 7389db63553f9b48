/**
 * Processor time of all parties together, in one process: base transfers, key generation, and signing without a
 * presignature. Messages pass through `src/mpc/machine.ts` with identities that cost next to nothing. Beside it
 * tss-lib (GG18, Go), whose safe primes are not counted.
 */
import { randomBytes } from "node:crypto";
import { curveOf, nativeCurves, usePortableCurves } from "../../src/mpc/curves/registry.ts";
import type { KeyShare } from "../../src/mpc/key-share.ts";
import { dkg } from "../../src/mpc/keys/dkg.ts";
import { baseOt } from "../../src/mpc/ot/base.ts";
import type { PairSetup, Scheme } from "../../src/mpc/scheme.ts";
import { ecdsaK1, ecdsaR1 } from "../../src/mpc/schemes/ecdsa/index.ts";
import { convert } from "../../src/mpc/schemes/sm2/convert.ts";
import { sm2 } from "../../src/mpc/schemes/sm2/index.ts";
import { simulate } from "../../test/support/simulate.ts";
import { measureTssLib } from "../peers/tss-lib.ts";
import { median, report } from "../support.ts";

const bench = "keys";
const RUNS = 9;
const partiesOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const seed = (): string => randomBytes(8).toString("hex");

/** Milliseconds of processor time. */
const cpu = <T>(work: () => T): { readonly ms: number; readonly result: T } => {
  const began = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(began);
  return { ms: (user + system) / 1_000, result };
};
const typical = (work: () => unknown, runs = RUNS): number => {
  work();
  return median(Array.from({ length: runs }, () => cpu(work).ms));
};

type Pairs = ReadonlyMap<number, ReadonlyMap<number, PairSetup>>;
const setUp = (n: number): Pairs => {
  const pairs = new Map(partiesOf(n).map((party) => [party, new Map<number, PairSetup>()]));
  for (const a of partiesOf(n))
    for (const b of partiesOf(a - 1)) {
      const { results } = simulate({ protocol: baseOt, parties: [b, a], input: () => undefined, seed: seed() });
      pairs.get(a)!.set(b, results.get(a)!);
      pairs.get(b)!.set(a, results.get(b)!);
    }
  return pairs;
};

const generate = ({ id }: Scheme, threshold: number, n: number): ReadonlyMap<number, KeyShare> =>
  simulate({ protocol: dkg, parties: partiesOf(n), input: () => ({ scheme: id, threshold }), seed: seed() }).results;

/** Presigning, the parts of all signers, and the signature, verified. */
const sign = (scheme: Scheme, shares: ReadonlyMap<number, KeyShare>, pairs: Pairs, signers: readonly number[]) => {
  const input = (party: number) => ({ share: shares.get(party)!, count: 1, path: [], pairs: pairs.get(party)! });
  const { results } = simulate({ protocol: scheme.presign, parties: signers, input, seed: seed() });
  const digest = new Uint8Array(randomBytes(32));
  const parts = new Map(signers.map((party) => [party, scheme.respond(results.get(party)![0]!, digest)]));
  return scheme.combine(results.get(signers[0]!)![0]!, digest, parts);
};

const UNIT = "ms CPU";
const atMost = (target: number | undefined) => (target === undefined ? {} : { target, atMost: true as const });

const SIZES = [
  { threshold: 2, n: 3, setup: 700, keygen: 75, signing: 60, faster: 5 },
  { threshold: 5, n: 7, setup: 5_000, keygen: 400, signing: 350, faster: 10 },
  { threshold: 5, n: 9, setup: 8_000, keygen: 650 },
] as const satisfies readonly Size[];

interface Size {
  readonly threshold: number;
  readonly n: number;
  /** What they have to reach, in milliseconds; `faster`: how many times tss-lib's signing. */
  readonly setup: number;
  readonly keygen: number;
  readonly signing?: number;
  readonly faster?: number;
}
interface Costs {
  readonly setup: number;
  readonly keygen: number;
  readonly signing: number;
}

/** SM2 has one step more, and no target of its own. */
const measureScheme = (scheme: Scheme, { threshold, n, ...bounds }: Size, pairs: Pairs, note: string) => {
  const name = `${scheme.id} ${threshold} of ${n}`;
  const bound = (target?: number) => (scheme === sm2 ? {} : atMost(target));
  const keygen = typical(() => generate(scheme, threshold, n));
  report({ bench, metric: `key generation, ${name}`, value: keygen, unit: UNIT, note, ...bound(bounds.keygen) });
  if (bounds.signing === undefined) return { keygen, signing: Number.NaN };
  let shares = generate(scheme, threshold, n);
  if (scheme === sm2) {
    const input = (party: number) => ({ share: shares.get(party)!, pairs: pairs.get(party)! });
    const run = () => simulate({ protocol: convert, parties: partiesOf(n), input, seed: seed() }).results;
    report({ bench, metric: `conversion, ${name}`, value: typical(run, 3), unit: UNIT, note });
    shares = run();
  }
  const signers = partiesOf(threshold);
  const signing = typical(() => sign(scheme, shares, pairs, signers));
  const metric = `signing without presignature, ${name}`;
  report({ bench, metric, value: signing, unit: UNIT, note, ...bound(bounds.signing) });
  return { keygen, signing };
};

/** Of ECDSA on secp256k1, which is what it has too. */
const compare = async ({ threshold, n, faster }: Size, { setup, keygen, signing }: Costs, note: string) => {
  const size = `${threshold} of ${n}`;
  const peer = await measureTssLib(threshold, n);
  if ("skip" in peer) return console.log(JSON.stringify({ bench, metric: `tss-lib, ${size}`, skip: peer.skip }));
  const times = (metric: string, theirs: number, ours: number, target: number | undefined) =>
    report({
      ...{ bench, metric: `${metric}, ${size}: to ${peer.name}`, value: theirs / ours, unit: "x" },
      ...(target !== undefined && { target }),
      note: `${Math.round(theirs)} ms there, ${Math.round(ours)} ms here; ${note}`,
    });
  times("key generation with pair set-up", peer.keygen, setup + keygen, 10);
  times("signing without presignature", peer.sign, signing, faster);
};

export const measureProtocols = async (): Promise<void> => {
  setUp(2);
  const pairs = new Map<number, Pairs>();
  const setups = new Map<number, number>();
  for (const { threshold, n, setup } of SIZES) {
    const { ms, result } = cpu(() => setUp(n));
    pairs.set(n, result);
    setups.set(n, ms);
    const note = `${(n * (n - 1)) / 2} pairs`;
    report({ bench, metric: `pair set-up, ${threshold} of ${n}`, value: ms, unit: UNIT, note, ...atMost(setup) });
  }
  for (const portable of [false, true]) {
    usePortableCurves(portable);
    // The native package is optional for secp256k1 alone.
    for (const scheme of portable ? [ecdsaK1] : [ecdsaK1, ecdsaR1, sm2])
      for (const size of SIZES) {
        const native = nativeCurves[scheme.curve] === curveOf(scheme.curve);
        const note = native ? "native curve arithmetic" : "curve arithmetic in JavaScript";
        const costs = measureScheme(scheme, size, pairs.get(size.n)!, note);
        const { n } = size;
        if (scheme === ecdsaK1 && "faster" in size) await compare(size, { setup: setups.get(n)!, ...costs }, note);
      }
  }
  usePortableCurves(false);
};
