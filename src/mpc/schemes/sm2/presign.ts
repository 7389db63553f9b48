/**
 * Presigning for SM2 (docs/protocols/sm2-threshold.md section 3): two nonces k, and x·k of both in shares, x = (1 + d)^-1
 * being the key that is shared. Four rounds; a fifth one only to name who made the fourth fail.
 */
import { concat, equal, toHex, u32 } from "../../../base/bytes.ts";
import type { Curve } from "../../curve.ts";
import { curveOf } from "../../curves/registry.ts";
import type { KeyShare } from "../../key-share.ts";
import { haveKnownLogs, proveKnownLogs, readKnownLogs } from "../../known-logs.ts";
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
import { randomScalar } from "../../scalars.ts";
import type { PairSetup, Presignature, PresignInput } from "../../scheme.ts";
import { read } from "../../wire.ts";
import { type Signers, signersOf } from "../signers.ts";

/** Nonces a signature: one alone, known before the message, would fall to Wagner's algorithm (section 3.1). */
const NONCES = 2;

interface Begun {
  readonly share: KeyShare;
  readonly count: number;
  readonly path: readonly number[];
  readonly pairs: Readonly<Record<number, PairSetup>>;
  readonly salt: Uint8Array;
  readonly nonces: readonly (readonly bigint[])[];
  readonly beginning: Beginning;
}
interface Answered extends Omit<Begun, "pairs"> {
  readonly commitments: Readonly<Record<number, Uint8Array>>;
  readonly shares: Table<bigint>;
}
interface Published extends Omit<Answered, "beginning"> {
  readonly opposite: Opposite;
}
interface Finished extends Published {
  readonly results: readonly (readonly bigint[])[];
  /** The broadcasts of the third round, by party. */
  readonly opened: Readonly<Record<number, Uint8Array>>;
}
interface Disputed extends Finished {
  readonly instance: number;
  readonly said: Readonly<Record<number, Uint8Array>>;
}

interface Opened<P> extends PublishedProducts<P> {
  readonly salt: Uint8Array;
  readonly nonces: readonly (readonly P[])[];
}

const stepsOn = <P>(curve: Curve<P>) => {
  /** G + P, over which the verifying shares are. */
  const baseOf = (signers: Signers<P>): P => curve.add(curve.base, curve.decode(signers.publicKey));
  const productsOf = (signers: Signers<P>, count: number): Products<P> => ({
    curve,
    base: curve.base,
    count,
    width: NONCES,
    scope: signers.scope,
  });
  const commitmentTo = (signers: Signers<P>, party: number, salt: Uint8Array, nonces: readonly (readonly P[])[]) =>
    hashBytes("sm2-presign/1 nonces", signers.scope, Uint8Array.of(party), salt, ...nonces.flat().map(curve.encode));

  /** Section 3.2. */
  const begin = (context: Context, { share, count, path, pairs }: PresignInput): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, { share, count, path });
    const draw = (length: number) => Array.from({ length }, () => randomScalar(context.random, curve));
    const nonces = Array.from({ length: count }, () => draw(NONCES));
    const salt = context.random(32);
    const { beginning, direct } = beginProducts(context, productsOf(signers, count), pairs);
    const points = nonces.map((pair) => pair.map(curve.multiplyBase));
    const kept = Object.fromEntries(others(context).map((peer) => [peer, pairs.get(peer)!]));
    const state: Begun = { share, count, path, pairs: kept, salt, nonces, beginning };
    return {
      state: plain(state),
      send: { broadcast: commitmentTo(signers, context.self, salt, points), direct },
    };
  };

  /** Section 3.3: all are committed to their nonces. */
  const answer = (context: Context, { pairs, ...state }: Begun, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const commitments = byParty(context, (party) =>
      read(inbox.broadcast(party), party, "sm2.commitment", (reader) => reader.bytes(32)),
    );
    const setups = new Map(Object.entries(pairs).map(([peer, setup]) => [Number(peer), setup]));
    const products = productsOf(signers, state.count);
    const { shares, direct } = answerProducts(context, products, setups, state.nonces, inbox);
    const kept: Answered = { ...state, commitments, shares };
    return { state: plain(kept), send: { direct } };
  };

  /** Section 3.4: all have put in one vector each. */
  const publish = (
    context: Context,
    { beginning, ...state }: Answered,
    inbox: Inbox,
  ): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const own = { factors: state.nonces.map(() => signers.share), shares: state.shares };
    const products = productsOf(signers, state.count);
    const { opposite, published } = publishProducts(context, products, beginning, own, inbox);
    const nonces = state.nonces.flat().map((nonce) => curve.encode(curve.multiplyBase(nonce)));
    const kept: Published = { ...state, opposite };
    return { state: plain(kept), send: { broadcast: concat(state.salt, ...nonces, published) } };
  };

  /** @param to of what was published for each, only that for this party */
  const allOpened = (context: Context, products: Products<P>, body: (party: number) => Uint8Array, to?: number) =>
    new Map(
      context.parties.map((party) => [
        party,
        read(body(party), party, "sm2.opening", (reader): Opened<P> => {
          const points = () => reader.list(NONCES, () => reader.point(curve));
          return {
            salt: reader.bytes(32),
            nonces: reader.list(products.count, points),
            ...readPublished(reader, products, context.parties, party, to),
          };
        }),
      ]),
    );

  /** Section 3.5: nonces as committed to; x·k in shares, which are known. */
  const finish = (context: Context, state: Published, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const products = productsOf(signers, state.count);
    const opened = allOpened(context, products, inbox.broadcast, context.self);
    for (const [party, { salt, nonces }] of opened)
      if (!equal(commitmentTo(signers, party, salt, nonces), state.commitments[party]!))
        throw new Abort("sm2.opening", party);
    const inputsOf = (party: number, k: number) => opened.get(party)!.nonces[k]!;
    const factors = state.nonces.map(() => signers.share);
    const own = { factors, inputs: state.nonces, shares: state.shares, opposite: state.opposite };
    const results = finishProducts(context, products, own, opened, inputsOf);
    const base = baseOf(signers);
    const points = results.flat().map((share) => curve.multiply(base, share));
    const proof = proveKnownLogs(
      curve,
      proofScope(signers, context.self),
      { base, points },
      results.flat(),
      context.random,
    );
    const kept: Finished = { ...state, results, opened: byParty(context, inbox.broadcast) };
    return { state: plain(kept), send: { broadcast: concat(...points.map(curve.encode), proof) } };
  };
  const proofScope = (signers: Signers<P>, party: number): Uint8Array =>
    hashBytes("sm2-presign/1 shares", signers.scope, Uint8Array.of(party));

  /**
   * By party: of every instance, its shares times G + P. Without the proof whoever speaks last would say what makes the
   * sums right, whatever it had multiplied with.
   */
  const allSaid = (context: Context, signers: Signers<P>, count: number, body: (party: number) => Uint8Array) => {
    const said = new Map(
      context.parties.map((party) => [
        party,
        read(body(party), party, "sm2.shares", (reader) => ({
          shares: reader.list(count, () => reader.list(NONCES, () => reader.point(curve))),
          proof: readKnownLogs(reader, curve),
        })),
      ]),
    );
    const base = baseOf(signers);
    for (const party of others(context)) {
      const { shares, proof } = said.get(party)!;
      if (!haveKnownLogs(curve, proofScope(signers, party), { base, points: shares.flat() }, proof))
        throw new Abort("sm2.shares", party);
    }
    return new Map([...said].map(([party, { shares }]) => [party, shares]));
  };

  /** Section 3.6: the shares times G + P add up to k·G, since x·(G + P) = G; or some share is of something else. */
  const conclude = (context: Context, state: Finished, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const products = productsOf(signers, state.count);
    const opened = allOpened(context, products, (party) => state.opened[party]!, context.self);
    const said = allSaid(context, signers, state.count, inbox.broadcast);
    const presignatures: Presignature[] = [];
    for (let instance = 0; instance < state.count; instance++) {
      const sums = (points: (party: number) => readonly P[]): P[] =>
        Array.from({ length: NONCES }, (_, l) =>
          context.parties.reduce((sum, party) => curve.add(sum, points(party)[l]!), curve.zero),
        );
      const nonces = sums((party) => opened.get(party)!.nonces[instance]!);
      const shares = sums((party) => said.get(party)![instance]!);
      if (!nonces.every((nonce, l) => curve.equal(nonce, shares[l]!))) {
        const disputed: Disputed = { ...state, instance, said: byParty(context, inbox.broadcast) };
        return {
          state: plain(disputed),
          send: { broadcast: openInputs(instance, state.nonces[instance]!, state.shares) },
        };
      }
      const encoded = nonces.map(curve.encode);
      presignatures.push({
        id: toHex(hashBytes("sm2-presign/1 id", signers.scope, u32(instance), ...encoded)),
        signers: context.parties,
        epoch: state.share.epoch,
        path: state.path,
        publicKey: signers.publicKey,
        secret: { share: signers.share, products: state.results[instance]! },
        public: {
          nonces: encoded,
          shares: context.parties.map((party) => curve.encode(signers.commitment(party))),
          products: context.parties.map((party) => said.get(party)![instance]!.map(curve.encode)),
        },
      });
    }
    return { result: presignatures };
  };

  /** Section 4. */
  const judge = (context: Context, state: Disputed, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const products = productsOf(signers, state.count);
    const published = allOpened(context, products, (party) => state.opened[party]!);
    const said = allSaid(context, signers, state.count, (party) => state.said[party]!);
    const openings = new Map(
      context.parties.map((party) => [
        party,
        read(inbox.broadcast(party), party, "sm2.dispute", (reader) =>
          readInputOpening(reader, products, context.parties, party),
        ),
      ]),
    );
    const inputsOf = (party: number, k: number) => published.get(party)!.nonces[k]!;
    const factors = { base: baseOf(signers), of: signers.commitment };
    for (const [party, outputs] of outputsByInputs(products, state.instance, openings, published, inputsOf, factors))
      if (!outputs.every((output, l) => curve.equal(output, said.get(party)![state.instance]![l]!)))
        throw new Abort("sm2.dispute", party);
    throw new Error("shares that are right add up");
  };

  return { begin, answer, publish, finish, conclude, judge };
};

const steps = () => stepsOn(curveOf("SM2"));

export const sm2Presign: Protocol<PresignInput, readonly Presignature[]> = {
  name: "sm2-presign/1",
  begin: (context, input) => steps().begin(context, input),
  rounds: [
    { expects: { broadcast: "echo", direct: true }, step: (...given) => steps().answer(...given) },
    { expects: { direct: true }, step: (...given) => steps().publish(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().finish(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().conclude(...given) },
    { expects: { broadcast: "echo" }, step: (...given) => steps().judge(...given) },
  ],
};
