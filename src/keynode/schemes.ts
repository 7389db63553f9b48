import type { Scheme } from "../mpc/scheme.ts";
import { schemes } from "../mpc/schemes/registry.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";

/** How keys of a scheme sign. There is one for each that the ledger lets in. */
export const schemeOf = (id: KeyScheme): Scheme => schemes.get(id) as Scheme;
