/** Certificates, requests and revocation lists, with the OpenSSL command line as the other side. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { DAY } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import type { PrivateKey, SigningKind } from "../crypto/crypto.ts";
import { assertDer } from "../crypto/der.ts";
import * as node from "../crypto/node.ts";
import { keyFromPem, keyToPem, publicKeyToPem, SIGNING_KINDS } from "../keys.ts";
import { toPem } from "../pem.ts";
import { type Certificate, certificateToPem, parseCertificate } from "./certificate.ts";
import { createCrl, crlToPem, parseCrl } from "./crl.ts";
import { createCsr, parseCsr } from "./csr.ts";
import { createCa, issue, issueFromCsr, randomSerial } from "./issue.ts";
import type { Signed } from "./signed.ts";
import { verifyCa, verifyCrl, verifyLeaf } from "./verify.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-x509-"));
after(() => rmSync(directory, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return name;
};
const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] }).toString();
const read = (name: string): string => readFileSync(join(directory, name), "utf8");

/** What SM2 needs said on OpenSSL's command line: the identifier that RFC 8998 and GM/T 0009 give. */
const VERIFY_OPTIONS: Partial<Record<SigningKind, string[]>> = { SM2: ["-vfyopt", "distid:1234567812345678"] };
const SIGN_OPTIONS: Partial<Record<SigningKind, string[]>> = { SM2: ["-sigopt", "distid:1234567812345678", "-sm3"] };
const GENERATE: Record<SigningKind, string[]> = {
  "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  secp256k1: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
  SM2: ["-algorithm", "SM2"],
  Ed25519: ["-algorithm", "ED25519"],
};

/**
 * OpenSSL 3.0 takes the SM2 identifier for the leaf only, not for its CA's own signature or a revocation list: these
 * are checked by themselves.
 */
const verifyWithPkeyutl = ({ tbs, signature }: Signed, { publicKey }: Certificate): void => {
  file("signer.pem", publicKeyToPem(publicKey));
  writeFileSync(join(directory, "tbs.der"), tbs);
  writeFileSync(join(directory, "tbs.sig"), signature);
  const sm2 = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
  openssl("pkeyutl", "-verify", "-pubin", "-inkey", "signer.pem", "-in", "tbs.der", "-sigfile", "tbs.sig", ...sm2);
};

const NOW = Math.floor(Date.now() / 1000) * 1000;
const period = () => ({ notBefore: NOW - DAY, notAfter: NOW + 30 * DAY, serial: randomSerial() });

interface Organisation {
  caKey: PrivateKey<SigningKind>;
  ca: Certificate;
  key: PrivateKey<SigningKind>;
  leaf: Certificate;
}

const organisation = (kind: SigningKind, organization = "第一医院"): Organisation => {
  const caKey = node.generateKey(kind);
  const name = { commonName: `CA of ${organization}`, organization, country: "CN" };
  const ca = createCa({ name, key: caKey, ...period(), notAfter: NOW + 60 * DAY });
  const key = node.generateKey(kind);
  const subject = { commonName: "Li Hua", organization };
  return { caKey, ca, key, leaf: issue({ ca, caKey, publicKey: key.publicKey, subject, ...period() }) };
};

const crlOf = ({ ca, caKey }: Organisation, revoked: Parameters<typeof createCrl>[0]["revoked"], thisUpdate = NOW) =>
  createCrl({ ca, caKey, revoked, thisUpdate, nextUpdate: thisUpdate + 7 * DAY, number: 300 });

for (const kind of SIGNING_KINDS) {
  describe(kind, () => {
    const verifyOptions = VERIFY_OPTIONS[kind] ?? [];
    const org = organisation(kind);
    const { ca, caKey, key, leaf } = org;

    test("ours: OpenSSL verifies CA, leaf and revocation list, strictly, and refuses the revoked one", () => {
      const bad = issue({ ca, caKey, publicKey: key.publicKey, subject: { commonName: "Left" }, ...period() });
      const crl = crlOf(org, [{ serial: bad.serial, date: NOW - DAY, reason: "keyCompromise" }]);
      file("ca.pem", certificateToPem(ca));
      file("leaf.pem", certificateToPem(leaf));
      file("bad.pem", certificateToPem(bad));
      file("crl.pem", crlToPem(crl));
      const strictly = ["verify", "-x509_strict", "-CAfile", "ca.pem", ...verifyOptions];
      assert.equal(openssl(...strictly, "leaf.pem"), "leaf.pem: OK\n");
      if (kind === "SM2") {
        for (const { signed } of [ca, crl]) verifyWithPkeyutl(signed, ca);
      } else {
        assert.equal(openssl(...strictly, "-check_ss_sig", "ca.pem"), "ca.pem: OK\n");
        const withList = [...strictly, "-crl_check", "-CRLfile", "crl.pem"];
        assert.equal(openssl(...withList, "leaf.pem"), "leaf.pem: OK\n");
        assert.throws(() => openssl(...withList, "bad.pem"), /certificate revoked/);
      }

      const text = openssl("x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus_space");
      assert.match(text, /Subject: O=第一医院, CN=Li Hua/);
      assert.match(text, /X509v3 Basic Constraints: critical\s+CA:FALSE/);
      assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/);
      const caText = openssl("x509", "-in", "ca.pem", "-noout", "-text");
      assert.match(caText, /CA:TRUE, pathlen:0/);
      assert.match(caText, /X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
      const listText = openssl("crl", "-in", "crl.pem", "-noout", "-text");
      assert.match(listText, /X509v3 CRL Number:\s+300/);
      assert.match(listText, /Key Compromise/);

      assert.equal(openssl("x509", "-in", "leaf.pem", "-noout", "-pubkey"), publicKeyToPem(key.publicKey));
      const fingerprint = openssl("x509", "-in", "leaf.pem", "-noout", "-fingerprint", "-sha256");
      assert.equal(fingerprint.split("=")[1]?.trim().replaceAll(":", "").toLowerCase(), leaf.fingerprint);
      const serial = openssl("x509", "-in", "leaf.pem", "-noout", "-serial");
      assert.equal(serial.trim().toLowerCase(), `serial=${leaf.serial}`);
    });

    test("OpenSSL's: we verify CA, leaf and revocation list, and refuse the revoked one", () => {
      const signOptions = SIGN_OPTIONS[kind] ?? [];
      for (const name of ["oca", "oleaf"]) openssl("genpkey", ...GENERATE[kind], "-out", `${name}.key`);
      file(
        "ext.cnf",
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n",
      );
      openssl(
        ...[
          "req",
          "-x509",
          "-new",
          "-key",
          "oca.key",
          "-subj",
          "/C=CN/O=Other/CN=Other CA",
          "-days",
          "30",
          "-out",
          "oca.pem",
        ],
        ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", ...signOptions],
      );
      openssl("req", "-new", "-key", "oleaf.key", "-subj", "/CN=Leaf", "-out", "oleaf.csr", ...signOptions);
      openssl(
        ...[
          "x509",
          "-req",
          "-in",
          "oleaf.csr",
          "-CA",
          "oca.pem",
          "-CAkey",
          "oca.key",
          "-days",
          "10",
          "-out",
          "oleaf.pem",
        ],
        ...["-extfile", "ext.cnf", ...signOptions, ...verifyOptions],
      );
      const theirCa = parseCertificate(read("oca.pem"));
      const theirLeaf = parseCertificate(read("oleaf.pem"));
      const at = Date.now() + 5000;
      verifyCa({ ca: theirCa, at });
      verifyLeaf({ leaf: theirLeaf, ca: theirCa, at });
      assert.equal(theirCa.subject.text, "C=CN, O=Other, CN=Other CA");
      assert.deepEqual(theirLeaf.publicKey, keyFromPem(read("oleaf.key")).publicKey);

      // Under their CA we issue and revoke as under ours.
      const theirKey = keyFromPem(read("oca.key"));
      const ours = issue({
        ca: theirCa,
        caKey: theirKey,
        publicKey: key.publicKey,
        subject: { commonName: "Ours" },
        notBefore: NOW,
        notAfter: NOW + DAY,
        serial: "80ff",
      });
      file("ours.pem", certificateToPem(ours));
      assert.equal(openssl("verify", "-CAfile", "oca.pem", ...verifyOptions, "ours.pem"), "ours.pem: OK\n");

      if (kind === "SM2") return; // openssl ca takes no identifier for SM2
      file("index.txt", "");
      file("crlnumber", "01\n");
      file(
        "ca.cnf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
      );
      const caArgs = ["ca", "-config", "ca.cnf", "-cert", "oca.pem", "-keyfile", "oca.key"];
      openssl(...caArgs, "-revoke", "oleaf.pem", "-crl_reason", "superseded");
      openssl(...caArgs, "-gencrl", "-out", "ocrl.pem");
      const crl = parseCrl(read("ocrl.pem"));
      verifyCrl({ crl, ca: theirCa, at });
      assert.throws(
        () => verifyLeaf({ leaf: theirLeaf, ca: theirCa, crl, at }),
        refusal("certificate.revoked", { reason: "superseded" }),
      );
      verifyLeaf({ leaf: ours, ca: theirCa, crl, at });
    });

    test("requests: OpenSSL's are taken, ours OpenSSL verifies, forged ones are refused", () => {
      openssl("genpkey", ...GENERATE[kind], "-out", "req.key");
      openssl(
        ...[
          "req",
          "-new",
          "-utf8",
          "-key",
          "req.key",
          "-subj",
          "/C=CN/O=第一医院/OU=enclave/CN=王芳",
          "-out",
          "req.csr",
        ],
        ...["-addext", "basicConstraints=critical,CA:TRUE", ...(SIGN_OPTIONS[kind] ?? [])],
      );
      const issued = issueFromCsr({ csr: read("req.csr"), ca, caKey, ...period() });
      assert.equal(issued.subject.text, "C=CN, O=第一医院, CN=王芳");
      assert.ok(!issued.isCa && !issued.isEnclave);
      assert.deepEqual(issued.publicKey, keyFromPem(read("req.key")).publicKey);
      verifyLeaf({ leaf: issued, ca, at: NOW });

      const request = createCsr({ key, subject: { commonName: "Li Hua", organization: "第一医院" } });
      file("ours.csr", request);
      openssl("req", "-in", "ours.csr", "-noout", "-verify", ...verifyOptions);
      assert.deepEqual(parseCsr(request).publicKey, key.publicKey);

      const der = Buffer.from(request.replace(/-----[^-]+-----|\n/g, ""), "base64");
      for (let at = 0; at < der.length; at += kind === "P-256" ? 1 : 9) {
        assert.throws(() => parseCsr(der.map((octet, i) => (i === at ? octet ^ 1 : octet))), Refusal, `byte ${at}`);
      }
    });

    test("renewed: for the same key and for a new one", () => {
      const subject = { commonName: "Li Hua" };
      const same = issue({ ca, caKey, publicKey: leaf.publicKey, subject, ...period() });
      const fresh = issue({ ca, caKey, publicKey: node.generateKey(kind).publicKey, subject, ...period() });
      for (const renewed of [same, fresh]) verifyLeaf({ leaf: renewed, ca, at: NOW });
      assert.notEqual(same.serial, leaf.serial);
      assert.equal(same.subjectKeyId, leaf.subjectKeyId);
      assert.notEqual(fresh.subjectKeyId, leaf.subjectKeyId);
    });
  });
}

describe("refused", () => {
  const org = organisation("P-256");
  const other = organisation("P-256", "Other");
  const { ca, caKey, key, leaf } = org;
  const refused = (code: string, options: Partial<Parameters<typeof verifyLeaf>[0]>) =>
    assert.throws(() => verifyLeaf({ leaf, ca, at: NOW, ...options }), hasCode(code), code);

  test("too early, too late, and the seconds around", () => {
    verifyLeaf({ leaf, ca, at: leaf.notBefore });
    verifyLeaf({ leaf, ca, at: leaf.notAfter });
    refused("certificate.not-yet-valid", { at: leaf.notBefore - 1 });
    refused("certificate.expired", { at: leaf.notAfter + 1000 });
    refused("certificate.expired", { at: ca.notAfter + 1000 });
  });

  test("another CA, a leaf as CA, a CA as leaf, another CA's key under the same name", () => {
    refused("certificate.issuer", { ca: other.ca });
    refused("certificate.not-a-ca", { ca: leaf });
    refused("certificate.not-a-leaf", { leaf: ca });
    const name = { commonName: "CA of 第一医院", organization: "第一医院", country: "CN" };
    const impostor = createCa({ name, key: other.caKey, ...period() });
    refused("certificate.issuer", { ca: impostor });
    const { signed, ...rest } = leaf;
    const noKeyId = { ...rest, signed, authorityKeyId: undefined };
    refused("certificate.signature", { leaf: noKeyId, ca: impostor });
    assert.throws(
      () => issue({ ca, caKey: other.caKey, publicKey: key.publicKey, subject: { commonName: "x" }, ...period() }),
      hasCode("certificate.issuer"),
    );
    assert.throws(
      () => issue({ ca: leaf, caKey: key, publicKey: key.publicKey, subject: { commonName: "x" }, ...period() }),
      hasCode("certificate.not-a-ca"),
    );
  });

  test("revoked, from the date on; the list overdue; the list of another", () => {
    const crl = crlOf(org, [{ serial: leaf.serial, date: NOW, reason: "superseded" }]);
    verifyLeaf({ leaf, ca, crl, at: NOW - 1000 });
    refused("certificate.revoked", { crl, at: NOW });
    refused("certificate.revoked", { crl, at: NOW + 10 * DAY });
    const empty = crlOf(org, []);
    verifyLeaf({ leaf, ca, crl: empty, at: NOW + 7 * DAY });
    refused("crl.expired", { crl: empty, at: NOW + 8 * DAY });
    refused("crl.issuer", { crl: crlOf(other, []) });
    assert.throws(() => verifyCrl({ crl: empty, ca, at: NOW - 1000 }), hasCode("crl.not-yet-valid"));
    assert.throws(() => verifyCrl({ crl: empty, ca: leaf }), hasCode("certificate.not-a-ca"));
    assert.throws(
      () => createCrl({ ca, caKey: other.caKey, revoked: [], thisUpdate: NOW, nextUpdate: NOW, number: 1 }),
      hasCode("certificate.issuer"),
    );
  });

  test("a list that names a certificate twice, or ends before it begins", () => {
    const twice = [leaf.serial, leaf.serial].map((serial) => ({ serial, date: NOW }));
    assert.throws(() => crlOf(org, twice), hasCode("crl.malformed"));
    const backwards = { ca, caKey, revoked: [], thisUpdate: NOW, nextUpdate: NOW - 1, number: 1 };
    assert.throws(() => createCrl(backwards), hasCode("certificate.validity"));
    assert.throws(() => createCrl({ ...backwards, thisUpdate: Number.NaN }), hasCode("certificate.validity"));
    assert.equal(crlOf(org, [{ serial: "01", date: 0 }]).revoked.get("01")?.date, 0);
  });

  test("a list of a thousand finds its one", () => {
    const revoked = Array.from({ length: 1000 }, () => ({ serial: randomSerial(), date: NOW }));
    verifyLeaf({ leaf, ca, crl: crlOf(org, revoked), at: NOW });
    refused("certificate.revoked", { crl: crlOf(org, [...revoked, { serial: leaf.serial, date: NOW }]) });
  });

  test("every flipped bit of a certificate and of a list", () => {
    for (let bit = 0; bit < leaf.der.length * 8; bit++) {
      assert.throws(
        () => verifyLeaf({ leaf: parseCertificate(flip(leaf.der, bit)), ca, at: NOW }),
        Refusal,
        `bit ${bit}`,
      );
    }
    const { der } = crlOf(org, [{ serial: "01", date: NOW, reason: "superseded" }]);
    for (let bit = 0; bit < der.length * 8; bit++) {
      assert.throws(() => verifyCrl({ crl: parseCrl(flip(der, bit)), ca }), Refusal, `bit ${bit}`);
    }
  });

  test("what is no certificate, cut short, followed by more, too large or twice in one file", () => {
    const pem = certificateToPem(leaf);
    const der = leaf.der;
    const inputs = [
      "",
      "hello",
      pem + pem,
      toPem("X509 CRL", der),
      pem.slice(0, 90),
      new Uint8Array(),
      der.slice(0, -1),
      new Uint8Array([...der, 0]),
      new Uint8Array(70_000),
    ];
    for (const input of inputs) assert.throws(() => parseCertificate(input), hasCode("certificate.malformed"));
    for (const input of inputs) assert.throws(() => parseCrl(input), hasCode("crl.malformed"));
    for (const input of inputs) assert.throws(() => parseCsr(input), hasCode("csr.malformed"));
  });

  test("certificates for keys and with extensions that are not for here", () => {
    file("p256.key", keyToPem(caKey));
    const make = (args: string[]) => openssl("req", "-x509", "-new", "-subj", "/CN=x", ...args);
    openssl("genpkey", "-algorithm", "RSA", "-out", "rsa.key");
    assert.throws(() => parseCertificate(make(["-key", "rsa.key"])), hasCode("key.kind"));
    const constrained = make(["-key", "p256.key", "-addext", "nameConstraints=critical,permitted;DNS:example.com"]);
    assert.throws(() => parseCertificate(constrained), refusal("certificate.extension", { oid: "2.5.29.30" }));
    const encipher = make([
      "-key",
      "p256.key",
      "-addext",
      "basicConstraints=CA:FALSE",
      "-addext",
      "keyUsage=keyEncipherment",
    ]);
    refused("certificate.not-a-leaf", { leaf: parseCertificate(encipher) });
  });

  test("impossible names, serial numbers and dates", () => {
    const make = (options: Partial<Parameters<typeof createCa>[0]>) => () =>
      createCa({ name: { commonName: "x" }, key: caKey, ...period(), ...options });
    for (const commonName of ["", "  ", "x".repeat(65), "a\nb", "a\u0000b", "\ud800"]) {
      assert.throws(make({ name: { commonName } }), hasCode("certificate.name"));
    }
    assert.throws(make({ name: { commonName: "x", country: "China" } }), hasCode("certificate.name"));
    for (const serial of ["", "0", "00", "0000", "AB", "xy", "ff".repeat(20), "01".repeat(21)]) {
      assert.throws(make({ serial }), hasCode("certificate.serial"), serial);
    }
    for (const notAfter of [NOW - DAY, NOW - 2 * DAY, Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(10000, 0, 1)]) {
      assert.throws(make({ notAfter }), hasCode("certificate.validity"), String(notAfter));
    }
    const long = { ca, caKey, publicKey: key.publicKey, subject: { commonName: "x" }, ...period() };
    assert.throws(() => issue({ ...long, notAfter: ca.notAfter + 1000 }), hasCode("certificate.validity"));
  });
});

test("the longest names and serials, dates beyond 2049 and text that looks like attributes survive the way through OpenSSL", () => {
  const key = node.generateKey("P-256");
  const commonName = "医".repeat(64);
  const notAfter = Date.UTC(2099, 11, 31, 23, 59, 59);
  const ca = createCa({
    name: { commonName, organization: "a, CN=b+c" },
    key,
    notBefore: 0,
    notAfter,
    serial: "7f".repeat(20),
  });
  assert.equal(ca.subject.commonName, commonName);
  assert.equal(ca.subject.text, `O=a\\, CN\\=b\\+c, CN=${commonName}`);
  assert.deepEqual([ca.notBefore, ca.notAfter, ca.serial], [0, notAfter, "7f".repeat(20)]);
  file("long.pem", certificateToPem(ca));
  assert.match(openssl("x509", "-in", "long.pem", "-noout", "-enddate"), /Dec 31 23:59:59 2099 GMT/);
  assert.equal(openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", "long.pem", "long.pem"), "long.pem: OK\n");
});

test("an enclave's certificate says so, and a member's cannot be made to", () => {
  const { ca, caKey, key } = organisation("Ed25519");
  const options = { ca, caKey, publicKey: key.publicKey, ...period() };
  assert.ok(issue({ ...options, subject: { commonName: "e" }, isEnclave: true }).isEnclave);
  assert.ok(!issue({ ...options, subject: { commonName: "e", unit: "enclave" } }).isEnclave);
});

test("DER: indefinite, long-form and oversized lengths are refused", () => {
  for (const hex of [
    "3080020101" + "0000",
    "308103020101",
    "30820003020101",
    "30850000000003020101",
    "3003020102ff",
    "1f8101",
  ]) {
    assert.throws(() => assertDer(Buffer.from(hex, "hex")), SyntaxError, hex);
  }
  assertDer(Buffer.from("3003020101", "hex"));
});

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));

const hasCode = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

const refusal = (code: string, details: Record<string, string>) => (error: unknown) => {
  assert.ok(error instanceof Refusal);
  assert.equal(error.code, code);
  assert.deepEqual({ ...error.details, ...details }, error.details);
  return true;
};
