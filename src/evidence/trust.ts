/** What a verifier knows from elsewhere and holds a bundle to: without it, a bundle names its own witnesses. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import type { Machine } from "../rules/attested.ts";
import { enclave as enclaveBook } from "../rules/enclave.ts";
import { keyNode } from "../rules/key-node.ts";
import { organisation as organisationBook } from "../rules/organisation.ts";
import { issuesOf, streamOf } from "../rules/world.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import { EnclavePin, type FoundEnclave, isPinned as isEnclavePinned, pinText } from "./enclave-pin.ts";
import { refuse } from "./errors.ts";
import type { Verified } from "./verify.ts";
import type { VerifiedRequest } from "./verify-request.ts";

const Trust = z.strictObject({
  /** Verifier key of the ledger (C2SP vkey). */
  ledger: z.string().optional(),
  /** Enclave programs, each with the attestation that has to vouch for it: a simulated one counts only where it says so. */
  enclaves: z.array(EnclavePin).optional(),
  /** Attestation providers, for example `tdx` without `simulated`. */
  providers: z.array(z.string()).optional(),
  /** SHA-256 (hex) of a CA's certificate, by nickname, APPID or stream id. */
  members: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)).optional(),
});
export type Trust = z.output<typeof Trust>;

/** @param text JSON. @throws Refusal trust.malformed */
export const parseTrust = (text: string): Trust => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("trust.malformed", { reason: "it is not JSON" });
  }
  const parsed = Trust.safeParse(value);
  if (!parsed.success) throw refuse("trust.malformed", { reason: issuesOf(parsed.error) });
  return parsed.data;
};

/** An organisation of a bundle. */
export interface Party {
  /** Stream id. */
  readonly id: string;
  readonly appId: string;
  /** Null where the text was left out. */
  readonly nickname: string | null;
  /** SHA-256 (hex) of every certificate that its CA has had, the first first. */
  readonly fingerprints: readonly string[];
}

/** Every organisation of the bundle, in the order they were founded. */
export const partiesIn = ({ world, entries, details }: Pick<Verified, "world" | "entries" | "details">): Party[] => {
  const certificates = Map.groupBy(
    entries.flatMap(({ stream, signed }) => {
      const { authority } = signed.statement.payload as { authority?: string };
      return authority ? [{ stream, fingerprint: parseCertificate(fromBase64(authority)).fingerprint }] : [];
    }),
    ({ stream }) => stream,
  );
  return [...certificates].flatMap(([id, found]) => {
    const state = streamOf(world, organisationBook, id)?.state;
    if (!state) return [];
    const nickname = details.get(state.detail)?.nickname;
    const fingerprints = found.map(({ fingerprint }) => fingerprint);
    return [{ id, appId: state.appId, nickname: typeof nickname === "string" ? nickname : null, fingerprints }];
  });
};

/** What a party may be pinned under. */
const namesOf = ({ id, appId, nickname }: Party): string[] => [id, appId, ...(nickname === null ? [] : [nickname])];

export const isPinned = (party: Party, { members = {} }: Trust): boolean =>
  namesOf(party).some((name) => Object.hasOwn(members, name));

/** @throws Refusal bundle.trust naming the first thing that differs from what is trusted */
export const requireTrusted = (verified: Verified | VerifiedRequest, trust: Trust): void => {
  const { bundle } = verified;
  const within = (what: string, found: string, trusted: readonly string[] | undefined) => {
    if (trusted && !trusted.includes(found))
      throw refuse("bundle.trust", { what, found, expected: trusted.join(", ") || "(none)" });
  };
  within("ledger", bundle.ledger, trust.ledger === undefined ? undefined : [trust.ledger]);
  const { what, machines } = machinesOf(verified);
  for (const machine of machines) {
    const found = {
      provider: machine?.provider ?? "",
      measurement: machine?.measurement ?? "",
      platform: machine?.attested?.platform,
    };
    within("provider", found.provider, trust.providers);
    if (trust.enclaves && !isEnclavePinned(found, trust.enclaves))
      throw refuse("bundle.trust", {
        what,
        found: inFull(found),
        expected: trust.enclaves.map(inFull).join(", ") || "(none)",
      });
  }
  requireMembers(partiesIn(verified), trust);
};

/**
 * Of a run the enclave that holds the task's keys, and all that were given them, whichever ended it: they may be on
 * different machines. Of a request the key nodes that took part.
 */
const machinesOf = (verified: Verified | VerifiedRequest): { what: string; machines: (Machine | undefined)[] } => {
  const { world } = verified;
  if ("request" in verified)
    return { what: "key node", machines: verified.signers.map((id) => streamOf(world, keyNode, id)?.state) };
  const { definition, runners, runner } = verified.task;
  const ids = new Set([definition.enclave, ...runners, runner]);
  return { what: "enclave", machines: [...ids].map((id) => streamOf(world, enclaveBook, id)?.state) };
};

/** With what was measured of its machine, which may be all that differs. */
const inFull = ({ platform, ...enclave }: FoundEnclave): string =>
  [pinText(enclave), ...Object.entries(platform ?? {}).map(([name, value]) => `${name}=${value}`)].join(" ");

/** Every pin is met by exactly one party: whoever left a party or its name out would have taken the pin away. */
const requireMembers = (parties: readonly Party[], { members = {} }: Trust): void => {
  for (const [name, expected] of Object.entries(members)) {
    const named = parties.filter((party) => namesOf(party).includes(name));
    const found = named.map(({ fingerprints }) => fingerprints.join(", ")).join("; ");
    if (named.length !== 1 || !named[0]?.fingerprints.includes(expected))
      throw refuse("bundle.trust", { what: `member ${name}`, found: found || "(nobody of that name)", expected });
  }
};
