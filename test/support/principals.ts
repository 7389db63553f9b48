/** Whoever signs in tests: organisations with their own CA, enclaves with simulated evidence. */
import { generateKey } from "#crypto";
import { toBase64 } from "../../src/base/bytes.ts";
import { DAY, iso, MINUTE } from "../../src/base/clock.ts";
import { type Components, measurementOf } from "../../src/trust/attestation/measurement.ts";
import { reportData } from "../../src/trust/attestation/report-data.ts";
import { simulatedEvidence } from "../../src/trust/attestation/simulated.ts";
import type { PrivateKey, SigningKind } from "../../src/trust/crypto/crypto.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { parseStatement, signStatementWith } from "../../src/trust/statement.ts";
import type { Certificate } from "../../src/trust/x509/certificate.ts";
import { createCrl } from "../../src/trust/x509/crl.ts";
import { createCa, issue, randomSerial } from "../../src/trust/x509/issue.ts";

/** When tests begin. */
export const START = Date.UTC(2026, 0, 5, 8);

export const SALT = "A".repeat(22);

/** Stream id of what a founding statement founds. */
export const digestOfJws = (jws: string): string => parseStatement(jws).digest;

/** Whoever signs. */
export interface Signatory {
  /** Stream id, known before it is founded. */
  readonly id: string;
  /** The statement that founds it. */
  readonly founding: string;
  readonly key: PrivateKey<SigningKind>;
  /** Leaf certificate; enclaves have none. */
  readonly leaf?: Certificate;
}

export interface Organisation extends Signatory {
  readonly name: string;
  readonly appId: string;
  readonly caKey: PrivateKey<SigningKind>;
  readonly ca: Certificate;
  readonly leaf: Certificate;
}

export interface Enclave extends Signatory {
  readonly measurement: string;
}

let appIds = 1_000_000_000;

/** A name that no other test has, as an APPID. */
export const nextAppId = (): string => String(appIds++);

interface OrganisationOptions {
  readonly kind?: SigningKind;
  readonly at?: number;
  readonly appId?: string;
  /** Validity of CA and leaf, milliseconds. */
  readonly caFor?: number;
  readonly leafFor?: number;
}

export const createOrganisation = (
  name: string,
  {
    kind = "P-256",
    at = START,
    appId = nextAppId(),
    caFor = 3_650 * DAY,
    leafFor = 365 * DAY,
  }: OrganisationOptions = {},
): Organisation => {
  const caKey = generateKey(kind);
  const ca = createCa({ name: caName(name), key: caKey, ...validity(at, caFor) });
  const { key, leaf } = issueLeaf({ name, ca, caKey }, { kind, at, lasts: leafFor });
  const payload = { appId, authority: toBase64(ca.der), detail: digestOf({ salt: SALT, nickname: name }) };
  const founding = signStatementWith(
    { kind: "organisation.founded", stream: "", seen: "", by: "", at: iso(at), payload },
    caKey,
    ca.der,
  );
  return { id: digestOfJws(founding), founding, name, appId, caKey, ca, key, leaf };
};

const caName = (name: string) => ({ commonName: `${name} CA`, organization: name });
const validity = (at: number, lasts: number) => ({
  notBefore: at - MINUTE,
  notAfter: at + lasts,
  serial: randomSerial(),
});
/** Another leaf of an organisation's CA, with a key of its own. */
export const issueLeaf = (
  { name, ca, caKey }: Pick<Organisation, "name" | "ca" | "caKey">,
  { kind = "P-256", at = START, lasts = 365 * DAY }: { kind?: SigningKind; at?: number; lasts?: number } = {},
): { key: PrivateKey<SigningKind>; leaf: Certificate } => {
  const key = generateKey(kind);
  const leaf = issue({
    ca,
    caKey,
    publicKey: key.publicKey,
    subject: { commonName: "王芳", organization: name },
    ...validity(at, lasts),
  });
  return { key, leaf };
};

/** The same CA with a later end. */
export const renewCa = ({ name, caKey }: Organisation, at: number, lasts: number): Certificate =>
  createCa({ name: caName(name), key: caKey, ...validity(at, lasts) });

/** A revocation list of the organisation's, base64 of DER. */
export const crlOf = (
  { ca, caKey }: Pick<Organisation, "ca" | "caKey">,
  { number = 1, at = START, revoked = [] as readonly Certificate[] } = {},
): string =>
  toBase64(
    createCrl({
      ca,
      caKey,
      number,
      thisUpdate: at,
      nextUpdate: at + 30 * DAY,
      revoked: revoked.map(({ serial }) => ({ serial, date: at, reason: "keyCompromise" as const })),
    }).der,
  );

export const COMPONENTS: Components = { program: "5e".repeat(48), configuration: "c0".repeat(48) };
export const MEASUREMENT = measurementOf(COMPONENTS);

interface EnclaveOptions {
  readonly at?: number;
  readonly components?: Components;
  /** Members of the founding payload to put something else in. */
  readonly payload?: Record<string, unknown>;
}

/** An enclave with simulated evidence. */
export const createEnclave = ({ at = START, components = COMPONENTS, payload = {} }: EnclaveOptions = {}): Enclave => {
  const key = generateKey("P-256");
  const measurement = measurementOf(components);
  const claims = {
    signingKey: toBase64(key.publicKey.spki),
    encryptionKey: toBase64(generateKey("X25519").publicKey.spki),
    measurement,
    ledger: "entente/test+00000000+AA",
    isolation: "bubblewrap",
  };
  const evidence = simulatedEvidence({ measurement, reportData: reportData({ ...claims, nonce: "" }) });
  const attested = { ...claims, components, attestation: { provider: "simulated", evidence }, ...payload };
  const founding = signStatementWith(
    { kind: "enclave.attested", stream: "", seen: "", by: "", at: iso(at), payload: attested },
    key,
  );
  return { id: digestOfJws(founding), founding, key, measurement };
};
