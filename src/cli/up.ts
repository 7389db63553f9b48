/** `entente up`: starts the platform and stays until it is told to stop. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { currentProgram } from "../../scripts/bundle.ts";
import { currentConsole } from "../../scripts/console.ts";
import { systemClock } from "../base/clock.ts";
import { type Running, startPlatform } from "../compose.ts";
import { environment } from "../platform/config/environment.ts";
import { type Config, loadConfig, readConfigFile } from "../platform/config/load.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";

export type Flags = Readonly<Record<string, string | undefined>>;

/** From file, environment and flags; `--config` names the file, `--data` the directory it is looked for in. */
export const configOf = ({ config: file, ...flags }: Flags): Config => {
  const { data } = loadConfig({ env: environment, flags });
  const config = loadConfig({ file: readConfigFile(data, file), env: environment, flags });
  return { ...config, data: resolve(config.data) };
};

export const version: string = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
).version;

/** Node.js with the enclave program, made from the sources where they have changed. */
const enclaveCommand = async (): Promise<string[]> => [process.execPath, await currentProgram("enclave")];

/** The same with the key node program; none where no key nodes run. */
const keyNodeCommand = async ({ keyNodes }: Config): Promise<string[]> =>
  keyNodes > 0 ? [process.execPath, await currentProgram("keynode")] : [];

export const start = async (config: Config): Promise<Running> =>
  startPlatform({
    config,
    clock: systemClock,
    version,
    enclaveCommand: await enclaveCommand(),
    keyNodeCommand: await keyNodeCommand(config),
    console: await currentConsole(),
  });

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const untilTold = (): Promise<void> =>
  new Promise((told) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(1);
      asked = true;
      told();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });

export const up = async (flags: Flags, { json }: { json: boolean }): Promise<void> => {
  const told = untilTold();
  const config = configOf(flags);
  const { url, admin, enclave, keys, close } = await start(config);
  const { measurement, attestation, isolation } = enclave;
  if (json)
    console.log(
      JSON.stringify({
        url,
        pid: process.pid,
        data: config.data,
        admin: admin ?? null,
        enclave: { measurement, attestation, isolation },
        keys: keys ? { url: keys.url, nodes: config.keyNodes } : null,
      }),
    );
  else console.log(banner({ url, admin, enclave, keys, config }));
  await told;
  await close();
};

const banner = ({
  url,
  admin,
  enclave,
  keys,
  config: { data, keyNodes, keyToken },
}: Pick<Running, "url" | "admin" | "enclave" | "keys"> & { config: Config }): string => {
  const { attestation, isolation, measurement } = enclave;
  return [
    "",
    `  Entente 协约 ${version}`,
    "",
    `  Address     地址      ${url}`,
    `  Data        数据目录  ${data}`,
    `  Enclave     可信环境  ${attestation}${!attestationVerifiers[attestation]?.hardware ? " (no hardware protection 无硬件保护)" : ""}`,
    `  Sandbox     沙箱      ${isolation}${isolation === "quickjs" ? " (bubblewrap is missing: slower, weaker 缺少 bubblewrap：较慢且隔离较弱)" : ""}`,
    `  Measurement 度量值    ${measurement.slice(0, 32)}…`,
    ...(keys
      ? [
          `  Key service 密钥服务  ${keys.url}  (${keyNodes} nodes 节点; ${keyToken ? "by token 须令牌" : "open to this machine 本机开放"})`,
        ]
      : []),
    ...(admin
      ? [
          "",
          "  Operator's access key, shown this once 平台运营方访问密钥，仅显示一次",
          `    User name 用户名  ${admin.accessKeyId}`,
          `    Password  密码    ${admin.accessKeySecret}`,
          "  Sign in with it at the address above 请在上述地址用其登录",
        ]
      : []),
    "",
    "  Ctrl-C stops it 按 Ctrl-C 停止",
    "",
  ].join("\n");
};
