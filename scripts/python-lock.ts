/**
 * `node scripts/python-lock.ts`: writes anew the lock file of the Python image: the newest packages that have wheels of
 * the same version for every Python and architecture that an image may be made for, each with its digest.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK } from "./python-image.ts";

const WANTED = ["numpy", "pandas", "scikit-learn", "pyarrow"];
const PYTHONS = ["3.11", "3.12", "3.13", "3.14"];
const ARCHITECTURES = ["x86_64", "aarch64"];
/** glibc 2.28 and older: what Debian 10 and later have. */
const PLATFORMS = ["2_28", "2_27", "2_26", "2_24", "2_17", "2014"].map((version) => `manylinux${version}`);

interface Report {
  readonly install: readonly {
    readonly metadata: { readonly name: string; readonly version: string };
    readonly download_info: { readonly archive_info: { readonly hashes: { readonly sha256: string } } };
  }[];
}

/** What pip would install there. */
const resolve = (python: string, architecture: string, directory: string): Report => {
  const file = join(directory, `${python}-${architecture}.json`);
  const platforms = PLATFORMS.flatMap((name) => [
    "--platform",
    `${name.replace("manylinux2_", "manylinux_2_")}_${architecture}`,
  ]);
  const options = ["--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet"];
  const where = ["--python-version", python, "--implementation", "cp", ...platforms, "--target", join(directory, "x")];
  execFileSync("python3", ["-m", "pip", "install", ...options, ...where, "--report", file, ...WANTED]);
  return JSON.parse(readFileSync(file, "utf8")) as Report;
};

const directory = mkdtempSync(join(tmpdir(), "entente-lock-"));
try {
  const digests = new Map<string, Set<string>>();
  const versions = new Map<string, string>();
  for (const python of PYTHONS)
    for (const architecture of ARCHITECTURES)
      for (const { metadata, download_info } of resolve(python, architecture, directory).install) {
        const { name, version } = metadata;
        const other = versions.get(name) ?? version;
        if (other !== version) throw new Error(`${name} is ${version} for Python ${python}, ${other} elsewhere`);
        versions.set(name, version);
        const pinned = `${name}==${version}`;
        digests.set(pinned, (digests.get(pinned) ?? new Set()).add(download_info.archive_info.hashes.sha256));
      }
  const lines = [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([pinned, found]) =>
      [pinned, ...[...found].sort().map((digest) => `    --hash=sha256:${digest}`)].join(" \\\n"),
    );
  const head = `# CPython ${PYTHONS.join(", ")} on ${ARCHITECTURES.join(" and ")}; written by scripts/python-lock.ts.`;
  writeFileSync(LOCK, `${head}\n${lines.join("\n")}\n`);
} finally {
  rmSync(directory, { recursive: true });
}
