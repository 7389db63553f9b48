/** What the page and the worker that plays the sample say to one another. */
import type { Language } from "../../base/refusal.ts";
import type { Text } from "../../contract/endpoint.ts";
import type { PlainKeyed } from "../identity/backup-worker.ts";
import type { Refused } from "../sealing/protocol.ts";

/** Once to begin, and again to go on where it was interrupted. */
export interface Begin {
  readonly url: string;
  /** Of the operator's session: what only the operator may do is done in it. */
  readonly csrf: string;
  readonly language: Language;
  /** Which consortium of this platform it is: from the second on, names and logins have the number. */
  readonly number: number;
}

/** A lock that the worker holds for as long as it lives: what it has begun can go on. */
export const HELD = "entente.sample";

export interface Handed {
  readonly nickname: string;
  readonly appId: string;
  readonly login: string;
  readonly password: string;
  /** The key that signs is kept in this browser for the account. */
  readonly kept: boolean;
  readonly keys: readonly PlainKeyed[];
}

export interface Loaded {
  readonly organisations: readonly Handed[];
  /** PEM: opens the result. */
  readonly resultKey: string;
  readonly task: string;
  readonly rows: readonly { readonly measure: string; readonly value: number }[];
  /** The enclave is vouched for by hardware. */
  readonly hardware: boolean;
}

export interface StepDone {
  readonly who: string;
  readonly what: Text;
  readonly ms: number;
}
/** `now`: what is being done. */
export type Told =
  | { readonly now: { readonly who: string; readonly what: Text } }
  | { readonly step: StepDone }
  | { readonly done: Loaded }
  | { readonly failed: Refused };
