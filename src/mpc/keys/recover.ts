/**
 * Recovery of a lost share (docs/protocols/mpc.md section 10; enrolment of Laing and Stinson 2018, made verifiable): t or
 * more helpers split their Lagrange parts of f(lost) among themselves and send the lost party sums that tell it its
 * share and nothing else, to nobody else. Shares of the others stay; a refresh afterwards makes a stolen copy useless.
 */
import { concat } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { curveOf } from "../curves/registry.ts";
import type { KeyPublic, KeyShare } from "../key-share.ts";
import { Abort, type Context, type Inbox, others, type PlainRecord, type Protocol } from "../protocol.ts";
import { lagrange, mod, randomScalar, toBytes32, toInteger } from "../scalars.ts";
import { read, scalarBytes } from "../wire.ts";
import { onBase, requirePublic, requireThreshold, sharingOf } from "./sharing.ts";

export interface RecoverInput {
  readonly key: KeyPublic;
  /** Undefined for the one that has lost it. */
  readonly share?: KeyShare;
  readonly lost: number;
}
type Start = PlainRecord & { readonly key: KeyPublic; readonly share: KeyShare | null; readonly lost: number };
/** Points by helper that split and helper that it was for, encoded. */
type Split = readonly (readonly Uint8Array[])[];

const NOTHING = new Uint8Array(0);

/**
 * The run's parties are the lost one and its helpers, by their indices in the key. All end one epoch further, the helpers
 * with the share they had.
 * @throws RangeError for fewer than t helpers, a share of another key or epoch
 */
export const recover: Protocol<RecoverInput, KeyShare> = {
  name: "recover/1",
  begin(context, { key, share, lost }) {
    const { self, parties, random } = context;
    const { curve, base } = requirePublic(curveOf(key.curve), key);
    const helpers = parties.filter((party) => party !== lost);
    requireThreshold(key.threshold, helpers);
    if (!parties.includes(lost) || !parties.every((party) => key.parties.includes(party)))
      throw new RangeError("parties of the key, the lost one among them");
    if (self === lost ? share : share?.self !== self || share.epoch !== key.epoch)
      throw new RangeError("a share, this party's, of this epoch: for helpers");
    const input = { key, share: share ?? null, lost } as Start;
    if (!share) return { state: { input, own: null }, send: silence(context) };

    const whole = mod(toInteger(share.secret) * lagrange(helpers, self, curve, lost), curve.order);
    const parts = new Map(helpers.map((helper) => [helper, randomScalar(random, curve)]));
    const rest = [...parts].reduce((left, [helper, part]) => (helper === self ? left : left - part), whole);
    parts.set(self, mod(rest, curve.order));
    const points = [...parts.values()].map((part) => curve.encode(onBase({ curve, base }, part)));
    const direct = new Map(
      others(context).map((to) => [to, parts.has(to) ? scalarBytes(parts.get(to) as bigint) : NOTHING]),
    );
    return { state: { input, own: parts.get(self) ?? null }, send: { broadcast: concat(...points), direct } };
  },
  rounds: [
    {
      expects: { broadcast: "echo", direct: true },
      step(context: Context, { input, own }: { input: Start; own: bigint | null }, inbox) {
        const { self } = context;
        const { curve, helpers, split } = checked(context, input, inbox);
        const at = helpers.indexOf(self);
        if (at < 0) {
          for (const helper of helpers) read(inbox.direct(helper), helper, "recover.part", () => undefined);
          return { state: { input, split }, send: { direct: new Map(helpers.map((helper) => [helper, NOTHING])) } };
        }
        const sharing = sharingOf(curve, input.key);
        let sum = own as bigint;
        for (const [i, helper] of helpers.entries()) {
          if (helper === self) continue;
          const part = read(inbox.direct(helper), helper, "recover.part", (reader) => reader.scalar(curve));
          const point = curve.decode((split[i] as readonly Uint8Array[])[at] as Uint8Array);
          if (!curve.equal(onBase(sharing, part), point)) throw new Abort("recover.part", helper);
          sum = mod(sum + part, curve.order);
        }
        read(inbox.direct(input.lost), input.lost, "recover.part", () => undefined);
        const direct = new Map(others(context).map((to) => [to, to === input.lost ? scalarBytes(sum) : NOTHING]));
        return { state: { input, split }, send: { direct } };
      },
    },
    {
      expects: { direct: true },
      step(context: Context, { input, split }: { input: Start; split: Split }, inbox) {
        const { self, parties } = context;
        const { key, share, lost } = input;
        const epoch = key.epoch + 1;
        if (share) {
          for (const party of others(context)) read(inbox.direct(party), party, "recover.sum", () => undefined);
          return { result: { ...share, epoch } };
        }
        const curve = curveOf(key.curve);
        const sharing = sharingOf(curve, key);
        let secret = 0n;
        for (const [at, helper] of parties.filter((party) => party !== lost).entries()) {
          const sum = read(inbox.direct(helper), helper, "recover.sum", (reader) => reader.scalar(curve));
          const due = split.reduce(
            (total, points) => curve.add(total, curve.decode(points[at] as Uint8Array)),
            curve.zero,
          );
          if (!curve.equal(onBase(sharing, sum), due)) throw new Abort("recover.sum", helper);
          secret = mod(secret + sum, curve.order);
        }
        return { result: { ...key, epoch, self, secret: toBytes32(secret) } };
      },
    },
  ],
};

const silence = (context: Context) => ({
  broadcast: NOTHING,
  direct: new Map(others(context).map((to) => [to, NOTHING])),
});

/** What the helpers have said that they split, each held to the share that it is known to have. */
const checked = ({ parties }: Context, { key, lost }: Start, inbox: Inbox) => {
  const curve: Curve = curveOf(key.curve);
  const helpers = parties.filter((party) => party !== lost);
  if (inbox.broadcast(lost).length > 0) throw new Abort("recover.split", lost);
  const split = helpers.map((helper) => {
    const points = read(inbox.broadcast(helper), helper, "recover.split", (reader) =>
      reader.list(helpers.length, (item) => item.point(curve)),
    );
    const whole = curve.multiplyPublic(
      curve.decode(key.verifyingShares[helper] as Uint8Array),
      lagrange(helpers, helper, curve, lost),
    );
    if (
      !curve.equal(
        points.reduce((sum, point) => curve.add(sum, point), curve.zero),
        whole,
      )
    )
      throw new Abort("recover.split", helper);
    return points.map((point) => curve.encode(point));
  });
  return { curve, helpers, split };
};
