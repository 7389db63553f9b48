/**
 * From shares of d, as key generation leaves them, to shares of x = (1 + d)^-1, with which SM2 is signed
 * (docs/protocols/sm2-threshold.md section 2): all parties draw a random a in shares, open c = a·(1 + d), and take
 * a/c. Verifying shares are over B = G + P = (1 + d)·G from then on.
 */
import { concat, equal } from "../../../base/bytes.ts";
import type { Curve } from "../../curve.ts";
import { curveOf } from "../../curves/registry.ts";
import type { KeyShare } from "../../key-share.ts";
import { openInputs, outputsByInputs, readInputOpening } from "../../ole/open-inputs.ts";
import {
  answerProducts,
  type Beginning,
  beginProducts,
  finishProducts,
  type Opposite,
  type Products,
  type Published as PublishedProducts,
  publishProducts,
  readPublished,
  type Table,
} from "../../ole/products.ts";
import { hashBytes } from "../../ot/hash.ts";
import { Abort, byParty, type Context, type Inbox, others, type Protocol, plain, type Turn } from "../../protocol.ts";
import { evaluate, inverse, mod, randomScalar, toBytes32 } from "../../scalars.ts";
import type { PairSetup } from "../../scheme.ts";
import { type Reader, read, scalarBytes } from "../../wire.ts";
import { signersOf } from "../signers.ts";

export interface ConvertInput {
  /** Of d: `secret` is f(self), verifying shares are over G. */
  readonly share: KeyShare;
  readonly pairs: ReadonlyMap<number, PairSetup>;
}

interface Begun {
  readonly share: KeyShare;
  readonly pairs: Readonly<Record<number, PairSetup>>;
  readonly salt: Uint8Array;
  /** Of the polynomial whose value at 0 is this party's part of a. */
  readonly coefficients: readonly bigint[];
  readonly beginning: Beginning;
}
interface Answered extends Omit<Begun, "pairs"> {
  readonly commitments: Readonly<Record<number, Uint8Array>>;
  readonly shares: Table<bigint>;
}
interface Published extends Omit<Answered, "beginning"> {
  readonly opposite: Opposite;
  /** What each other party dealt to this one. */
  readonly received: Readonly<Record<number, bigint>>;
}
interface Finished extends Published {
  /** Of a·(1 + d). */
  readonly product: bigint;
  /** The broadcasts of the third round, by party. */
  readonly opened: Readonly<Record<number, Uint8Array>>;
}
interface Concluded extends Finished {
  readonly disputed: boolean;
  /** The broadcasts of the fourth round, by party. */
  readonly said: Readonly<Record<number, Uint8Array>>;
}

interface Setting<P> {
  /** Factors are the parts of 1 + d, committed to over G; inputs those of a, over B. */
  readonly products: Products<P>;
  readonly threshold: number;
  readonly scope: Uint8Array;
  /** B. */
  readonly base: P;
  readonly factor: bigint;
  factorPoint(party: number): P;
}

interface Opened<P> extends PublishedProducts<P> {
  readonly salt: Uint8Array;
  /** Coefficients times B. */
  readonly points: readonly P[];
}

const stepsOn = <P>(curve: Curve<P>) => {
  const settingOf = (context: Context, share: KeyShare): Setting<P> => {
    if (context.parties.length !== share.parties.length) throw new TypeError("all parties of the key take part");
    const signers = signersOf(context, curve, { share, count: 1, path: [] });
    const first = context.parties[0];
    const scope = hashBytes("sm2-convert/1 scope", signers.scope);
    const base = curve.add(curve.base, curve.decode(share.publicKey));
    const products: Products<P> = { curve, base, count: 1, width: 1, scope };
    return {
      products,
      threshold: share.threshold,
      scope,
      base,
      factor: context.self === first ? mod(signers.share + 1n, curve.order) : signers.share,
      factorPoint: (party: number): P =>
        party === first ? curve.add(signers.commitment(party), curve.base) : signers.commitment(party),
    };
  };
  const commitmentTo = (scope: Uint8Array, party: number, salt: Uint8Array, points: readonly Uint8Array[]) =>
    hashBytes("sm2-convert/1 dealt", scope, Uint8Array.of(party), salt, ...points);

  const begin = (context: Context, { share, pairs }: ConvertInput): Turn<KeyShare> => {
    const { products, scope, base } = settingOf(context, share);
    const coefficients = Array.from({ length: share.threshold }, () => randomScalar(context.random, curve));
    const salt = context.random(32);
    const points = coefficients.map((coefficient) => curve.encode(curve.multiply(base, coefficient)));
    const { beginning, direct } = beginProducts(context, products, pairs);
    const kept = Object.fromEntries(others(context).map((peer) => [peer, pairs.get(peer)!]));
    const state: Begun = { share, pairs: kept, salt, coefficients, beginning };
    return { state: plain(state), send: { broadcast: commitmentTo(scope, context.self, salt, points), direct } };
  };

  /** Section 2.2: all are committed to what they deal. */
  const answer = (context: Context, { pairs, ...state }: Begun, inbox: Inbox): Turn<KeyShare> => {
    const { products } = settingOf(context, state.share);
    const commitments = byParty(context, (party) =>
      read(inbox.broadcast(party), party, "sm2-convert.commitment", (reader) => reader.bytes(32)),
    );
    const setups = new Map(Object.entries(pairs).map(([peer, setup]) => [Number(peer), setup]));
    const { shares, direct } = answerProducts(context, products, setups, [[state.coefficients[0]!]], inbox);
    const kept: Answered = { ...state, commitments, shares };
    const dealt = (peer: number) => scalarBytes(evaluate(state.coefficients, peer, curve));
    const sent = [...direct].map(([peer, message]) => [peer, concat(dealt(peer), message)] as const);
    return { state: plain(kept), send: { direct: new Map(sent) } };
  };

  /** Section 2.3: all have put in one value each. */
  const publish = (context: Context, { beginning, ...state }: Answered, inbox: Inbox): Turn<KeyShare> => {
    const { products, factor, base } = settingOf(context, state.share);
    const received = Object.fromEntries(
      others(context).map((peer) => [
        peer,
        read(inbox.direct(peer).subarray(0, 32), peer, "sm2-convert.share", (reader) => reader.scalar(curve)),
      ]),
    );
    const answers: Inbox = { ...inbox, direct: (from) => inbox.direct(from).subarray(32) };
    const own = { factors: [factor], shares: state.shares };
    const { opposite, published } = publishProducts(context, products, beginning, own, answers);
    const points = state.coefficients.map((coefficient) => curve.encode(curve.multiply(base, coefficient)));
    const kept: Published = { ...state, opposite, received };
    return { state: plain(kept), send: { broadcast: concat(state.salt, ...points, published) } };
  };

  /** @param to of what was published for each, only that for this party */
  const allOpened = (
    context: Context,
    { products, threshold }: Setting<P>,
    body: (party: number) => Uint8Array,
    to?: number,
  ) => {
    const take =
      (party: number) =>
      (reader: Reader): Opened<P> => ({
        salt: reader.bytes(32),
        points: reader.list(threshold, () => reader.point(curve)),
        ...readPublished(reader, products, context.parties, party, to),
      });
    const check = "sm2-convert.opening";
    return new Map(context.parties.map((party) => [party, read(body(party), party, check, take(party))]));
  };
  /** A dealt polynomial at `party`, times B. */
  const valueAt = (points: readonly P[], party: number): P =>
    points.reduceRight((sum, point) => curve.add(curve.multiplyPublic(sum, BigInt(party)), point), curve.zero);

  /** Section 2.4: what was dealt is of the polynomials committed to; a·(1 + d) in shares. */
  const finish = (context: Context, state: Published, inbox: Inbox): Turn<KeyShare> => {
    const setting = settingOf(context, state.share);
    const { products, scope, base, factor } = setting;
    const opened = allOpened(context, setting, inbox.broadcast, context.self);
    for (const [party, { salt, points }] of opened) {
      if (!equal(commitmentTo(scope, party, salt, points.map(curve.encode)), state.commitments[party]!))
        throw new Abort("sm2-convert.opening", party);
      if (party === context.self) continue;
      if (!curve.equal(curve.multiply(base, state.received[party]!), valueAt(points, context.self)))
        throw new Abort("sm2-convert.share", party);
    }
    const { shares, opposite } = state;
    const own = { factors: [factor], inputs: [[state.coefficients[0]!]], shares, opposite };
    const results = finishProducts(context, products, own, opened, (party) => [opened.get(party)!.points[0]!]);
    const product = results[0]![0]!;
    const kept: Finished = { ...state, product, opened: byParty(context, inbox.broadcast) };
    return { state: plain(kept), send: { broadcast: curve.encode(curve.multiplyBase(product)) } };
  };

  const allSaid = (context: Context, body: (party: number) => Uint8Array) =>
    new Map(
      context.parties.map((party) => [party, read(body(party), party, "sm2-convert.product", (r) => r.point(curve))]),
    );

  /** Section 2.5: the shares times G add up to a·B; only then are they opened. */
  const conclude = (context: Context, state: Finished, inbox: Inbox): Turn<KeyShare> => {
    const setting = settingOf(context, state.share);
    const opened = allOpened(context, setting, (party) => state.opened[party]!, context.self);
    const sum = (points: Iterable<P>): P => [...points].reduce(curve.add, curve.zero);
    const a = sum([...opened.values()].map(({ points }) => points[0]!));
    const disputed = !curve.equal(sum(allSaid(context, inbox.broadcast).values()), a);
    const kept: Concluded = { ...state, disputed, said: byParty(context, inbox.broadcast) };
    const broadcast = disputed ? openInputs(0, [state.coefficients[0]!], state.shares) : scalarBytes(state.product);
    return { state: plain(kept), send: { broadcast } };
  };

  /** Section 2.6. */
  const open = (context: Context, state: Concluded, inbox: Inbox): Turn<KeyShare> => {
    const setting = settingOf(context, state.share);
    const { products, factorPoint } = setting;
    const { share } = state;
    const opened = allOpened(context, setting, (party) => state.opened[party]!);
    const said = allSaid(context, (party) => state.said[party]!);
    if (state.disputed) {
      const openings = new Map(
        context.parties.map((party) => [
          party,
          read(inbox.broadcast(party), party, "sm2-convert.dispute", (reader) =>
            readInputOpening(reader, products, context.parties, party),
          ),
        ]),
      );
      const inputsOf = (party: number) => [opened.get(party)!.points[0]!];
      const factors = { base: curve.base, of: factorPoint };
      for (const [party, [output]] of outputsByInputs(products, 0, openings, opened, inputsOf, factors))
        if (!curve.equal(output!, said.get(party)!)) throw new Abort("sm2-convert.dispute", party);
      throw new Error("shares that are right add up");
    }
    let c = 0n;
    for (const party of context.parties) {
      const [part] = read(inbox.broadcast(party), party, "sm2-convert.product", (r) => [r.scalar(curve)]);
      if (!curve.equal(curve.multiplyPublic(curve.base, part!), said.get(party)!))
        throw new Abort("sm2-convert.product", party);
      c = mod(c + part!, curve.order);
    }
    const weight = inverse(c, curve);
    const points = Array.from({ length: share.threshold }, (_, at) =>
      [...opened.values()].reduce((sum, dealt) => curve.add(sum, dealt.points[at]!), curve.zero),
    );
    const verifyingShares = byParty(context, (party) =>
      curve.encode(curve.multiplyPublic(valueAt(points, party), weight)),
    );
    const dealt = Object.values(state.received).reduce(
      (sum, value) => sum + value,
      evaluate(state.coefficients, context.self, curve),
    );
    return { result: { ...share, verifyingShares, secret: toBytes32(mod(dealt * weight, curve.order)) } };
  };

  return { begin, answer, publish, finish, conclude, open };
};

const steps = () => stepsOn(curveOf("SM2"));

export const convert: Protocol<ConvertInput, KeyShare> = {
  name: "sm2-convert/1",
  begin: (context, input) => steps().begin(context, input),
  rounds: [
    { expects: { broadcast: "echo", direct: true }, step: (...given) => steps().answer(...given) },
    { expects: { direct: true }, step: (...given) => steps().publish(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().finish(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().conclude(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().open(...given) },
  ],
};
