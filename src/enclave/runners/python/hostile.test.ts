import assert from "node:assert/strict";
import { body, refusalOf, resultOf, rowsFrom, sandboxed, start } from "../../../../test/support/python.ts";
import { batches, type Options, PEOPLE } from "../../../../test/support/runner.ts";
import { Refusal } from "../../../base/refusal.ts";
import type { Batch } from "../../columns/batch.ts";
import type { Manifest } from "../manifest.ts";

const SMALL = { limits: { memory: 64 << 20 } };
const SHORT = { limits: { seconds: 1 } };

sandboxed("a model that does not end, or eats everything, is stopped by name", async () => {
  const cases: [string, string, Options?][] = [
    ["while True: pass", "model.timeout", SHORT],
    ["import time; time.sleep(1e6)", "model.timeout", SHORT],
    ["import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass", "model.timeout", SHORT],
    [
      "import numpy, threading\nfor i in range(3): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\nwhile True: pass",
      "model.timeout",
      SHORT,
    ],
    ["a = []\nwhile True: a.append({'a': len(a), 'b': [len(a)]})", "model.memory", SMALL],
    ["a = []\nwhile True: a.append(bytearray(b'x' * (1 << 24)))", "model.memory", SMALL],
    ["import numpy\na = []\nwhile True: a.append(numpy.ones(1 << 21))", "model.memory", SMALL],
    ["import numpy\nreturn {'name': [''], 'value': numpy.ones(1 << 40)[:1]}", "model.memory", SMALL],
    [
      "import mmap\na = []\nwhile True: a.append(mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))",
      "model.memory",
      SMALL,
    ],
    [
      // Mapped without access and mapped over, memory does not count as data.
      `import ctypes
m = ctypes.CDLL(None).mmap
m.restype, m.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
while True:
    at = m(None, 1 << 24, 0, 0x22, -1, 0)
    if at == 2**64 - 1 or m(at, 1 << 24, 3, 0x32, -1, 0) != at: raise MemoryError
    ctypes.memset(at, 1, 1 << 24)`,
      "model.memory",
      SMALL,
    ],
    ["'x' * (1 << 40)", "model.memory", SMALL],
    ["def f(): f()\nf()", "model.threw"],
    ["while True: print('x' * (1 << 16))", "model.output-too-large"],
    ["while True: print('x' * (1 << 16), file=sys.stderr)", "model.output-too-large"],
    ["while True: os.write(2, b'x' * (1 << 16))", "model.output-too-large"],
    ["return [{'name': 'x' * (1 << 20)}] * 100", "model.output-too-large"],
    ["return ({'name': ['x' * (1 << 20)], 'value': [0]} for _ in iter(int, 1))", "model.output-too-large"],
    ["return ({'name': ['x'] * 60, 'value': [0] * 60} for _ in iter(int, 1))", "model.result-rows"],
    ["return ({'name': [], 'value': []} for _ in iter(int, 1))", "model.timeout", SHORT],
  ];
  for (const [text, code, options] of cases) {
    const refusal = await refusalOf(body(text), options);
    assert.equal(refusal.code, code, `${text}: ${refusal.message}`);
  }
});

sandboxed("threads without end end in a refusal", async () => {
  const text = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1e6,)).start()";
  const refusal = await refusalOf(body(text), { limits: { seconds: 5, memory: 64 << 20 } });
  assert.match(refusal.code, /^model\.(memory|threw|timeout|exited)$/);
});

sandboxed("memory that would not count is not given, limits are not raised", async () => {
  const text = `
    import ctypes, mmap, resource
    rows = []
    for name, flags in {"shared": mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, "stack": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100}.items():
        try:
            mmap.mmap(-1, 1 << 20, flags=flags)
            rows.append({"name": name + " GIVEN"})
        except OSError as error:
            rows.append({"name": f"{name} {error.errno}"})
    for name in ("DATA", "STACK", "CPU", "NOFILE", "FSIZE", "CORE"):
        soft, hard = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
        rows.append({"name": f"{name} {soft == hard != resource.RLIM_INFINITY}"})
    libc = ctypes.CDLL(None)
    rows.append({"name": f"shmget {libc.shmget(0, 4096, 0o1600)}"})
    return rows`;
  assert.deepEqual(
    (await rowsFrom(body(text))).map(({ name }) => name),
    [
      "shared 1",
      "stack 1",
      "DATA True",
      "STACK True",
      "CPU True",
      "NOFILE True",
      "FSIZE True",
      "CORE True",
      "shmget -1",
    ],
  );
});

sandboxed("log lines are cut, not refused", async () => {
  const { log } = await resultOf(body("for i in range(100_000): log('line', i)\nprint('end')\nreturn []"));
  assert.equal(log.length, 64 << 10);
});

sandboxed("a model finds no processes, network, files or secrets", async () => {
  const attempts: Record<string, string> = {
    fork: "os.fork()",
    vfork: "import _posixsubprocess, subprocess; subprocess.run(['/python/bin/python3'])",
    spawn: "os.posix_spawn('/python/bin/python3', ['x'], {})",
    shell: "assert os.system('id') == 0",
    multiprocessing: "import multiprocessing; multiprocessing.Process(target=print).start()",
    tcp: "import socket; socket.create_connection(('1.1.1.1', 80))",
    listen: "import socket; socket.create_server(('', 0))",
    unix: "import socket; socket.socket(socket.AF_UNIX)",
    pair: "import socket; socket.socketpair()",
    udp: "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    netlink: "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    dns: "import socket; socket.getaddrinfo('example.org', 80)",
    http: "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1/')",
    passwd: "open('/etc/passwd').read()",
    proc: "os.listdir('/proc')",
    maps: "open('/proc/self/maps').read()",
    parent: "open(f'/proc/{os.getppid()}/environ').read()",
    dev: "os.listdir('/dev')",
    shm: "from multiprocessing import shared_memory; shared_memory.SharedMemory(create=True, size=9)",
    home: "os.listdir('/root')",
    write: "open('/x', 'w')",
    writeTmp: "import tempfile; tempfile.TemporaryFile()",
    writeImage: "open('/python/lib/x', 'w')",
    mkdir: "os.mkdir('/d')",
    remove: "os.remove('/python/bin/python3')",
    rename: "os.rename('/python/bin', '/python/x')",
    chmod: "os.chmod('/python/bin/python3', 0o777)",
    link: "os.link('/python/bin/python3', '/python/x')",
    memfd: "os.memfd_create('x')",
    kill: "os.kill(os.getppid(), 9)",
    killAll: "os.kill(-1, 9)",
    setuid: "os.setuid(0)",
    chroot: "os.chroot('/')",
    nice: "os.nice(-5)",
    limits: "import resource; resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
  };
  // By number: ptrace, mount, bpf, keyctl, io_uring_setup, userfaultfd, unshare, setns, process_vm_readv, socket, clone
  // of a process, clone3, perf_event_open, add_key, memfd_create, reboot.
  const calls = [101, 165, 321, 250, 425, 323, 272, 308, 310, 41, 56, 435, 298, 248, 319, 169];
  const probe = body(`
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    rows = [
        {"name": "root", "value": len(set(os.listdir("/")) - {"python", "lib64", "lib"})},
        {"name": "env", "value": len(set(os.environ) - {"LD_LIBRARY_PATH", "PWD", "HOME", "TZ", "LC_ALL"} - {n for n in os.environ if "THREADS" in n or n in ("PYTHONHASHSEED", "ARROW_DEFAULT_MEMORY_POOL", "JOBLIB_MULTIPROCESSING")})},
        {"name": "uid", "value": os.getuid()},
        {"name": "fds", "value": sum(1 for fd in range(64) if isopen(fd))},
    ]
    for name, text in ${JSON.stringify(attempts)}.items():
        try:
            exec(text, {"os": os})
            rows.append({"name": name + " DONE"})
        except Exception as error:
            rows.append({"name": f"{name} {type(error).__name__} {error}"[:90]})
    for number in ${JSON.stringify(process.arch === "x64" ? calls : [])}:
        ctypes.set_errno(0)
        answer = libc.syscall(number, 0, 0, 0, 0, 0, 0)
        rows.append({"name": f"call {number} {'DONE' if answer >= 0 else 'Error'} {ctypes.get_errno()}"})
    return rows`).replace(
    "def main",
    `def isopen(fd):\n    try: return bool(os.fstat(fd))\n    except OSError: return False\ndef main`,
  );
  const rows = await rowsFrom(probe);
  assert.deepEqual(rows.slice(0, 4), [
    { name: "root", value: 0 },
    { name: "env", value: 0 },
    { name: "uid", value: 65_534 },
    { name: "fds", value: 4 },
  ]);
  for (const { name } of rows.slice(4))
    assert.match(String(name), /^\S+( \d+)? \w*(Error|gaierror|error)\b/, String(name));
  assert.equal(rows.length, 4 + Object.keys(attempts).length + (process.arch === "x64" ? calls.length : 0));
});

sandboxed("wrong results are refused, by the sandbox and again by the host", async () => {
  const cases: [string, string, RegExp][] = [
    ["return [{'name': 1}]", "model.result-schema", /name in row 0 is 1, not utf8/],
    ["return [{'name': 'a', 'value': '1'}]", "model.result-schema", /value in row 0 is '1', not f64/],
    ["return [{'name': 'a', 'value': True}]", "model.result-schema", /value in row 0 is True, not f64/],
    ["return [{'name': '\\ud800'}]", "model.result-schema", /not utf8/],
    ["return [{'name': 'a', 'secret': 1}]", "model.result-schema", /secret is not declared/],
    ["return [['a', 1]]", "model.result-schema", /row 0 is no dict/],
    ["return 5", "model.result-schema", /main returned 5/],
    ["return None", "model.result-schema", /main returned None/],
    ["return {'name': ['a'], 'value': []}", "model.result-schema", /one length/],
    ["return {'name': ['a']}", "model.result-schema", /one length/],
    ["return {'name': 'a', 'value': [1]}", "model.result-schema", /one length/],
    [
      "import numpy as np\nreturn {'name': ['a'], 'value': np.array(['2026-01-01'], 'M8[D]')}",
      "model.result-schema",
      /value/,
    ],
    [
      "import pandas as pd\nreturn pd.DataFrame({'name': ['a'], 'value': [1], 'more': [2]})",
      "model.result-schema",
      /more is not declared/,
    ],
    ["return [{'name': 'a'}] * 101", "model.result-rows", /100/],
    ["raise ValueError('x' * 1_000_000 + '\\x1b[31m')", "model.threw", /ValueError: x{300}/],
    ["\nx = 1\nraise KeyError('gone')", "model.threw", /KeyError: 'gone' \(main\.py, line 5\)/],
    ["class E(Exception):\n    def __str__(self): raise self\nraise E", "model.threw", /E/],
    ["raise type('\\u202e\\x1b', (BaseException,), {})", "model.threw", /./],
    ["import gone", "model.threw", /ModuleNotFoundError: No module named 'gone'/],
    ["import torch", "model.threw", /No module named 'torch'/],
    ["sys.exit(7)", "model.exited", /7/],
    ["sys.exit()", "model.exited", /0/],
    ["os._exit(9)", "model.exited", /9/],
    ["os.abort()", "model.exited", /134/],
    ["import ctypes; ctypes.string_at(0)", "model.exited", /139/],
  ];
  for (const [text, code, details] of cases) {
    const refusal = await refusalOf(body(text));
    assert.deepEqual(
      [refusal.code, details.test(JSON.stringify(refusal.details))],
      [code, true],
      `${text}: ${refusal.message.slice(0, 300)}`,
    );
    assert.ok(refusal.message.length < 800);
  }
  for (const source of ["def other(): pass", "syntax error", "import lib.gone", "main = 1", "raise MemoryError"])
    assert.match((await refusalOf(source)).code, source.endsWith("MemoryError") ? /memory/ : /threw/, source);
  assert.equal((await refusalOf("", { manifest: { entry: "main.js" }, files: { "main.js": "" } })).code, "model.threw");
  const numbers: Manifest["result"] = {
    columns: { i: "i32", l: "i64", d: "date", b: "bool", n: "decimal" },
    maxRows: 9,
  };
  const wrong: [string, string][] = [
    ["i", "np.array([2**31])"],
    ["i", "np.array([0.5])"],
    ["i", "np.array([np.nan])"],
    ["i", "[True]"],
    ["l", "np.array([2**63], np.uint64)"],
    ["l", "[2**63]"],
    ["l", "[2.0**60]"],
    ["d", "['2026-02-30']"],
    ["d", "np.array(['9999999-01-01'], 'M8[D]')"],
    ["b", "np.array([1])"],
    ["b", "[1]"],
    ["n", "[1e-9]"],
    ["n", "['١']"],
    ["n", "[float('nan')]"],
  ];
  for (const [name, value] of wrong) {
    const text = `import numpy as np\nr = {"i": [1], "l": [1], "d": [1], "b": [True], "n": [1]}\nr["${name}"] = ${value}\nreturn r`;
    const refusal = await refusalOf(body(text), { manifest: { result: numbers } });
    assert.deepEqual(
      [refusal.code, refusal.message.includes(`${name} in row 0`)],
      ["model.result-schema", true],
      `${value}: ${refusal.message}`,
    );
  }
});

sandboxed("what a model writes to the channel of results itself is not believed", async () => {
  const raw = (header: string, bytes: string) =>
    `h = ${JSON.stringify(header)}.encode(); h += b" " * (-len(h) % 8); b = ${bytes}
os.write(3, len(h).to_bytes(4, "little") + len(b).to_bytes(4, "little") + h + b)
import time; time.sleep(1e6)`;
  const column = (values: number) => ({ name: "value", type: "f64", validity: 0, offsets: 0, values });
  const cases: [string, string][] = [
    ["os.write(3, b'\\xff' * 4096); import time; time.sleep(1e6)", "model.protocol"],
    ["os.write(3, b'garbage '); os.close(3); import time; time.sleep(1e6)", "model.protocol"],
    [raw("null", "b''"), "model.protocol"],
    [raw('{"kind":"other"}', "b''"), "model.protocol"],
    [raw('{"kind":"result","batch":{"rows":1,"columns":[]}}', "b''"), "model.result-schema"],
    [
      raw(JSON.stringify({ kind: "result", batch: { rows: 1, columns: [column(8)] } }), "bytes(8)"),
      "model.result-schema",
    ],
    [raw(JSON.stringify({ kind: "result", batch: { rows: 9, columns: [column(8)] } }), "bytes(8)"), "model.protocol"],
    [raw(JSON.stringify({ kind: "failed", code: "made-up", message: { a: 1 } }), "b''"), "model.threw"],
    ["while True: os.write(3, bytes(1 << 16))", "model.protocol"],
  ];
  for (const [text, code] of cases) assert.equal((await refusalOf(body(text))).code, code, text);
});

sandboxed("a source that fails, a table that does not fit", async () => {
  async function* broken(): AsyncGenerator<Batch> {
    yield* batches(PEOPLE, [{ id: 1, name: "a" }]);
    throw new Refusal("source.csv.ragged", 422, { line: 7 });
  }
  const failed = await refusalOf(body("tables.people.read()\nreturn []"), { tables: { people: [PEOPLE, broken()] } });
  assert.equal(failed.code, "source.csv.ragged");
  const other: Manifest["tables"] = { people: { columns: { gone: "f64" } } };
  assert.equal((await refusalOf(body("return []"), { manifest: { tables: other } })).code, "model.table");
  assert.match((await refusalOf(body("tables.others"))).message, /no table others; entente.json names people/);
  assert.match((await refusalOf(body("next(iter(tables.people))['gone']"))).message, /no column gone; it has id, name/);
});

sandboxed("code that tampers with the guest gains nothing", async () => {
  const text = `
    import gc
    for one in gc.get_objects():
        if type(one).__name__ == "Table": one._ended = True
    os.close(0)
    return [{"name": "a"}]`;
  assert.deepEqual(await rowsFrom(body(text)), [{ name: "a", value: null }]);
  const run = await start(
    body(
      "import sys\nsys.settrace(lambda *a: None)\nos.execv('/python/bin/python3', ['/python/bin/python3', '-c', 'while True: pass'])",
    ),
    SHORT,
  );
  await assert.rejects(run.result(), (error) => error instanceof Refusal && error.code === "model.timeout");
});
