/**
 * Every setting, declared once: `rateLimit` here is `rateLimit` in entente.json, ENTENTE_RATE_LIMIT in the environment
 * and --rate-limit as a flag.
 */
import { DAY, MINUTE, SECOND } from "../../base/clock.ts";
import { duration, integer, type Kind, list, oneOf, size, text } from "./kinds.ts";

const KiB = 1 << 10;
const MiB = 1 << 20;
const GiB = 1 << 30;

export interface Setting<T> {
  kind: Kind<T>;
  /** As it is written in the file; undefined when `loadConfig` works it out. */
  preset: unknown;
  /** What it is for, in both languages. */
  en: string;
  zh: string;
  /** Never shown: not in logs, not in the effective configuration. */
  secret: boolean;
}

const setting = <T>(kind: Kind<T>, preset: unknown, en: string, zh: string): Setting<T> => ({
  kind,
  preset,
  en,
  zh,
  secret: false,
});
const secret = <T>(kind: Kind<T>, preset: unknown, en: string, zh: string): Setting<T> => ({
  ...setting(kind, preset, en, zh),
  secret: true,
});

export const settings = {
  data: setting(
    text(/^.+$/s, "a path", "路径"),
    "data",
    "Directory of everything this server keeps. Relative paths start where the server was started.",
    "服务器保存所有数据的目录。相对路径以启动目录为准。",
  ),
  host: setting(
    text(/^[^\s/]+$/, "a host name or address", "主机名或地址"),
    "127.0.0.1",
    "Address to listen on. 0.0.0.0 or :: listens on every interface.",
    "监听地址。0.0.0.0 或 :: 表示监听所有网络接口。",
  ),
  port: setting(
    integer(0, 65_535),
    8800,
    "Port to listen on; 0 takes a free one.",
    "监听端口；0 表示自动选择空闲端口。",
  ),
  publicUrl: setting(
    text(
      /^(https?:\/\/[^\s/]+)?$/,
      "an http or https address without a path, or empty",
      "不含路径的 http 或 https 地址，或留空",
    ),
    "",
    "Address under which others reach the server. With https, cookies are sent over TLS only.",
    "外部访问本服务器所用的地址。使用 https 时，Cookie 仅通过 TLS 发送。",
  ),
  trustedProxies: setting(
    list("addresses or networks (CIDR), with commas between", "以逗号分隔的地址或网段（CIDR）"),
    [],
    "Proxies whose `X-Forwarded-For` header is believed.",
    "信任其 `X-Forwarded-For` 请求头的代理。",
  ),
  database: secret(
    text(
      /^(postgres(ql)?:\/\/\S+)?$/,
      "empty, or an address such as postgres://user@host/name",
      "留空，或形如 postgres://user@host/name 的地址",
    ),
    "",
    "Empty for SQLite in the data directory, or the address of a PostgreSQL database.",
    "留空表示使用数据目录中的 SQLite；或填写 PostgreSQL 数据库地址。",
  ),
  databaseConnections: setting(integer(2, 200), 10, "Connections to PostgreSQL at most.", "PostgreSQL 的最大连接数。"),
  logLevel: setting(
    oneOf("trace", "debug", "info", "warn", "error", "silent"),
    "info",
    "Least important log lines that are written.",
    "写入日志的最低级别。",
  ),
  logFormat: setting(
    oneOf("auto", "json", "pretty"),
    "auto",
    "JSON lines, or one short line for people; `auto` is pretty on a terminal.",
    "JSON 行，或便于阅读的单行格式；`auto` 在终端中使用后者。",
  ),
  signup: setting(
    oneOf("open", "closed"),
    "open",
    "Whether organisations may register themselves, or only the operator adds them.",
    "允许组织自行注册，或仅由运营方添加。",
  ),
  sessionIdle: setting(
    duration(MINUTE, 30 * DAY),
    "2h",
    "A browser session ends when it was not used for so long.",
    "浏览器会话在闲置该时长后结束。",
  ),
  sessionLifetime: setting(
    duration(MINUTE, 90 * DAY),
    "12h",
    "A browser session ends so long after signing in, used or not.",
    "浏览器会话自登录起经过该时长后结束，无论是否使用。",
  ),
  rateLimit: setting(
    integer(1, 1_000_000),
    200,
    "Requests a second for each access key, session or address.",
    "每个访问密钥、会话或地址每秒允许的请求数。",
  ),
  rateBurst: setting(
    integer(1, 1_000_000),
    1000,
    "Requests that may come at once before the rate counts.",
    "限速生效前允许的突发请求数。",
  ),
  signInLimit: setting(
    integer(1, 10_000),
    10,
    "Sign-ins a minute from one address, and for one login name from it.",
    "同一地址（以及该地址上的同一登录名）每分钟允许的登录次数。",
  ),
  bodyLimit: setting(
    size(16 * KiB, 64 * MiB),
    "2MiB",
    "Largest body of an ordinary request.",
    "普通请求正文的最大字节数。",
  ),
  uploadLimit: setting(
    size(MiB, 64 * GiB),
    "4GiB",
    "Largest sealed file that may be uploaded.",
    "允许上传的密封文件的最大字节数。",
  ),
  ledgerBatch: setting(
    integer(1, 10_000),
    512,
    "Statements the ledger writes at once, at most.",
    "账本单批写入的最大声明数。",
  ),
  enclaveMemory: setting(size(64 * MiB, 256 * GiB), "1GiB", "Memory a model may use.", "模型可使用的内存。"),
  enclaveTime: setting(duration(SECOND, DAY), "10m", "How long a model may run.", "模型的最长运行时间。"),
  enclaveOutput: setting(size(KiB, 512 * MiB), "64MiB", "Bytes a model may return.", "模型可返回的最大字节数。"),
  enclaveConcurrency: setting(
    integer(1, 64),
    2,
    "Tasks that run at a time in each enclave.",
    "每个可信执行环境同时执行的任务数。",
  ),
  enclaves: setting(
    integer(1, 16),
    1,
    "Enclaves on this machine, each with keys and attestation of its own. Tasks that name several run in whichever has room.",
    "本机可信执行环境的数量，各有独立的密钥与证明。指定多个环境的任务由有空闲的环境执行。",
  ),
  enclaveRemotes: setting(
    list("commands that start one each, with commas between", "以逗号分隔的启动命令"),
    [],
    "Enclaves on other machines: commands that start the enclave program there and join its standard input and output, for example `ssh -T host node /opt/entente/enclave.mjs`.",
    "其他机器上的可信执行环境：在该机器上启动程序并连接其标准输入输出的命令，例如 `ssh -T host node /opt/entente/enclave.mjs`。",
  ),
  enclaveCgroup: setting(
    list("absolute paths, with commas between", "以逗号分隔的绝对路径"),
    [],
    "Folder of cgroup v2 that was delegated to the enclave's user, or one of each controller of v1. Every sandbox then has limits of its own in it: memory with what it writes to files in memory, processes, a fair share of the processors. Empty: only those of its processes. Not part of the measurement.",
    "委派给可信执行环境用户的 cgroup v2 目录，或 v1 各控制器的目录。每个沙箱在其中有独立的限额：内存（含内存文件系统）、进程数与公平的处理器份额。留空则仅有进程级限额。不计入度量值。",
  ),
  enclaveNetworks: setting(
    list(
      "host names, addresses or blocks of addresses (CIDR), with commas between",
      "以逗号分隔的主机名、地址或网段（CIDR）",
    ),
    [],
    "Databases and object stores that the enclave may connect to: hosts with all below them, by the name that a connection has, and blocks of addresses, by what the name leads to. Empty: all. Where there are several enclaves, `2=` before an entry makes it the second one's. Not part of the measurement.",
    "可信执行环境可以连接的数据库与对象存储：按连接中所写名称匹配的主机（含其下级），以及按解析结果匹配的网段。留空表示不限。有多个可信执行环境时，条目前加 `2=` 表示仅用于第二个。不计入度量值。",
  ),
  sandbox: setting(
    oneOf("auto", "bubblewrap", "quickjs"),
    "auto",
    "What keeps a model in. `auto` takes bubblewrap where it works, else the slower `quickjs`; which one is in the enclave's founding statement, and never changes after.",
    "隔离模型所用的沙箱。`auto` 优先使用 bubblewrap，不可用时使用较慢的 `quickjs`；所用沙箱写入可信执行环境的创建声明，之后不会改变。",
  ),
  python: setting(
    text(),
    "",
    "Folder of the Python that models run on, as `npm run python` makes it and names it. Without one, the enclave runs no models in Python.",
    "Python 模型所用的运行环境目录，由 `npm run python` 生成并给出。留空则可信执行环境不运行 Python 模型。",
  ),
  attestation: setting(
    oneOf("simulated", "tpm2", "swtpm", "tdx", "sev-snp"),
    "simulated",
    "What vouches for the enclave. Another one is another enclave, which members have to accept anew.",
    "可信执行环境的远程证明提供方。更换即为新的可信执行环境，成员须重新认可。",
  ),
  attestationOptions: setting(
    list("pairs of NAME=VALUE, with commas between", "以逗号分隔的 NAME=VALUE"),
    [],
    "What the attestation provider needs to know, for example `device=/dev/tpmrm0`.",
    "远程证明提供方所需的参数，例如 `device=/dev/tpmrm0`。",
  ),
  keyNodes: setting(
    integer(0, 16),
    3,
    "Key nodes on this machine, each a process with a store of its own: node-1, node-2, … Those that were created later are started too. 0: none.",
    "本机密钥节点的数量，各为独立进程并有独立存储：node-1、node-2……之后创建的节点也会启动。0 表示不运行密钥节点。",
  ),
  keyNodeHost: setting(
    text(/^(?!0\.0\.0\.0$|::$)[^\s/[\]]+$/, "one host name or address, not all", "单个主机名或地址，不可为全部地址"),
    "127.0.0.1",
    "Address of this machine that its key nodes listen on, each on a port of its own, and where nodes of other machines reach them. Only nodes that the ledger names get further than a handshake.",
    "本机密钥节点的监听地址（各用一个端口），也是其他机器上的节点访问它们的地址。握手之后只接受账本所记录的节点。",
  ),
  keyPort: setting(
    integer(0, 65_535),
    8889,
    "Port of the key service's other faces (the REST calls under `/api/mappic`, AWS KMS, Ethereum JSON-RPC), where key nodes run; 0 takes a free one.",
    "密钥服务其他接口（`/api/mappic` 下的 REST 接口、AWS KMS、以太坊 JSON-RPC）的端口，仅在运行密钥节点时监听；0 表示自动选择空闲端口。",
  ),
  keyHost: setting(
    text(/^[^\s/]+$/, "a host name or address", "主机名或地址"),
    "127.0.0.1",
    "Address that this port listens on. Any but this machine's own needs `keyToken`.",
    "上述端口的监听地址。非本机回环地址须设置 `keyToken`。",
  ),
  keyToken: secret(
    text(/^(\S{16,512})?$/, "16 characters or more without spaces, or empty", "至少 16 个无空格字符，或留空"),
    "",
    "What callers of the REST and Ethereum faces have to bring (`Authorization: Bearer`). Empty lets in every program of this machine: it then signs with the platform's own keys.",
    "REST 与以太坊接口调用方须携带的令牌（`Authorization: Bearer`）。留空则本机任何程序均可调用，并使用平台自有的密钥签名。",
  ),
  ethereumUpstream: secret(
    text(/^(https?:\/\/\S+)?$/, "an http or https address, or empty", "http 或 https 地址，或留空"),
    "",
    "JSON-RPC address of an Ethereum node, through which members and the face under `/ethereum` complete and send transactions. Empty: they only sign.",
    "以太坊节点的 JSON-RPC 地址，成员与 `/ethereum` 接口经由该节点补全并发送交易。留空则只签名。",
  ),
  keyJoinPort: setting(
    integer(0, 65_535),
    0,
    "Port at which key nodes of other machines join (`entente keynode join`), on the address of `host`. Needs `keyJoinToken`; without it none may join.",
    "其他机器上的密钥节点加入（`entente keynode join`）所用的端口，监听地址同 `host`；0 表示自动选择。须设置 `keyJoinToken`，否则不接受加入。",
  ),
  keyJoinToken: secret(
    text(/^(\S{16,512})?$/, "16 characters or more without spaces, or empty", "至少 16 个无空格字符，或留空"),
    "",
    "What a key node has to bring to join. Empty: none may.",
    "密钥节点加入时须携带的令牌。留空则不接受加入。",
  ),
  identityKeyGroup: setting(
    text(/^(own|G\d{15,20})?$/, "a key group (G…), own, or empty", "群组编号（G…）、own 或留空"),
    "",
    "Key group whose nodes hold the keys of managed identities and sign in their members' names; the platform's organisation for identities has to be among its requesters. `own`: a group that the platform founds over its nodes and administers. Empty: the platform keeps such keys itself, unless the member names a group.",
    "托管身份的密钥所在群组，由其节点以成员名义签名；平台的身份服务机构须为该群组的请求方。`own` 表示由平台在其节点上创建并管理群组。留空则由平台自行保管此类密钥，除非成员指定群组。",
  ),
  shutdownGrace: setting(
    duration(0, 5 * MINUTE),
    "10s",
    "How long requests in progress may take after the server was told to stop.",
    "服务器收到停止信号后，处理中的请求可继续的时长。",
  ),
  idempotencyLifetime: setting(
    duration(MINUTE, 30 * DAY),
    "24h",
    "How long the answer to a request with an idempotency key is kept.",
    "带幂等键的请求的结果保留时长。",
  ),
};
