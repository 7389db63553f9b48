/**
 * Presigning for ECDSA, DKLs23 (eprint 2023/765) protocol 3.6 up to where the message is needed
 * (docs/protocols/dkls23.md section 4). Four rounds; a fifth one only to name who made the fourth fail.
 */
import { concat, equal, toHex, u32 } from "../../../base/bytes.ts";
import type { Curve, CurveId } from "../../curve.ts";
import { curveOf } from "../../curves/registry.ts";
import type { KeyShare } from "../../key-share.ts";
import { openFactor, outputsByFactors, readFactorOpening } from "../../ole/open-factors.ts";
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
import { mod, randomScalar } from "../../scalars.ts";
import type { PairSetup, Presignature, PresignInput } from "../../scheme.ts";
import { type Reader, read, scalarBytes } from "../../wire.ts";
import { type Signers, signersOf } from "../signers.ts";
import { haveEqualLogs, proveEqualLogs, readEqualLogs } from "./equal-logs.ts";

/** r and φ of every instance, and what was sent to commit to r. */
interface Begun {
  readonly share: KeyShare;
  readonly count: number;
  readonly path: readonly number[];
  readonly pairs: Readonly<Record<number, PairSetup>>;
  readonly salt: Uint8Array;
  readonly nonces: readonly bigint[];
  readonly masks: readonly bigint[];
  readonly beginning: Beginning;
}
interface Answered extends Omit<Begun, "pairs"> {
  /** By party. */
  readonly commitments: Readonly<Record<number, Uint8Array>>;
  readonly shares: Table<bigint>;
}
interface Published extends Omit<Answered, "beginning"> {
  readonly opposite: Opposite;
}
interface Finished extends Published {
  /** u and v of every instance. */
  readonly results: readonly (readonly bigint[])[];
  /** R of every instance, encoded. */
  readonly nonceSums: readonly Uint8Array[];
  /** The broadcasts of the third round, by party. */
  readonly opened: Readonly<Record<number, Uint8Array>>;
}
interface Disputed extends Finished {
  readonly instance: number;
  /** The broadcasts of the fourth round, by party. */
  readonly said: Readonly<Record<number, Uint8Array>>;
}

/** What a party says in the third round. */
interface Opened<P> extends PublishedProducts<P> {
  readonly salt: Uint8Array;
  readonly nonces: readonly P[];
}
/** And of every instance in the fourth: u_i, φ_i·R and v_i·R. */
interface Said<P> {
  readonly u: bigint;
  readonly mask: P;
  readonly key: P;
}

const stepsOn = <P>(curve: Curve<P>) => {
  const productsOf = (signers: Signers<P>, count: number): Products<P> => ({
    curve,
    base: curve.base,
    count,
    width: 2,
    scope: signers.scope,
  });
  const commitmentTo = (signers: Signers<P>, party: number, salt: Uint8Array, nonces: readonly P[]): Uint8Array =>
    hashBytes("ecdsa-presign/1 nonces", signers.scope, Uint8Array.of(party), salt, ...nonces.map(curve.encode));

  /** Section 4.1. */
  const begin = (context: Context, { share, count, path, pairs }: PresignInput): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, { share, count, path });
    const draw = () => Array.from({ length: count }, () => randomScalar(context.random, curve));
    const [nonces, masks, salt] = [draw(), draw(), context.random(32)];
    const { beginning, direct } = beginProducts(context, productsOf(signers, count), pairs);
    const commitment = commitmentTo(signers, context.self, salt, nonces.map(curve.multiplyBase));
    const kept = Object.fromEntries(others(context).map((peer) => [peer, pairs.get(peer)!]));
    const state: Begun = { share, count, path, pairs: kept, salt, nonces, masks, beginning };
    return { state: plain(state), send: { broadcast: commitment, direct } };
  };

  /** Section 4.2: all are committed to their nonces. */
  const answer = (context: Context, { pairs, ...state }: Begun, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const commitments = byParty(context, (party) =>
      read(inbox.broadcast(party), party, "ecdsa.commitment", (reader) => reader.bytes(32)),
    );
    const setups = new Map(Object.entries(pairs).map(([peer, setup]) => [Number(peer), setup]));
    const inputs = state.nonces.map((nonce) => [nonce, signers.share]);
    const { shares, direct } = answerProducts(context, productsOf(signers, state.count), setups, inputs, inbox);
    const kept: Answered = { ...state, commitments, shares };
    return { state: plain(kept), send: { direct } };
  };

  /** Section 4.3: all have put in one vector each. */
  const publish = (
    context: Context,
    { beginning, ...state }: Answered,
    inbox: Inbox,
  ): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const own = { factors: state.masks, shares: state.shares };
    const products = productsOf(signers, state.count);
    const { opposite, published } = publishProducts(context, products, beginning, own, inbox);
    const nonces = state.nonces.map((nonce) => curve.encode(curve.multiplyBase(nonce)));
    const kept: Published = { ...state, opposite };
    return { state: plain(kept), send: { broadcast: concat(state.salt, ...nonces, published) } };
  };

  /** @param to of what was published for each, only that for this party */
  const allOpened = (context: Context, products: Products<P>, body: (party: number) => Uint8Array, to?: number) => {
    const take =
      (party: number) =>
      (reader: Reader): Opened<P> => ({
        salt: reader.bytes(32),
        nonces: reader.list(products.count, () => reader.point(curve)),
        ...readPublished(reader, products, context.parties, party, to),
      });
    return new Map(context.parties.map((party) => [party, read(body(party), party, "ecdsa.opening", take(party))]));
  };

  /** Section 4.4: nonces as committed to, inputs as committed to; u = r·φ and v = sk·φ in shares. */
  const finish = (context: Context, state: Published, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const products = productsOf(signers, state.count);
    const opened = allOpened(context, products, inbox.broadcast, context.self);
    for (const [party, { salt, nonces }] of opened)
      if (!equal(commitmentTo(signers, party, salt, nonces), state.commitments[party]!))
        throw new Abort("ecdsa.opening", party);
    const inputsOf = (party: number, k: number) => [opened.get(party)!.nonces[k]!, signers.commitment(party)];
    const inputs = state.nonces.map((nonce) => [nonce, signers.share]);
    const own = { factors: state.masks, inputs, shares: state.shares, opposite: state.opposite };
    const results = finishProducts(context, products, own, opened, inputsOf);

    const nonceSums = state.nonces.map((_, k) => sum([...opened.values()].map(({ nonces }) => nonces[k]!)));
    const said = results.map(([u, v], k) =>
      concat(
        scalarBytes(u!),
        curve.encode(curve.multiply(nonceSums[k]!, state.masks[k]!)),
        curve.encode(curve.multiply(nonceSums[k]!, v!)),
      ),
    );
    const kept: Finished = {
      ...state,
      results,
      nonceSums: nonceSums.map(curve.encode),
      opened: byParty(context, inbox.broadcast),
    };
    return { state: plain(kept), send: { broadcast: concat(...said) } };
  };

  const allSaid = (context: Context, count: number, body: (party: number) => Uint8Array) => {
    const one = (reader: Reader): Said<P> => ({
      u: reader.scalar(curve),
      mask: reader.point(curve),
      key: reader.point(curve),
    });
    return new Map(
      context.parties.map((party) => [party, read(body(party), party, "ecdsa.shares", (r) => r.list(count, one))]),
    );
  };

  /** Section 4.5: Σ φ_i·R = u·G and Σ v_i·R = u·pk, or somebody's share is of something else. */
  const conclude = (context: Context, state: Finished, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const said = allSaid(context, state.count, inbox.broadcast);
    const publicKey = curve.decode(signers.publicKey);
    const presignatures: Presignature[] = [];
    for (let instance = 0; instance < state.count; instance++) {
      const all = [...said.values()].map((instances) => instances[instance]!);
      const u = mod(
        all.reduce((total, share) => total + share.u, 0n),
        curve.order,
      );
      const nonce = state.nonceSums[instance]!;
      const adds =
        u !== 0n &&
        curve.equal(sum(all.map(({ mask }) => mask)), curve.multiplyPublic(curve.base, u)) &&
        curve.equal(sum(all.map(({ key }) => key)), curve.multiplyPublic(publicKey, u));
      if (!adds) return dispute(context, signers, { ...state, instance, said: byParty(context, inbox.broadcast) });
      presignatures.push({
        id: toHex(hashBytes("ecdsa-presign/1 id", signers.scope, u32(instance), nonce)),
        signers: context.parties,
        epoch: state.share.epoch,
        path: state.path,
        publicKey: signers.publicKey,
        secret: { mask: state.masks[instance]!, key: state.results[instance]![1]! },
        public: {
          nonce,
          u,
          masks: all.map(({ mask }) => curve.encode(mask)),
          keys: all.map(({ key }) => curve.encode(key)),
        },
      });
    }
    return { result: presignatures };
  };

  const proofScope = (signers: Signers<P>, party: number): Uint8Array =>
    hashBytes("ecdsa-presign/1 dispute", signers.scope, Uint8Array.of(party));

  /** Section 4.6: nothing was signed with this instance, nor will be, so its factors may be known. */
  const dispute = (context: Context, signers: Signers<P>, state: Disputed): Turn<readonly Presignature[]> => {
    const { instance, masks, opposite, results } = state;
    const products = productsOf(signers, state.count);
    const opening = openFactor(context, products, instance, masks[instance]!, opposite);
    const base = curve.decode(state.nonceSums[instance]!);
    const v = results[instance]![1]!;
    const points = { base, first: curve.multiplyBase(v), second: curve.multiply(base, v) };
    const proof = proveEqualLogs(curve, proofScope(signers, context.self), points, v, context.random);
    return { state: plain(state), send: { broadcast: concat(opening, proof) } };
  };

  const judge = (context: Context, state: Disputed, inbox: Inbox): Turn<readonly Presignature[]> => {
    const signers = signersOf(context, curve, state);
    const products = productsOf(signers, state.count);
    const { instance } = state;
    const published = allOpened(context, products, (party) => state.opened[party]!);
    const said = allSaid(context, state.count, (party) => state.said[party]!);
    const inputsOf = (party: number, k: number) => [published.get(party)!.nonces[k]!, signers.commitment(party)];
    const answers = new Map(
      context.parties.map((party) => [
        party,
        read(inbox.broadcast(party), party, "ecdsa.dispute", (reader) => ({
          ...readFactorOpening(reader, products),
          proof: readEqualLogs(reader, curve),
        })),
      ]),
    );
    const outputs = outputsByFactors(products, instance, answers, published, inputsOf);
    const base = curve.decode(state.nonceSums[instance]!);
    for (const [party, { factor, proof }] of answers) {
      const [u, v] = outputs.get(party) as [P, P];
      const share = said.get(party)![instance]!;
      const points = { base, first: v, second: share.key };
      const honest =
        curve.equal(curve.multiplyPublic(curve.base, share.u), u) &&
        curve.equal(curve.multiplyPublic(base, factor), share.mask) &&
        haveEqualLogs(curve, proofScope(signers, party), points, proof);
      if (!honest) throw new Abort("ecdsa.dispute", party);
    }
    throw new Error("shares that are right add up");
  };

  const sum = (points: readonly P[]): P => points.reduce(curve.add, curve.zero);

  return { begin, answer, publish, finish, conclude, judge };
};

export const ecdsaPresign = (curve: CurveId): Protocol<PresignInput, readonly Presignature[]> => {
  const steps = () => stepsOn(curveOf(curve));
  return {
    name: `ecdsa-presign/1 ${curve}`,
    begin: (context, input) => steps().begin(context, input),
    rounds: [
      { expects: { broadcast: "echo", direct: true }, step: (...given) => steps().answer(...given) },
      { expects: { direct: true }, step: (...given) => steps().publish(...given) },
      { expects: { broadcast: "echo" }, step: (...given) => steps().finish(...given) },
      { expects: { broadcast: "echo" }, step: (...given) => steps().conclude(...given) },
      { expects: { broadcast: "echo" }, step: (...given) => steps().judge(...given) },
    ],
  };
};
