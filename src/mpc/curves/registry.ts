/**
 * Which implementation of a group is used: the fastest that this machine has. They give the same results
 * (`curves.test.ts` compares them), so parties may differ in it.
 */
import type { Curve, CurveId } from "../curve.ts";
import { nativeEd25519 } from "./ed25519-native.ts";
import { nobleCurves } from "./noble.ts";
import { openSslP256 } from "./p256-openssl.ts";
import { nativeSecp256k1 } from "./secp256k1-native.ts";

export const nativeCurves: Readonly<Partial<Record<CurveId, Curve>>> = {
  secp256k1: nativeSecp256k1() as Curve | undefined,
  "P-256": openSslP256() as Curve,
  Ed25519: nativeEd25519() as Curve | undefined,
};

let portable = false;

/** For programs whose measurement should hold all code that touches a secret: no native package. Called at their start. */
export const usePortableCurves = (yes = true): void => {
  portable = yes;
};

export const curveOf = (id: CurveId): Curve => (portable ? undefined : nativeCurves[id]) ?? (nobleCurves[id] as Curve);
