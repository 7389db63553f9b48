/** Verifies a bundle beside the page, by the code that `entente verify` runs, and says it in both languages. */
import { toBase64, toHex } from "../../base/bytes.ts";
import { explain, Refusal } from "../../base/refusal.ts";
import type { Text } from "../../contract/endpoint.ts";
import type { EnclavePin } from "../../evidence/enclave-pin.ts";
import { type Explanation, explainBundle } from "../../evidence/explain.ts";
import { explainRequest, type RequestExplanation } from "../../evidence/explain-request.ts";
import { partiesIn, requireTrusted, type Trust } from "../../evidence/trust.ts";
import { type Verified, verifyAny } from "../../evidence/verify.ts";
import type { VerifiedRequest } from "../../evidence/verify-request.ts";

/** What this browser knows from before. */
export interface Pins {
  readonly ledger: string | undefined;
  readonly enclaves: readonly EnclavePin[];
  readonly keyNodes: readonly EnclavePin[];
  /** Fingerprint of a member's authority, by the id of its stream. */
  readonly members: Readonly<Record<string, string>>;
}
export interface Asked {
  readonly bytes: Uint8Array;
  readonly pins: Pins;
}

export interface Said {
  readonly code: string;
  readonly text: Text;
}
export type Found = Explanation | RequestExplanation;
/** It holds. `differs`: it does, but is not of what this browser trusts. */
export interface Proven {
  readonly found: Readonly<Record<"en" | "zh-CN", Found>>;
  readonly differs: Said | undefined;
  /** Root of the ledger's tree, base64 as in the checkpoint, and hex. */
  readonly root: { readonly base64: string; readonly hex: string };
  /** The signed note. */
  readonly checkpoint: string;
  readonly ms: number;
}
export type Answer = { readonly proven: Proven } | { readonly failed: Said };

const said = (error: unknown): Said => {
  const { code, details, message } =
    error instanceof Refusal
      ? error
      : new Refusal("console.failed", 0, {}, error instanceof Error ? error.message : "");
  const text = (language: "en" | "zh-CN") => {
    const words = explain(code, details, language);
    return words === code ? message : words;
  };
  return { code, text: { en: text("en"), "zh-CN": text("zh-CN") } };
};

const trustOf = (verified: Verified | VerifiedRequest, pins: Pins): Trust => {
  const programs = "request" in verified ? pins.keyNodes : pins.enclaves;
  // Of somebody who is not in this bundle nothing is to be said.
  const parties = new Set(partiesIn(verified).map(({ id }) => id));
  return {
    ...(pins.ledger !== undefined && { ledger: pins.ledger }),
    ...(programs.length > 0 && { enclaves: [...programs] }),
    members: Object.fromEntries(Object.entries(pins.members).filter(([id]) => parties.has(id))),
  };
};

const differenceOf = (verified: Verified | VerifiedRequest, trust: Trust): Said | undefined => {
  try {
    requireTrusted(verified, trust);
    return undefined;
  } catch (error) {
    return said(error);
  }
};

const prove = ({ bytes, pins }: Asked): Proven => {
  const began = performance.now();
  const verified = verifyAny(bytes);
  const trust = trustOf(verified, pins);
  const differs = differenceOf(verified, trust);
  const held = differs ? {} : trust;
  const inWords = (language: "en" | "zh-CN") =>
    "request" in verified ? explainRequest(verified, language, held) : explainBundle(verified, language, held);
  const { root } = verified.checkpoint;
  return {
    found: { en: inWords("en"), "zh-CN": inWords("zh-CN") },
    differs,
    root: { base64: toBase64(root), hex: toHex(root) },
    checkpoint: verified.bundle.checkpoint,
    ms: performance.now() - began,
  };
};

self.onmessage = ({ data }: MessageEvent<Asked>) => {
  try {
    postMessage({ proven: prove(data) } satisfies Answer);
  } catch (error) {
    postMessage({ failed: said(error) } satisfies Answer);
  }
};
