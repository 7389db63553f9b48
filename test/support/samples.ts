/**
 * Evidence of TDX and SEV-SNP to test with: real samples where their folder is there (they are not part of the
 * project), and such as is made here, under roots of the test's own.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { concat, fromHex, toBase64, utf8 } from "../../src/base/bytes.ts";
import type { SnpEvidence } from "../../src/trust/attestation/sev-snp/verify.ts";
import type { TdxEvidence } from "../../src/trust/attestation/tdx/verify.ts";
import { bitString, context, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, tlv } from "../../src/trust/crypto/der.ts";
import { pemBlocks, toPem } from "../../src/trust/pem.ts";

const folder =
  process.env.ENTENTE_SAMPLES ?? fileURLToPath(new URL("../../../shared/fixtures/attestation", import.meta.url));

/** Whether the real samples are on this machine. */
export const haveSamples = existsSync(`${folder}/tdx_quote`);
const sample = (name: string): Buffer => readFileSync(`${folder}/${name}`);

/** A real TDX quote with its collateral. @param name `tdx_quote`, `tdx_quote_outdated` */
export const realTdx = (name: string): TdxEvidence => {
  const kept = JSON.parse(sample(`${name}_collateral.json`).toString()) as Record<string, string>;
  const [signer] = pemBlocks(kept.tcb_info_issuer_chain ?? "");
  return {
    quote: sample(name).toString("base64"),
    collateral: {
      tcbInfo: `{"tcbInfo":${kept.tcb_info},"signature":"${kept.tcb_info_signature}"}`,
      qeIdentity: `{"enclaveIdentity":${kept.qe_identity},"signature":"${kept.qe_identity_signature}"}`,
      signer: toBase64(signer?.der ?? new Uint8Array()),
      rootCrl: Buffer.from(kept.root_ca_crl ?? "", "hex").toString("base64"),
      pckCrl: Buffer.from(kept.pck_crl ?? "", "hex").toString("base64"),
    },
  };
};

/** The same as other verifiers take it: the quote, and its collateral as JSON. */
export const realTdxRaw = (name: string): { quote: Buffer; collateral: string } => ({
  quote: sample(name),
  collateral: sample(`${name}_collateral.json`).toString(),
});

/** A real SEV-SNP report of a Milan processor, without a revocation list. */
export const realSnp = (): SnpEvidence => {
  const [ask, ark] = pemBlocks(sample("milan.testcer").toString()).map(({ der }) => toBase64(der));
  const vcek = sample("vcek.testcer").toString("base64");
  return { report: sample("attestation.bin").toString("base64"), vcek, ask: ask ?? "", ark: ark ?? "" };
};

/** The bytes (base64) with one bit flipped, at every `step`th byte; another bit each time. */
export function* flipped(encoded: string, step: number): Generator<{ readonly at: number; readonly damaged: string }> {
  const bytes = Buffer.from(encoded, "base64");
  for (let at = 0; at < bytes.length; at += step) {
    const damaged = Buffer.from(bytes);
    // The lowest bit is left alone: it turns a line end of PEM into another kind of space, which means nothing.
    damaged[at] = (damaged[at] ?? 0) ^ (2 << (at % 7));
    yield { at, damaged: damaged.toString("base64") };
  }
}

/** When everything that is made here is valid, milliseconds. */
export const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;

type Signature = "ecdsa" | "pss";
interface Maker {
  readonly name: string;
  readonly key: KeyObject;
  readonly spki: Uint8Array;
  readonly signs: Signature;
}

const maker = (name: string, kind: "P-256" | "P-384" | "RSA"): Maker => {
  const pair =
    kind === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: kind });
  const spki = new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" }));
  return { name, key: pair.privateKey, spki, signs: kind === "RSA" ? "pss" : "ecdsa" };
};

const seq = (...parts: Uint8Array[]) => tlv(SEQUENCE, ...parts);
const oid = (dotted: string): Uint8Array => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const arc = (n: number): number[] => (n < 128 ? [n] : [...arc(Math.floor(n / 128)).map((b) => b | 0x80), n % 128]);
  return tlv(OID, Uint8Array.from([40 * first + second, ...rest].flatMap(arc)));
};
const integer = (n: number) => {
  const hex = n.toString(16);
  const bytes = fromHex(hex.padStart(hex.length + (hex.length % 2), "0"));
  return tlv(INTEGER, (bytes[0] ?? 0) & 0x80 ? concat(Uint8Array.of(0), bytes) : bytes);
};
const time = (ms: number) => tlv(0x18, utf8(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`));
const nameOf = ({ name }: Pick<Maker, "name">) => seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(0x0c, utf8(name)))));
const extension = (id: string, value: Uint8Array, critical = false) =>
  seq(oid(id), ...(critical ? [tlv(0x01, Uint8Array.of(0xff))] : []), tlv(OCTET_STRING, value));

const SHA384 = seq(oid("2.16.840.1.101.3.4.2.2"), tlv(NULL));
const ALGORITHMS: Record<Signature, Uint8Array> = {
  ecdsa: seq(oid("1.2.840.10045.4.3.2")),
  pss: seq(
    oid("1.2.840.113549.1.1.10"),
    seq(
      tlv(context(0), SHA384),
      tlv(context(1), seq(oid("1.2.840.113549.1.1.8"), SHA384)),
      tlv(context(2), integer(48)),
      tlv(context(3), integer(1)),
    ),
  ),
};

const signed = (tbs: Uint8Array, by: Maker): Uint8Array => {
  const signature =
    by.signs === "ecdsa"
      ? sign("sha256", tbs, by.key)
      : sign("sha384", tbs, { key: by.key, padding: 6, saltLength: 48 });
  return seq(tbs, ALGORITHMS[by.signs], bitString(signature));
};

interface Issued {
  readonly serial: number;
  readonly ca?: boolean;
  readonly extensions?: readonly Uint8Array[];
  readonly notAfter?: number;
}

const certificate = (
  of: Maker,
  by: Maker,
  { serial, ca = false, extensions = [], notAfter = NOW + 900 * DAY }: Issued,
) => {
  const constraints = seq(...(ca ? [tlv(0x01, Uint8Array.of(0xff))] : []));
  const usage = tlv(0x03, ca ? Uint8Array.of(1, 0x06) : Uint8Array.of(7, 0x80));
  const all = [extension("2.5.29.19", constraints, true), extension("2.5.29.15", usage, true), ...extensions];
  const validity = seq(time(NOW - 900 * DAY), time(notAfter));
  const fields = [integer(serial), ALGORITHMS[by.signs], nameOf(by), validity, nameOf(of), of.spki];
  return signed(seq(tlv(context(0), integer(2)), ...fields, tlv(context(3), seq(...all))), by);
};

/** @param nextUpdate milliseconds */
const crl = (by: Maker, serials: readonly number[], nextUpdate = NOW + 20 * DAY) => {
  const entries = serials.map((serial) => seq(integer(serial), time(NOW - DAY)));
  const list = entries.length > 0 ? [seq(...entries)] : [];
  const number = tlv(context(0), seq(extension("2.5.29.20", integer(1))));
  const fields = [integer(1), ALGORITHMS[by.signs], nameOf(by), time(NOW - 10 * DAY), time(nextUpdate)];
  return signed(seq(...fields, ...list, number), by);
};

const fingerprint = (der: Uint8Array): string => createHash("sha256").update(der).digest("hex");
const le = (n: number, length: number) => Uint8Array.from({ length }, (_, i) => Math.floor(n / 256 ** i) % 256);

const intel = {
  root: maker("Test SGX Root CA", "P-256"),
  ca: maker("Test SGX PCK Platform CA", "P-256"),
  pck: maker("Test SGX PCK Certificate", "P-256"),
  signer: maker("Intel SGX TCB Signing", "P-256"),
  attestation: maker("attestation key", "P-256"),
};
const SERIALS = { root: 1, ca: 2, signer: 3, pck: 4 } as const;

const rootDer = certificate(intel.root, intel.root, { serial: SERIALS.root, ca: true });

/** What a quote made here is to be like; good where nothing is said. */
export interface MadeTdx {
  readonly version?: 4 | 5;
  /** Hexadecimal. */
  readonly reportData?: string;
  readonly rtmr3?: string;
  readonly tdAttributes?: string;
  readonly teeTcbSvn?: string;
  readonly qeAttributes?: string;
  readonly fmspc?: string;
  /** Of the processor, the module and the quoting enclave. */
  readonly statuses?: readonly [string, string, string];
  readonly advisories?: readonly string[];
  readonly revoked?: keyof typeof SERIALS;
  /** Milliseconds, of TCB info, QE identity and the PCK's list. */
  readonly nextUpdate?: number;
  /** Whose key signs TCB info and QE identity. */
  readonly signer?: "signer" | "pck";
}

const MRSIGNER = "ab".repeat(32);
const raw = (key: KeyObject, data: Uint8Array) =>
  new Uint8Array(sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }));

/** A quote with collateral under a root of the test's own. */
export const madeTdx = (like: MadeTdx = {}): { evidence: TdxEvidence; roots: ReadonlySet<string> } => {
  const { fmspc = "00906ed50000", revoked, nextUpdate = NOW + 20 * DAY, signer = "signer" } = like;
  const caDer = certificate(intel.ca, intel.root, { serial: SERIALS.ca, ca: true });
  const pckDer = certificate(intel.pck, intel.ca, { serial: SERIALS.pck, extensions: [sgxExtension()] });
  const signerDer = certificate(intel.signer, intel.root, { serial: SERIALS.signer });
  const answer = (name: string, value: object) => {
    const text = JSON.stringify(value);
    return `{"${name}":${text},"signature":"${Buffer.from(raw(intel[signer].key, utf8(text))).toString("hex")}"}`;
  };
  const listed = (...names: (keyof typeof SERIALS)[]) =>
    names.filter((name) => name === revoked).map((name) => SERIALS[name]);
  const quote = makeQuote(like, [pckDer, caDer, rootDer].map((der) => toPem("CERTIFICATE", der)).join(""));
  return {
    evidence: {
      quote: toBase64(quote),
      collateral: {
        tcbInfo: answer("tcbInfo", tcbInfoOf(like, fmspc, nextUpdate)),
        qeIdentity: answer("enclaveIdentity", qeIdentityOf(like, nextUpdate)),
        signer: toBase64(signer === "signer" ? signerDer : pckDer),
        rootCrl: toBase64(crl(intel.root, listed("ca", "signer"))),
        pckCrl: toBase64(crl(intel.ca, listed("pck"), nextUpdate)),
      },
    },
    roots: new Set([fingerprint(rootDer)]),
  };
};

const SGX = "1.2.840.113741.1.13.1";
const sgxExtension = () => {
  const field = (i: number | string, value: Uint8Array) => seq(oid(`${SGX}.${i}`), value);
  const svns = Array.from({ length: 17 }, (_, i) => field(`2.${i + 1}`, integer(i === 16 ? 11 : 3)));
  const octets = (hex: string) => tlv(OCTET_STRING, fromHex(hex));
  const fields = [
    field(1, octets("11".repeat(16))),
    field(2, seq(...svns)),
    field(3, octets("0000")),
    field(4, octets("00906ed50000")),
  ];
  return extension(SGX, seq(...fields));
};

const dates = (nextUpdate: number) => ({
  issueDate: new Date(NOW - 10 * DAY).toISOString(),
  nextUpdate: new Date(nextUpdate).toISOString(),
});
const good = "UpToDate";
const tcbInfoOf = ({ statuses = [good, good, good], advisories = [] }: MadeTdx, fmspc: string, nextUpdate: number) => {
  const seam = { mrsigner: "00".repeat(48), attributes: "00".repeat(8), attributesMask: "FF".repeat(8) };
  const svns = (svn: number) => Array.from({ length: 16 }, () => ({ svn }));
  const level = (svn: number, tcbStatus: string, advisoryIDs: readonly string[]) => ({
    tcb: { sgxtcbcomponents: svns(svn), tdxtcbcomponents: svns(svn), pcesvn: 11 },
    tcbDate: new Date(NOW).toISOString(),
    tcbStatus,
    advisoryIDs,
  });
  return {
    id: "TDX",
    version: 3,
    ...dates(nextUpdate),
    fmspc,
    pceId: "0000",
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    tdxModule: seam,
    tdxModuleIdentities: [
      { id: "TDX_01", ...seam, tcbLevels: [{ tcb: { isvsvn: 3 }, tcbStatus: statuses[1], advisoryIDs: advisories }] },
    ],
    tcbLevels: [level(3, statuses[0], advisories), level(2, "OutOfDate", ["INTEL-SA-00001"])],
  };
};

const qeIdentityOf = ({ statuses = [good, good, good] }: MadeTdx, nextUpdate: number) => ({
  id: "TD_QE",
  version: 2,
  ...dates(nextUpdate),
  miscselect: "00000000",
  miscselectMask: "FFFFFFFF",
  attributes: `11${"00".repeat(15)}`,
  attributesMask: `FB${"FF".repeat(7)}${"00".repeat(8)}`,
  mrsigner: MRSIGNER.toUpperCase(),
  isvprodid: 2,
  tcbLevels: [{ tcb: { isvsvn: 4 }, tcbStatus: statuses[2] }],
});

const makeQuote = (like: MadeTdx, certificates: string): Uint8Array => {
  const { version = 4, tdAttributes = "0000001000000000", teeTcbSvn = `0301${"03".repeat(14)}` } = like;
  const { reportData = "00".repeat(64), rtmr3 = "00".repeat(48), qeAttributes = `15${"00".repeat(15)}` } = like;
  const zero = (length: number) => new Uint8Array(length);
  const header = concat(
    le(version, 2),
    le(2, 2),
    le(0x81, 4),
    zero(4),
    fromHex("939a7233f79c4ca9940a0db3957f0607"),
    zero(20),
  );
  const td10 = concat(
    fromHex(teeTcbSvn),
    fromHex("5e".repeat(48)),
    zero(56),
    fromHex(tdAttributes),
    fromHex("e702060000000000"),
    fromHex("7d".repeat(48)),
    zero(144),
    ...["a0", "a1", "a2"].map((byte) => fromHex(byte.repeat(48))),
    fromHex(rtmr3),
    fromHex(reportData),
  );
  const body = version === 4 ? td10 : concat(le(3, 2), le(648, 4), td10, zero(64));
  const point = intel.attestation.spki.slice(-64);
  const authData = fromHex("77".repeat(32));
  const binding = createHash("sha256").update(concat(point, authData)).digest();
  const qeReport = concat(
    zero(48),
    fromHex(qeAttributes),
    zero(64),
    fromHex(MRSIGNER),
    zero(96),
    le(2, 2),
    le(4, 2),
    zero(60),
    binding,
    zero(32),
  );
  const chain = utf8(certificates);
  const certification = concat(
    qeReport,
    raw(intel.pck.key, qeReport),
    le(32, 2),
    authData,
    le(5, 2),
    le(chain.length, 4),
    chain,
  );
  const own = raw(intel.attestation.key, concat(header, body));
  const signatures = concat(own, point, le(6, 2), le(certification.length, 4), certification);
  return concat(header, body, le(signatures.length, 4), signatures);
};

const amd = { ark: maker("ARK-Test", "RSA"), ask: maker("SEV-Test", "RSA"), vcek: maker("SEV-VCEK", "P-384") };
const arkDer = certificate(amd.ark, amd.ark, { serial: 65_536, ca: true });

/** What a report made here is to be like; good where nothing is said. */
export interface MadeSnp {
  readonly reportData?: string;
  readonly hostData?: string;
  readonly policy?: number;
  readonly vmpl?: number;
  /** Boot loader, TEE, SNP, microcode of the report; the chip's key is for `keyTcb`. */
  readonly tcb?: readonly [number, number, number, number];
  readonly keyTcb?: readonly [number, number, number, number];
  readonly launchTcb?: readonly [number, number, number, number];
  readonly chipId?: string;
  /** The word that says which key signs, and how. */
  readonly keys?: number;
  readonly revoked?: boolean;
  readonly withoutCrl?: boolean;
  readonly nextUpdate?: number;
}

const GOOD_TCB = [4, 0, 24, 219] as const;
const CHIP = "c4".repeat(64);

/** A report with its chain under a root of the test's own, which stands for Milan. */
export const madeSnp = (like: MadeSnp = {}): { evidence: SnpEvidence; roots: ReadonlyMap<string, string> } => {
  const { tcb = GOOD_TCB, keyTcb = tcb, revoked = false, withoutCrl, nextUpdate } = like;
  const askDer = certificate(amd.ask, amd.ark, { serial: 65_537, ca: true });
  const VCEK = "1.3.6.1.4.1.3704.1";
  const spl = (i: number, version: number | undefined) => extension(`${VCEK}.3.${i}`, integer(version ?? 0));
  const extensions = [
    extension(`${VCEK}.2`, tlv(0x16, utf8("Milan-B0"))),
    ...[spl(1, keyTcb[0]), spl(2, keyTcb[1]), spl(3, keyTcb[2]), spl(8, keyTcb[3])],
    extension(`${VCEK}.4`, fromHex(CHIP)),
  ];
  const vcekDer = certificate(amd.vcek, amd.ask, { serial: 0, extensions });
  const list = toBase64(crl(amd.ark, revoked ? [65_537] : [], nextUpdate));
  return {
    evidence: {
      report: toBase64(makeReport(like)),
      vcek: toBase64(vcekDer),
      ask: toBase64(askDer),
      ark: toBase64(arkDer),
      ...(!withoutCrl && { crl: list }),
    },
    roots: new Map([[fingerprint(arkDer), "Milan"]]),
  };
};

const makeReport = (like: MadeSnp): Uint8Array => {
  const { tcb = GOOD_TCB, launchTcb = tcb, policy = 0x30000, vmpl = 0, keys = 0, chipId = CHIP } = like;
  const { reportData = "00".repeat(64), hostData = "00".repeat(32) } = like;
  const report = new Uint8Array(0x4a0);
  const put = (at: number, bytes: Uint8Array) => report.set(bytes, at);
  const version = ([bootLoader, tee, snp, microcode]: MadeSnp["tcb"] & object) =>
    Uint8Array.of(bootLoader, tee, 0, 0, 0, 0, snp, microcode);
  put(0, le(2, 4));
  put(8, le(policy, 8));
  put(0x30, le(vmpl, 4));
  put(0x34, le(1, 4));
  put(0x48, le(keys, 4));
  put(0x50, fromHex(reportData));
  put(0x90, fromHex("6e".repeat(48)));
  put(0xc0, fromHex(hostData));
  for (const at of [0x38, 0x180, 0x1e0]) put(at, version(tcb));
  put(0x1a0, fromHex(chipId));
  put(0x1f0, version(launchTcb));
  const signature = sign("sha384", report.subarray(0, 0x2a0), { key: amd.vcek.key, dsaEncoding: "ieee-p1363" });
  put(0x2a0, Uint8Array.from(signature.subarray(0, 48)).reverse());
  put(0x2a0 + 72, Uint8Array.from(signature.subarray(48)).reverse());
  return report;
};
