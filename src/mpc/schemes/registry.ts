/** All schemes: one line each. */
import type { SchemeId } from "../key-share.ts";
import type { Scheme } from "../scheme.ts";
import { ecdsaK1, ecdsaR1 } from "./ecdsa/index.ts";
import { eddsaEd25519, schnorrBip340, schnorrK1, schnorrR1 } from "./schnorr/index.ts";
import { sm2 } from "./sm2/index.ts";

const ALL: readonly Scheme[] = [ecdsaK1, ecdsaR1, eddsaEd25519, schnorrBip340, schnorrK1, schnorrR1, sm2];

export const schemes: ReadonlyMap<SchemeId, Scheme> = new Map(ALL.map((scheme) => [scheme.id, scheme]));
