/** What parties that cheat together have in mind: who lies to whom, where and how, by lot. */
import type { Collusion } from "./collusion.ts";
import { seeded } from "./simulate.ts";

/** Choices that follow from a seed. */
export interface Lots {
  below(count: number): number;
  one<T>(of: readonly T[]): T;
  /** Of 1. */
  chance(of: number): boolean;
  /** Some of them, in their order: one at least. */
  some<T>(of: readonly T[]): T[];
  /** So many, in their order. */
  take<T>(of: readonly T[], count: number): T[];
}
export const lotsOf = (seed: string): Lots => {
  const random = seeded(`lots ${seed}`);
  const below = (count: number) => new DataView(random(4).buffer).getUint32(0) % count;
  const lots: Lots = {
    below,
    one: (of) => of[below(of.length)]!,
    chance: (of) => below(1 << 16) < of * (1 << 16),
    take(of, count) {
      const left = [...of];
      while (left.length > count) left.splice(below(left.length), 1);
      return left;
    },
    some: (of) => lots.take(of, 1 + below(of.length)),
  };
  return lots;
};

const HOWS = [
  "flip",
  "noise",
  "shift",
  // Zero, one, the order and what is around it.
  "edge",
  // Another valid point.
  "point",
  // Nothing as yet: an integer that the cheat keeps becomes another, and what it says later follows from that.
  "keep",
  // What the other cheat says there, or an honest party: which the cheat knows before it has heard it.
  "fellow",
  "honest",
  // What it said there in another run of the same parties.
  "elsewhere",
  "length",
] as const;
const SILENCES = [
  "withhold",
  // As it is, with word that an honest party was caught.
  "accuse",
] as const;

export interface Lie {
  readonly cheat: number;
  /** Which message: `round 2 all`, `round 2 one`, `echo 2 all`. */
  readonly slot: string;
  readonly how: (typeof HOWS | typeof SILENCES)[number];
  /** Who is told so. */
  readonly victims: readonly number[];
  /** The cheat believes it itself, and says the same to all where it speaks to all. */
  readonly believed?: boolean;
  /** Each victim is told something else. */
  readonly each?: boolean;
  /** Where, counted as `how` has it; and by how much a scalar is shifted. */
  readonly at?: number;
  readonly by?: bigint;
}
export interface Plot {
  readonly cheats: readonly number[];
  readonly lies: readonly Lie[];
  /** Cheats echo to each party what that party was told. */
  readonly swear?: boolean;
  /** Cheats go on as if neither had lied. */
  readonly blind?: boolean;
  /** Where a cheat's own program ends, it says what it would have said had nobody lied. */
  readonly stubborn?: boolean;
  /** They say when they have found something out, as honest parties do. */
  readonly loud?: boolean;
  /** What is added to the secrets that they put in. */
  readonly bent?: Readonly<Record<number, bigint>>;
}

/** A plot of two, by lot. */
export const plotBy = <I, R>(
  { parties, protocol, provoke, bend, scalars, points }: Collusion<I, R>,
  lots: Lots,
): Plot => {
  const cheats = lots.take(parties, 2);
  const honest = parties.filter((party) => !cheats.includes(party));
  const said = protocol.rounds.flatMap(({ expects: { broadcast, direct } }, i) => [
    ...(broadcast ? [`round ${i + 1} all`] : []),
    ...(direct ? [`round ${i + 1} one`] : []),
  ]);
  const echoed = protocol.rounds.flatMap(({ expects }, i) =>
    expects.broadcast === "echo" ? [`echo ${i + 1} all`] : [],
  );
  const slotBy = () =>
    lots.chance(0.04)
      ? lots.one(["round 0 all", "echo 0 all"])
      : lots.one(lots.chance(0.08) && echoed.length > 0 ? echoed : said);
  const howBy = (slot: string) => {
    if (scalars?.[slot] && lots.chance(0.4)) return lots.one(["shift", "shift", "edge"] as const);
    if (points?.[slot] && lots.chance(0.4)) return "point";
    return lots.one(lots.chance(0.15) ? SILENCES : HOWS);
  };
  const lieBy = (cheat: number, slot = slotBy()): Lie => {
    const how = howBy(slot);
    const apart = /withhold|accuse/.test(how) || /^(echo|round 0)/.test(slot);
    return {
      ...{ cheat, slot, how, at: lots.below(1 << 30), by: BigInt(1 + lots.below(3)) },
      victims: lots.chance(0.5) ? honest : lots.some(honest),
      believed: how === "keep" || (!apart && lots.chance(0.5)),
      each: lots.chance(0.3),
    };
  };
  const first = slotBy();
  const lies = cheats.map((cheat) => lieBy(cheat, lots.chance(0.5) ? first : undefined));
  // The second takes back what the first has added.
  if (/shift|keep/.test(lies[0]!.how) && lots.chance(0.5))
    lies[1] = { ...lies[0]!, cheat: cheats[1]!, by: -lies[0]!.by! };
  for (const cheat of cheats) if (lots.chance(0.3)) lies.push(lieBy(cheat));
  const last = `round ${protocol.rounds.length} all`;
  if (provoke && lies.some(({ slot }) => slot === last)) {
    const common = { slot: provoke, how: "shift", victims: honest, believed: true } as const;
    lies.push({ ...common, cheat: lots.one(cheats), at: lots.below(1 << 30) });
  }
  const by = BigInt(1 + lots.below(3));
  return {
    ...{ cheats, lies, swear: lots.chance(0.5), blind: lots.chance(0.5), stubborn: lots.chance(0.5) },
    loud: lots.chance(0.2),
    ...(bend && lots.chance(0.1) && { bent: { [cheats[0]!]: by, [cheats[1]!]: -by } }),
  };
};
