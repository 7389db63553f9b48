"""The model: its files are imported, its main function is called on the tables.

A model is a module with a function

    def main(tables, parameters, log): ...

(`log` may be left out of the signature). `tables.NAME` is a Table, `parameters` a dict, `log(...)` prints into the log,
which is cut at 64 KiB. What main returns is the result, in the columns that entente.json declares:

    [{"name": "a", "value": 1.5}, ...]           rows
    {"name": ["a", ...], "value": array}         columns: NumPy arrays, pandas or Arrow columns, any sequence
    a pandas.DataFrame, a pyarrow.Table
    an iterator of these, one batch after the other, for what is too large to be held

None is no value; in pandas and masked arrays, what is missing there. Other modules of the archive are imported as usual
(`import lib.fit`), its other files read with `pkgutil.get_data(__name__, "names.json")`.
"""

import sys

# What importlib.machinery stands on.
from _frozen_importlib import ModuleSpec
from posix import _exit, write

MAX_LOG_BYTES = 65_536


class Files:
    """Finds and loads the modules of the archive."""

    def __init__(self, files):
        self.files = files
        parts = [file.split("/")[:-1] for file in files if file.endswith(".py")]
        self.folders = {"/".join(one[:depth]) for one in parts for depth in range(1, len(one) + 1)}

    def find_spec(self, name, path=None, target=None):
        base = name.replace(".", "/")
        for file, package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if file in self.files:
                spec = ModuleSpec(name, self, origin=file, is_package=package)
                spec.has_location = True
                return spec
        if base in self.folders:
            return ModuleSpec(name, None, is_package=True)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        # Not compile(), whose first call takes half a millisecond: what it would tell, place_of finds in the globals.
        exec(bytes(self.files[module.__file__]), module.__dict__)

    def get_data(self, path):
        if path not in self.files:
            raise FileNotFoundError(f"the archive has no {path}")
        return bytes(self.files[path])


logged = 0


def log(*values):
    global logged
    line = (" ".join(map(str, values)) + "\n").encode(errors="replace")
    sys.stdout.flush()
    kept = memoryview(line)[: max(0, MAX_LOG_BYTES - logged)]
    logged += len(line)
    while kept:
        kept = kept[write(1, kept) :]


def load(header, body):
    files, at = {}, 0
    for path, length in header["files"]:
        files[path] = body[at : at + length]
        at += length
    # After the modules that are built in, before all others: as a script's own folder is.
    sys.meta_path.insert(2, Files(files))


def run():
    header = None
    while header is None or any(name not in tables for name in header["manifest"]["tables"]):
        message, body = receive()
        if message["kind"] == "load":
            header = message
            load(header, body)
        elif message["kind"] == "table":
            tables[message["table"]] = Table(message["table"], message["columns"])
    manifest, name = header["manifest"], header["main"]
    entry = manifest["entry"]
    if not entry.endswith(".py"):
        raise ImportError(f"{entry} is no module of Python; its name ends with .py")
    module = __import__(entry[:-3].replace("/", "."), fromlist=[name])
    main = getattr(module, name, None)
    if not callable(main):
        raise ImportError(f"{entry} has no function {name}")
    code = getattr(main, "__code__", None)
    takes_log = code is not None and (code.co_argcount > 2 or code.co_flags & 4)
    send({"kind": "started"})
    returned = main(tables, header["parameters"], *([log] if takes_log else []))
    schema = [{"name": column, "type": type} for column, type in manifest["result"]["columns"].items()]
    send_result(returned, schema, manifest["result"]["maxRows"])
    sys.stdout.flush()
    send({"kind": "done"})


def place_of(error):
    """Where in the archive it happened: " (main.py, line 3)"."""
    found, trace = "", error.__traceback__
    while trace:
        file = trace.tb_frame.f_globals.get("__file__") or "/"
        if not file.startswith("/"):
            found = f" ({file}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def trace_of(error):
    """For the model's author: where it was, call by call, its causes before it. Empty where telling that fails too."""
    blocks = []
    try:
        while error is not None and len(blocks) < 8:
            lines, trace = [], error.__traceback__
            while trace:
                lines.append(call_of(trace))
                trace = trace.tb_next
            blocks.insert(0, "".join([*lines, f"{type(error).__name__}: {error}"[:2_000]]))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(blocks)[-16_000:]
    except BaseException:
        return ""


def call_of(trace):
    code, known = trace.tb_frame.f_code, trace.tb_frame.f_globals
    if code.co_filename == "<guest>":
        return ""
    file = known.get("__file__") or code.co_filename
    text = getattr(known.get("__loader__"), "files", {}).get(file, b"").decode(errors="replace").split("\n")
    line = text[trace.tb_lineno - 1].strip() if trace.tb_lineno <= len(text) else ""
    return f'  File "{file}", line {trace.tb_lineno}, in {code.co_name}\n' + (f"    {line}\n" if line else "")


def fail(error):
    if isinstance(error, Failure):
        return send({"kind": "failed", "code": error.code, "message": str(error)[:500], "trace": trace_of(error)})
    try:
        message = f"{type(error).__name__}: {error}"[:400]
    except Exception:
        message = type(error).__name__
    memory = isinstance(error, MemoryError) or "failed to map segment" in message or "Cannot allocate" in message
    code = "memory" if memory else "threw"
    send({"kind": "failed", "code": code, "message": message + place_of(error), "trace": "" if memory else trace_of(error)})


status = 1
try:
    sys.path.append(f"{sys.prefix}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
    run()
    status = 0
except SystemExit as exit:
    status = exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 1
except BaseException as error:
    fail(error)
try:
    sys.stdout.flush()
finally:
    # Without waiting for threads of the model.
    _exit(status & 255)
