/** Roots and server certificates of one's own, for the demo and tests, made by openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface TestRoot {
  /** PEM: what a connection pins. */
  readonly certificate: string;
  /** @param names as in subjectAltName: `DNS:db.example`, `IP:127.0.0.1`; @param days negative for one that has expired */
  issue(names: readonly string[], days?: number): IssuedCertificate;
}

/** Runs openssl in a directory that is gone afterwards. */
const openssl = <T>(work: (run: (...args: string[]) => void, path: (name: string) => string) => T): T => {
  const dir = mkdtempSync(join(tmpdir(), "entente-tls-"));
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  try {
    return work(run, (name) => join(dir, name));
  } finally {
    rmSync(dir, { recursive: true });
  }
};

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export const createRoot = (name = "Test root"): TestRoot => {
  const root = openssl((run, path) => {
    run("req", "-x509", ...NEW_KEY, "-days", "30", "-subj", `/CN=${name}`, "-keyout", "key", "-out", "certificate");
    return { certificate: readFileSync(path("certificate"), "utf8"), key: readFileSync(path("key"), "utf8") };
  });
  return {
    certificate: root.certificate,
    issue: (names, days = 30) =>
      openssl((run, path) => {
        writeFileSync(path("ca"), root.certificate);
        writeFileSync(path("ca-key"), root.key, { mode: 0o600 });
        writeFileSync(path("extensions"), `subjectAltName=${names.join(",")}\n`);
        run("req", "-new", ...NEW_KEY, "-subj", "/CN=server", "-keyout", "key", "-out", "request");
        const signed = ["-CA", "ca", "-CAkey", "ca-key", "-days", String(days), "-extfile", "extensions"];
        run("x509", "-req", "-in", "request", ...signed, "-out", "certificate");
        return { certificate: readFileSync(path("certificate"), "utf8"), key: readFileSync(path("key"), "utf8") };
      }),
  };
};
