/**
 * Moves what is the member's own to another enclave, without sealing it again. The new one is verified first, as before
 * anything is sealed to it; the signed statements name its measurement, and the former enclave hands over nothing else.
 */
import { type EnclaveState, enclave as enclaveBook } from "../../rules/enclave.ts";
import { requireSuccessor } from "../../rules/moving.ts";
import type { Rulebook, StreamState } from "../../rules/rulebook.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { readEnclave, type VerifiedEnclave } from "./verify-enclave.ts";

type MovingClient = Pick<Client, "alliances" | "models" | "sources" | "enclaves">;

/** Something of the member's that is at another enclave. */
export interface Movable {
  readonly kind: "source" | "model" | "alliance";
  readonly id: string;
  readonly name: string;
  /** Stream id of the enclave it is at. */
  readonly from: string;
}

/** A former enclave, and what of it differs from the new one. */
export interface FormerEnclave {
  readonly id: string;
  readonly measurement: string;
  readonly provider: string;
  /** Names of components. */
  readonly differs: readonly string[];
}

/** For people to read before they sign. */
export interface MovePlan {
  readonly items: readonly Movable[];
  readonly former: readonly FormerEnclave[];
}

const ANY = { enclaves: "any" } as const;
const PAGE = 100;

/**
 * What of the member's own is at other enclaves. Former ones are taken by their own founding statements.
 * @param to of `verifyEnclave`
 * @param options.from of this enclave alone
 * @throws Refusal enclave.statement, enclave.weaker
 */
export const planMove = async (
  client: MovingClient,
  to: VerifiedEnclave,
  { me, from }: { readonly me: string; readonly from?: string | undefined },
): Promise<MovePlan> => {
  const items = (await ownedBy(client, me)).filter((one) => one.from !== to.id && one.from === (from ?? one.from));
  const after = await readEnclave(client, to.id, ANY);
  // It was verified a moment ago: the server shows the same one.
  if (after.measurement !== to.measurement)
    throw refuse("enclave.statement", { id: to.id, reason: `its measurement is ${after.measurement} now` });
  const former = await Promise.all(
    [...new Set(items.map((one) => one.from))].map(async (id): Promise<FormerEnclave> => {
      const before = await readEnclave(client, id, ANY);
      requireNoWeaker({ [id]: before, [to.id]: after }, id, to);
      const names = [...new Set([...Object.keys(before.components), ...Object.keys(after.components)])].sort();
      const differs = names.filter((name) => before.components[name] !== after.components[name]);
      return { id, measurement: before.measurement, provider: before.provider, differs };
    }),
  );
  return { items, former };
};

/** Signs for each: tables and models first, so that tasks are created there when all is moved. @returns what was moved */
export const moveToEnclave = async (
  client: MovingClient,
  to: VerifiedEnclave,
  { items }: MovePlan,
): Promise<readonly Movable[]> => {
  const successor = { enclave: to.id, measurement: to.measurement };
  for (const { kind, id, from } of items) {
    if (kind === "alliance") await client.alliances.move(id, successor);
    else if (kind === "model") await client.models.move(id, { from, ...successor });
    else await client.sources.move(id, { from, ...successor });
  }
  return items;
};

/** By the same rule as the ledger's, on what the enclaves have said of themselves. */
const requireNoWeaker = (states: Record<string, EnclaveState>, from: string, { id, measurement }: VerifiedEnclave) => {
  const stream = <S>(book: Rulebook<S>, id: string): StreamState<S> | undefined => {
    const state = states[id];
    if (!state || book.name !== enclaveBook.name) return undefined;
    return { book: book.name, length: 1, size: 0, head: id, state: state as S };
  };
  requireSuccessor({ stream }, from, { enclave: id, measurement });
};

const ownedBy = async (client: MovingClient, me: string): Promise<Movable[]> => {
  const sources = await everything((page) => client.sources.list({ tab: "mine", page, pageSize: PAGE }));
  const models = await everything((page) => client.models.list({ tab: "mine", page, pageSize: PAGE }));
  const alliances = await everything((page) => client.alliances.list({ page, pageSize: PAGE }));
  const active = ({ state }: { readonly state: string }) => state !== "withdrawn";
  const own = ({ creator }: { readonly creator: { readonly id: string } }) => creator.id === me;
  const shown =
    (kind: Movable["kind"]) =>
    ({ id, name, enclave: from }: { readonly id: string; readonly name: string; readonly enclave: string }) => ({
      ...{ kind, id, name, from },
    });
  return [
    ...sources.filter(active).filter(own).map(shown("source")),
    ...models.filter(active).filter(own).map(shown("model")),
    ...alliances.filter(own).map(shown("alliance")),
  ];
};

const everything = async <T>(
  read: (page: number) => Promise<{ readonly items: readonly T[]; readonly total: number }>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const { items, total } = await read(page);
    all.push(...items);
    if (items.length < PAGE || all.length >= total) return all;
  }
};
