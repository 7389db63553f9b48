/**
 * FROST (RFC 9591; docs/protocols/frost.md): threshold Schnorr signatures in two rounds, the first of which needs no
 * message and is made ahead, many at once.
 */
import { concat, equal, toHex } from "../../../base/bytes.ts";
import type { Curve } from "../../curve.ts";
import { curveOf } from "../../curves/registry.ts";
import { hashOf } from "../../hash.ts";
import type { SchemeId } from "../../key-share.ts";
import { derive } from "../../keys/derive.ts";
import { Abort, type Context, type Protocol } from "../../protocol.ts";
import { lagrange, mod, toInteger } from "../../scalars.ts";
import type { Presignature, PresignInput, Scheme } from "../../scheme.ts";
import { read, scalarBytes } from "../../wire.ts";
import type { Suite } from "./suites.ts";

/** Of one presignature. */
type Secret = { readonly self: number; readonly hiding: bigint; readonly binding: bigint; readonly share: bigint };
type Public = {
  /** That the signature is made for: the (derived) key's, with an even y where the suite asks for it. */
  readonly groupKey: Uint8Array;
  /** Section 2: what makes of the key's shares those of `groupKey`. */
  readonly tweak: bigint;
  readonly negated: boolean;
  /** Of each signer, in their order: commitments to both nonces, and the key's verifying share. */
  readonly signers: readonly {
    readonly hiding: Uint8Array;
    readonly binding: Uint8Array;
    readonly share: Uint8Array;
  }[];
};

/** What the signers know alike of the key that they sign with, derived and of the right sign. */
type Key = {
  readonly publicKey: Uint8Array;
  readonly groupKey: Uint8Array;
  readonly tweak: bigint;
  readonly negated: boolean;
  readonly share: bigint;
  readonly verifying: readonly Uint8Array[];
};
type State = {
  readonly key: Key;
  readonly epoch: number;
  readonly path: readonly number[];
  readonly purpose: Uint8Array;
  readonly nonces: readonly (readonly [bigint, bigint])[];
};

const MAX_COUNT = 256;

/** Section 2: the tweak of a path goes into every share, since a constant is a sharing of itself. */
const keyOf = (suite: Suite, { parties }: Context, { share, path }: Pick<PresignInput, "share" | "path">): Key => {
  const curve = curveOf(suite.curve);
  const { publicKey, tweak } = derive(curve, share, path);
  const point = curve.decode(publicKey);
  const negated = suite.evenY && !curve.hasEvenY(point);
  const own = toInteger(share.secret) + tweak;
  return {
    publicKey,
    groupKey: negated ? curve.encode(curve.negate(point)) : publicKey,
    tweak,
    negated,
    share: mod(negated ? -own : own, curve.order),
    verifying: parties.map((party) => share.verifyingShares[party] as Uint8Array),
  };
};

/** RFC 9591 section 5.1, `count` times at once. The echo keeps anybody from blaming others for what it said to some. */
const presignOf = (scheme: SchemeId, suite: Suite): Protocol<PresignInput, readonly Presignature[]> => ({
  name: `frost-presign/1 ${scheme}`,
  begin(context, { share, count, path }) {
    const { self, parties, random, session } = context;
    const curve = curveOf(suite.curve);
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) throw new RangeError("1 to 256 at once");
    if (share.scheme !== scheme || share.self !== self) throw new RangeError("a share of this party, for this scheme");
    if (parties.length < share.threshold || !parties.every((party) => share.parties.includes(party)))
      throw new RangeError("at least t parties of the key sign");
    const key = keyOf(suite, context, { share, path });
    const nonce = () => suite.nonce(concat(random(32), suite.encodeScalar(key.share)), curve.order);
    const nonces = Array.from({ length: count }, () => [nonce(), nonce()] as const);
    const points = nonces.flat().map((k) => curve.encode(curve.multiplyBase(k)));
    const { epoch } = share;
    const purpose = hashOf("frost purpose", session, scheme, epoch, parties, share.publicKey, path, key.groupKey);
    const state: State = { key, epoch, path, purpose, nonces };
    return { state, send: { broadcast: concat(purpose, ...points) } };
  },
  rounds: [
    {
      expects: { broadcast: "echo" },
      step: ({ self, parties }, { key, epoch, path, purpose, nonces }: State, inbox) => {
        const curve = curveOf(suite.curve);
        const committed = parties.map((party) =>
          read(inbox.broadcast(party), party, "frost.commitments", (reader) => {
            if (!equal(reader.bytes(32), purpose)) throw new Abort("frost.purpose", party);
            return reader.list(nonces.length, (item) => {
              const [hiding, binding] = [item.bytes(curve.pointLength), item.bytes(curve.pointLength)];
              const points: Commitments = { hiding: curve.decode(hiding), binding: curve.decode(binding) };
              return { hiding, binding, points };
            });
          }),
        );
        const { publicKey, groupKey, tweak, negated, share, verifying } = key;
        const presignature = ([hiding, binding]: readonly [bigint, bigint], at: number): Presignature => {
          const all = committed.map((of) => of[at] as (typeof of)[number]);
          const signers = all.map(({ hiding, binding }, i) => ({ hiding, binding, share: verifying[i] as Uint8Array }));
          const id = hashOf("frost presignature", purpose, at, signers);
          const known: Public = { groupKey, tweak, negated, signers };
          decoded.set(known, { curve, points: all.map(({ points }) => points) });
          return {
            id: toHex(id),
            signers: [...parties],
            epoch,
            path,
            publicKey,
            secret: { self, hiding, binding, share },
            public: known,
          };
        };
        return { result: nonces.map(presignature) };
      },
    },
  ],
});

type Commitments = { readonly hiding: unknown; readonly binding: unknown };

/** Points that presigning has checked are not decoded again by the process that did. */
const decoded = new WeakMap<Public, { readonly curve: Curve; readonly points: readonly Commitments[] }>();

const pointsOf = (curve: Curve, shared: Public): readonly Commitments[] => {
  const known = decoded.get(shared);
  if (known?.curve === curve) return known.points;
  const points = shared.signers.map(({ hiding, binding }) => ({
    hiding: curve.decode(hiding),
    binding: curve.decode(binding),
  }));
  decoded.set(shared, { curve, points });
  return points;
};

/** What the message makes of the nonces. */
interface Round {
  readonly factors: readonly bigint[];
  /** Encoded, with an even y where the suite asks for it. */
  readonly R: Uint8Array;
  /** The nonces were negated to make it so. */
  readonly flipped: boolean;
  readonly challenge: bigint;
}

/** RFC 9591 sections 4.4 to 4.6. */
export const roundOf = (
  suite: Suite,
  curve: Curve,
  shared: Public,
  parties: readonly number[],
  message: Uint8Array,
): Round => {
  const { groupKey, signers } = shared;
  const identifiers = parties.map((party) => suite.encodeScalar(BigInt(party)));
  const list = signers.flatMap(({ hiding, binding }, i) => [identifiers[i] as Uint8Array, hiding, binding]);
  const prefix = concat(groupKey, suite.hashMessage(message), suite.hashCommitments(concat(...list)));
  const factors = identifiers.map((identifier) => suite.bindingFactor(concat(prefix, identifier), curve.order));
  const points = pointsOf(curve, shared);
  const sum = points.reduce<unknown>(
    (total, { hiding }) => curve.add(total, hiding),
    curve.sumPublic(
      points.map(({ binding }) => binding),
      factors,
    ),
  );
  const flipped = suite.evenY && !curve.hasEvenY(sum);
  const R = curve.encode(flipped ? curve.negate(sum) : sum);
  return { factors, R, flipped, challenge: suite.challenge(R, groupKey, message, curve.order) };
};

export const frost = (id: SchemeId, label: Scheme["label"], suite: Suite): Scheme => ({
  id,
  label,
  curve: suite.curve,
  pairwise: false,
  signs: "message",
  derives: true,
  presign: presignOf(id, suite),

  /** RFC 9591 section 5.2: z_i = d_i + e_i·ρ_i + λ_i·s_i·c. */
  respond(presignature, message) {
    const { curve, secret, shared } = contents(suite, presignature);
    const { signers } = presignature;
    const { factors, flipped, challenge } = roundOf(suite, curve, shared, signers, message);
    const nonce = secret.hiding + secret.binding * (factors[signers.indexOf(secret.self)] as bigint);
    const key = mod(lagrange(signers, secret.self, curve) * secret.share, curve.order);
    return scalarBytes(mod((flipped ? -nonce : nonce) + key * challenge, curve.order));
  },

  /** RFC 9591 section 5.3; section 5.4 only where the sum does not verify. */
  combine(presignature, message, parts) {
    const { curve, shared } = contents(suite, presignature);
    const { signers } = presignature;
    const round = roundOf(suite, curve, shared, signers, message);
    const answers = signers.map((party) =>
      read(parts.get(party) ?? new Uint8Array(0), party, "frost.part", (reader) => reader.scalar(curve)),
    );
    const sum = mod(
      answers.reduce((total, answer) => total + answer, 0n),
      curve.order,
    );
    const signature = suite.encodeSignature(round.R, sum);
    if (suite.verify(presignature.publicKey, message, signature)) return signature;
    const guilty = signers.filter((_, i) => !fits(curve, shared, signers, round, i, answers[i] as bigint));
    throw new Abort("frost.part", ...guilty);
  },

  verify: suite.verify,
});

/** z_i · G = ±(D_i + ρ_i·E_i) + λ_i·c·Y_i. */
const fits = (
  curve: Curve,
  shared: Public,
  parties: readonly number[],
  { factors, flipped, challenge }: Round,
  at: number,
  answer: bigint,
): boolean => {
  const { hiding, binding } = pointsOf(curve, shared)[at] as Commitments;
  const held = curve.decode((shared.signers[at] as Public["signers"][number]).share);
  const derived = curve.add(held, curve.multiplyPublic(curve.base, shared.tweak));
  const share = shared.negated ? curve.negate(derived) : derived;
  const nonce = curve.add(hiding, curve.multiplyPublic(binding, factors[at] as bigint));
  const weight = mod(lagrange(parties, parties[at] as number, curve) * challenge, curve.order);
  const right = curve.add(flipped ? curve.negate(nonce) : nonce, curve.multiplyPublic(share, weight));
  return curve.equal(curve.multiplyPublic(curve.base, answer), right);
};

const contents = (suite: Suite, presignature: Presignature) => ({
  curve: curveOf(suite.curve),
  secret: presignature.secret as Secret,
  shared: presignature.public as Public,
});
