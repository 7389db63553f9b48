/** A software TPM of one's own, for the demo and tests: state in a temporary directory, a socket there, gone with the process. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface SoftwareTpm {
  readonly directory: string;
  /** Unix socket that takes commands of one client at a time. */
  readonly device: string;
  /** A file (PEM) with the authorities above the endorsement certificate, the root last; empty without one. */
  readonly issuers: string;
  /** Runs one of tpm2-tools on it; nothing else may be connected. @returns what it printed */
  tool(name: string, ...args: readonly string[]): string;
  /** As when the machine is switched off and on. @param options.hard without a word to the TPM */
  restart(options?: { hard?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is none. */
export interface NoTpm {
  readonly skip: string;
}

export const hasTools = (): boolean => isThere("tpm2_pcrread");

const isThere = (program: string): boolean =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;

/** @param banks of registers, for example `sha256,sha384` @param certified with an endorsement certificate */
export const startSwtpm = async ({ banks = "sha256,sha384", certified = true } = {}): Promise<SoftwareTpm | NoTpm> => {
  for (const program of ["swtpm", "swtpm_setup"])
    if (!isThere(program)) return { skip: `${program} is not installed (Debian: swtpm, swtpm-tools)` };
  if (certified && !isThere("swtpm_localca")) return { skip: "swtpm_localca is not installed (Debian: swtpm-tools)" };
  const directory = mkdtempSync(join(tmpdir(), "entente-tpm-"));
  const device = join(directory, "tpm.sock");
  const state = join(directory, "state");
  manufacture(directory, state, banks, certified);

  const run = (): ChildProcess =>
    spawn(
      ...dyingWithUs("swtpm", [
        ...["socket", "--tpm2", "--tpmstate", `dir=${state}`, "--flags", "not-need-init"],
        ...["--server", `type=unixio,path=${device}`, "--ctrl", `type=unixio,path=${device}.ctrl`],
      ]),
      { stdio: "ignore" },
    );
  const started = async (): Promise<ChildProcess> => {
    rmSync(device, { force: true });
    const child = run();
    child.unref();
    for (let tries = 0; !existsSync(device); tries++) {
      if (tries === 200 || child.exitCode !== null) throw new Error(`swtpm did not start in ${directory}`);
      await sleep(10);
    }
    return child;
  };
  let child = await started();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.ref();
    child.kill(signal);
    await exited;
  };

  return {
    directory,
    device,
    issuers: certified ? issuersIn(directory) : "",
    tool: (name, ...args) =>
      execFileSync(name, args, {
        cwd: directory,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: "/usr/bin:/bin:/usr/sbin", TPM2TOOLS_TCTI: `swtpm:path=${device}` },
      }),
    async restart({ hard = false } = {}) {
      await end(hard ? "SIGKILL" : "SIGTERM");
      child = await started();
    },
    async stop() {
      await end("SIGTERM");
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** Makes the TPM's state, and an authority of one's own that vouches for its endorsement key. */
const manufacture = (directory: string, state: string, banks: string, certified: boolean): void => {
  const ca = join(directory, "ca");
  for (const path of [state, ca]) mkdirSync(path);
  const file = (name: string, ...lines: readonly string[]): string => {
    writeFileSync(join(directory, name), `${lines.join("\n")}\n`);
    return join(directory, name);
  };
  const authority = file(
    "localca.conf",
    `statedir = ${ca}`,
    `signingkey = ${join(ca, "signkey.pem")}`,
    `issuercert = ${join(ca, "issuercert.pem")}`,
    `certserial = ${join(ca, "certserial")}`,
  );
  const platform = file(
    "localca.options",
    "--platform-manufacturer Entente",
    "--platform-version 1",
    "--platform-model demo",
  );
  const config = file(
    "swtpm_setup.conf",
    "create_certs_tool = swtpm_localca",
    `create_certs_tool_config = ${authority}`,
    `create_certs_tool_options = ${platform}`,
  );
  const certificate = certified ? ["--create-ek-cert"] : [];
  const args = ["--tpm2", "--tpmstate", state, "--pcr-banks", banks, "--config", config, ...certificate];
  execFileSync("swtpm_setup", args, { stdio: "pipe" });
};

const issuersIn = (directory: string): string => {
  const certificates = ["issuercert.pem", "swtpm-localca-rootca-cert.pem"].map((name) =>
    readFileSync(join(directory, "ca", name), "utf8"),
  );
  writeFileSync(join(directory, "issuers.pem"), certificates.join(""));
  return join(directory, "issuers.pem");
};

const SETPRIV = "/usr/bin/setpriv";

/** Ends the program when this process does, however that ends. */
const dyingWithUs = (program: string, args: readonly string[]): [string, string[]] =>
  existsSync(SETPRIV) ? [SETPRIV, ["--pdeathsig", "KILL", program, ...args]] : [program, [...args]];
