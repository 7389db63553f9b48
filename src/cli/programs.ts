/** The programs behind `entente`: what runs a platform is loaded only when it is asked for. */
import { parseArgs } from "node:util";
import { explain, type Language, Refusal } from "../base/refusal.ts";
import { refuse } from "./errors.ts";
import type { ExitStatus, Terminal } from "./run.ts";
import { languageIn, say, type Text, text } from "./text.ts";

type Program = (words: readonly string[], terminal: Terminal, language: Language) => Promise<ExitStatus>;

const UP_HELP = text(
  `Usage: entente up [--data DIR] [--port N] [--config FILE] [--json] [--SETTING VALUE …]

Starts the platform and stays until Ctrl-C. Port 0 takes a free one. Settings come from flags, the environment
(ENTENTE_…) and the file entente.json in the data directory, in this order.
  --json  prints one line when ready: {"url", "pid", "data", "admin", "enclave", "keys"}`,
  `用法：entente up [--data DIR] [--port N] [--config FILE] [--json] [--配置项 值 …]

启动平台，按 Ctrl-C 停止。端口 0 表示自动选择空闲端口。配置依次取自命令行、环境变量（ENTENTE_…）
以及数据目录中的 entente.json。
  --json  就绪时输出一行：{"url", "pid", "data", "admin", "enclave", "keys"}`,
);
const DEMO_HELP = text(
  `Usage: entente demo [--once] [--data DIR] [--port N] [--json] [--lang en|zh-CN]
                    [--source files|mysql] [--attestation simulated|swtpm]
       entente demo keys [--once] [--data DIR] [--port N] [--json] [--lang en|zh-CN]

Starts a platform of its own and plays the main job on real data: two hospitals, an institute, one result.
With keys: three nodes make a key that nobody holds, two people approve a payment, a local chain takes it.
  --once         ends when the story is told
  --json         one JSON object a line
  --source       mysql: three MariaDB servers with TLS, and the sealed result in the receiver's own table
  --attestation  swtpm: the enclave attests with a software TPM 2.0 (a real protocol, simulated hardware)`,
  `用法：entente demo [--once] [--data DIR] [--port N] [--json] [--lang en|zh-CN]
                    [--source files|mysql] [--attestation simulated|swtpm]
      entente demo keys [--once] [--data DIR] [--port N] [--json] [--lang en|zh-CN]

启动独立的平台，使用真实数据演示主要流程：两家医院、一家研究所、一份结果。
加上 keys：三个节点共同生成无人持有的密钥，两人批准一笔付款，本地链完成上链。
  --once         演示结束后退出
  --json         每行一个 JSON 对象
  --source       mysql：启动三台启用 TLS 的 MariaDB，加密结果写入结果使用方自己的表
  --attestation  swtpm：可信执行环境使用软件 TPM 2.0 证明（协议真实，硬件为模拟）`,
);
const REBUILD_HELP = text(
  `Usage: entente rebuild [--data DIR] [--json]

Throws the computed tables away and makes them again from the ledger. The platform must not be running.`,
  `用法：entente rebuild [--data DIR] [--json]

丢弃计算表并根据账本重新生成。执行时平台不得运行。`,
);

const RECOVER_HELP = text(
  `Usage: entente recover [--data DIR] [--json]

Makes a new access key for the operator, where the first was lost. The platform must not be running.`,
  `用法：entente recover [--data DIR] [--json]

为平台运营方生成新的访问密钥，用于首个密钥丢失的情况。执行时平台不得运行。`,
);

/** Flags of a platform are its settings: any name with its value. @throws Refusal usage.flag */
const settingFlags = (words: readonly string[], command: string): Record<string, string | undefined> => {
  const flags: Record<string, string | undefined> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const [, name, inline] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const value = inline ?? words[i + 1];
    if (name === undefined) throw refuse("usage.flag", { reason: `\`${word}\` is no flag`, command });
    if (value === undefined) throw refuse("usage.missing", { what: `${word} VALUE`, command });
    flags[name] = value;
    if (inline === undefined) i++;
  }
  return flags;
};

const withoutSwitch = (words: readonly string[], name: string) => words.filter((word) => word !== name);

const platformProgram =
  (name: string, run: (flags: Record<string, string | undefined>, json: boolean) => Promise<void>): Program =>
  async (words) => {
    await run(settingFlags(withoutSwitch(words, "--json"), `entente ${name}`), words.includes("--json"));
    return 0;
  };

const demoProgram: Program = async (words, _, language) => {
  const { values, positionals } = parseWords(words);
  const { once = false, json = false, data, port } = values;
  const [story, ...more] = positionals;
  if (more.length > 0 || (story !== undefined && story !== "keys"))
    throw refuse("usage.flag", { reason: `\`${more[0] ?? story}\` is no demo`, command: "entente demo" });
  if (story === "keys") {
    const { demoKeys } = await import("./demo/keys/index.ts");
    await demoKeys({ once, json, language, data, port });
    return 0;
  }
  const { demo } = await import("./demo/index.ts");
  const source = oneOf("source", values.source, ["files", "mysql"]);
  const attestation = oneOf("attestation", values.attestation, ["simulated", "swtpm"]);
  await demo({ once, json, language, data, port, source, attestation });
  return 0;
};

const oneOf = <V extends string>(flag: string, value: string | undefined, values: readonly [V, ...V[]]): V => {
  const found = value === undefined ? values[0] : values.find((one) => one === value);
  if (found === undefined)
    throw refuse("usage.value", {
      flag: `--${flag}`,
      value: value ?? "",
      expected: values.join(", "),
      command: "entente demo",
    });
  return found;
};

const parseWords = (words: readonly string[]) => {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        once: { type: "boolean" },
        json: { type: "boolean" },
        data: { type: "string" },
        port: { type: "string" },
        lang: { type: "string" },
        source: { type: "string" },
        attestation: { type: "string" },
      },
    });
  } catch (error) {
    throw refuse("usage.flag", { reason: (error as Error).message.split(". ")[0] ?? "", command: "entente demo" });
  }
};

const KEYNODE_HELP = text(
  `Usage: entente keynode join HOST:PORT --fingerprint HEX --token-file FILE --tag TAG --listen HOST:PORT
                            [--advertise HOST:PORT] [--data DIR]
                            [--attestation PROVIDER] [--attestation-options NAME=VALUE,…]

Runs a key node on this machine for a platform elsewhere, until Ctrl-C.
  HOST:PORT       where that platform lets key nodes join (its setting keyJoinPort)
  --fingerprint   SHA-256 of the certificate there: its log names it when it starts
  --token-file    the platform's keyJoinToken; - is the standard input
  --tag           what the node is called
  --listen        where this one listens for other nodes
  --advertise     where those reach it, if that is another address (NAT, containers)
  --data          where it is kept: its folder, and the program that it was founded with`,
  `用法：entente keynode join HOST:PORT --fingerprint HEX --token-file FILE --tag TAG --listen HOST:PORT
                           [--advertise HOST:PORT] [--data DIR]
                           [--attestation 提供方] [--attestation-options NAME=VALUE,…]

在本机为其他平台运行密钥节点，按 Ctrl-C 停止。
  HOST:PORT       该平台接受密钥节点加入的地址（配置项 keyJoinPort）
  --fingerprint   该处证书的 SHA-256，平台启动日志中给出
  --token-file    平台的 keyJoinToken，- 表示标准输入
  --tag           节点标签
  --listen        本节点监听其他节点的地址
  --advertise     其他节点访问本节点的地址，仅在与监听地址不同时给出（NAT、容器）
  --data          保存目录：节点数据及其创建时所用的程序`,
);

const keyNodeProgram: Program = async (words, terminal) => {
  const command = "entente keynode join";
  const [action, server, ...rest] = words;
  if (action !== "join" || server === undefined) throw refuse("usage.missing", { what: "join HOST:PORT", command });
  const flags = settingFlags(rest, command);
  const needed = (name: string): string =>
    flags[name] ?? raise(refuse("usage.missing", { what: `--${name}`, command }));
  if (/^(0\.0\.0\.0|\[::\]):/.test(needed("listen"))) needed("advertise");
  const [{ currentProgram }, { joinPlatform }, { untilTold }, { readSecret }] = await Promise.all([
    import("../../scripts/bundle.ts"),
    import("./keynode.ts"),
    import("./up.ts"),
    import("./files.ts"),
  ]);
  const options = (flags["attestation-options"] ?? "").split(/,(?=[a-z]+=)/).filter((pair) => pair !== "");
  await joinPlatform(
    {
      ...{ server, fingerprint: needed("fingerprint"), token: readSecret(needed("token-file")), tag: needed("tag") },
      ...{ program: await currentProgram("keynode"), data: flags.data ?? "key-nodes" },
      ...{ listen: needed("listen"), advertise: flags.advertise, attestation: flags.attestation ?? "simulated" },
      attestationOptions: Object.fromEntries(options.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    },
    untilTold(),
    (line) => terminal.error(line),
  );
  return 0;
};

const raise = (error: Error): never => {
  throw error;
};

const programs: Readonly<Record<string, { readonly run: Program; readonly help: Text }>> = {
  up: {
    run: platformProgram("up", async (flags, json) => (await import("./up.ts")).up(flags, { json })),
    help: UP_HELP,
  },
  rebuild: {
    run: platformProgram("rebuild", async (flags, json) => (await import("./rebuild.ts")).rebuild(flags, { json })),
    help: REBUILD_HELP,
  },
  recover: {
    run: platformProgram("recover", async (flags, json) => (await import("./recover.ts")).recover(flags, { json })),
    help: RECOVER_HELP,
  },
  demo: { run: demoProgram, help: DEMO_HELP },
  keynode: { run: keyNodeProgram, help: KEYNODE_HELP },
};

/** @returns undefined where the first word is no program's. */
export const runProgram = async (words: readonly string[], terminal: Terminal): Promise<ExitStatus | undefined> => {
  const [name = "", ...rest] = words;
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (!program) return undefined;
  const language = languageIn(rest);
  if (rest.includes("--help")) {
    terminal.out(say(program.help, language));
    return 0;
  }
  try {
    return await program.run(rest, terminal, language);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    terminal.error(`${error.code}: ${explain(error.code, error.details, language)}`);
    return error.code.startsWith("usage.") || error.code.startsWith("config.") ? 2 : 1;
  }
};
