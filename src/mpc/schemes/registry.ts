/** All schemes: one line each. */
import type { SchemeId } from "../key-share.ts";
import type { Scheme } from "../scheme.ts";
import { eddsaEd25519, schnorrBip340 } from "./schnorr/index.ts";

const ALL: readonly Scheme[] = [eddsaEd25519, schnorrBip340];

export const schemes: ReadonlyMap<SchemeId, Scheme> = new Map(ALL.map((scheme) => [scheme.id, scheme]));
