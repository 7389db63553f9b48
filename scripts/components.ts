/** Programs of the machine that tests run against; installed where that is allowed. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { delimiter, join } from "node:path";

interface Component {
  /** Debian's name of the package. */
  readonly name: string;
  readonly there: () => boolean;
  readonly suites: string;
}

const APT = "/usr/bin/apt-get";

const onPath = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

const COMPONENTS: readonly Component[] = [
  {
    name: "postgresql",
    // Debian keeps the server's programs off the PATH.
    there: () => onPath("initdb") || globSync("/usr/lib/postgresql/*/bin/initdb").length > 0,
    suites: "the stores on PostgreSQL",
  },
  {
    name: "mariadb-server",
    there: () => existsSync("/usr/sbin/mariadbd") || onPath("mariadbd"),
    suites: "reading from and delivering into MariaDB",
  },
  { name: "swtpm", there: () => onPath("swtpm"), suites: "attestation by a TPM" },
  {
    name: "swtpm-tools",
    there: () => onPath("swtpm_setup"),
    suites: "attestation by a TPM with an endorsement certificate",
  },
  { name: "tpm2-tools", there: () => onPath("tpm2_checkquote"), suites: "agreement with tpm2-tools on quotes" },
  { name: "python3", there: () => onPath("python3"), suites: "models in Python" },
  { name: "python3-pip", there: () => onPath("pip3") || onPath("pip"), suites: "models in Python" },
  { name: "bubblewrap", there: () => onPath("bwrap"), suites: "the sandbox that runs models in bubblewrap" },
  {
    name: "openssl",
    there: () => onPath("openssl"),
    suites: "agreement with openssl on keys, certificates and envelopes",
  },
  { name: "chromium", there: () => existsSync("/usr/bin/chromium"), suites: "the console in a browser" },
  {
    name: "fonts-wqy-zenhei",
    there: () => existsSync("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    suites: "nothing; pictures of the console lack Chinese characters",
  },
];

/**
 * Installs what is missing, or says which suites will be skipped and why.
 * @param only names of those that are needed; all, where it is absent
 */
export const installComponents = (say: (line: string) => void, only?: readonly string[]): void => {
  const missing = COMPONENTS.filter(({ name, there }) => (only?.includes(name) ?? true) && !there());
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const why = cannotInstall();
  if (!why) {
    say(`installing ${names.join(", ")} with apt-get …`);
    const failure = install(names);
    if (failure) say(`apt-get failed: ${failure}`);
  }
  for (const { name, suites, there } of missing)
    if (!there()) say(`${name} is not installed${why ? `, and ${why}` : ""}: skipping ${suites}`);
};

/** @returns the reason, undefined when it can */
const cannotInstall = (): string | undefined => {
  if (!existsSync(APT)) return "there is no apt-get to install it with";
  return process.getuid?.() === 0 ? undefined : "only root may install it";
};

/** @returns apt-get's messages when it failed */
const install = (names: readonly string[]): string | undefined => {
  const apt = (...args: string[]) =>
    spawnSync(APT, args, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...names];
  if (apt(...args).status === 0) return undefined;
  // A fresh image has no lists of packages yet.
  apt("update", "-qq");
  const { status, stderr } = apt(...args);
  return status === 0 ? undefined : stderr.trim();
};
