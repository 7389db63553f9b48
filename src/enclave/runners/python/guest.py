"""The program inside the sandbox of the Python runner: reads a model's code and tables from fd 0, calls its main function,
writes the result to fd 3. It reads only what it waits for, so a full pipe holds the sender back.

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

# What os, io, json and importlib.machinery stand on: json alone takes as long to import as the interpreter to start.
from _frozen_importlib import ModuleSpec
from _io import FileIO
from _json import encode_basestring_ascii, make_scanner
from posix import _exit, write

MAX_ROWS = 65_536
MAX_LOG_BYTES = 65_536
# Batches that came while another table's were awaited; at most those asked for.
AHEAD = 4
DTYPES = {"bool": "?", "i32": "<i4", "i64": "<i8", "f64": "<f8", "date": "<i4", "timestamp": "<M8[us]"}
FORMATS = {"bool": "B", "i32": "i", "i64": "q", "f64": "d", "date": "i", "timestamp": "q"}


class Failure(Exception):
    """A failure that has its own code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Syntax:
    """How the scanner is to read JSON."""

    strict, object_hook, object_pairs_hook = True, None, None
    parse_float, parse_int, parse_constant = float, int, float


scan = make_scanner(Syntax)


def to_json(value):
    if isinstance(value, dict):
        return "{%s}" % ",".join(f"{encode_basestring_ascii(key)}:{to_json(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "[%s]" % ",".join(map(to_json, value))
    return encode_basestring_ascii(value) if isinstance(value, str) else str(value)


# ---- Frames -----------------------------------------------------------------------------------------------------------

source = FileIO(0, closefd=False)


def take(length):
    """So many bytes; ends the program when there are no more."""
    piece = bytearray(length)
    view, at = memoryview(piece), 0
    while at < length:
        count = source.readinto(view[at:])
        if not count:
            _exit(0)
        at += count
    return piece


def receive():
    prefix = take(8)
    header = take(int.from_bytes(prefix[:4], "little"))
    body = take(int.from_bytes(prefix[4:], "little"))
    return scan(header.decode(), 0)[0], body


def padded(piece, filler=b"\0"):
    return piece + filler * (-len(piece) % 8)


def send(header, buffers=()):
    head = padded(to_json(header).encode(), b" ")
    body = b"".join(map(padded, buffers))
    frame = memoryview(len(head).to_bytes(4, "little") + len(body).to_bytes(4, "little") + head + body)
    while frame:
        frame = frame[write(3, frame) :]


# ---- Tables -----------------------------------------------------------------------------------------------------------


class Column:
    """A column of a batch: a sequence of Python values, None where there is none.

    bool, i32, i64, f64 are bool, int and float; utf8 str; decimal decimal.Decimal; date datetime.date; timestamp
    datetime.datetime in UTC; binary bytes.
    """

    def __init__(self, name, type, rows, validity, offsets, data):
        self.name, self.type, self.rows = name, type, rows
        self._validity, self._data = validity, data
        self._offsets = memoryview(offsets).cast("i") if type not in DTYPES else None
        self._cells = memoryview(data).cast(FORMATS[type]) if type in DTYPES else None
        self._values = self._mask = None

    def __len__(self):
        return self.rows

    def is_null(self, row):
        return bool(self._validity) and not self._validity[row >> 3] >> (row & 7) & 1

    def __getitem__(self, row):
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(self.rows))]
        if not -self.rows <= row < self.rows:
            raise IndexError(row)
        row %= self.rows
        if self.is_null(row):
            return None
        if self._offsets is not None:
            return FROM_BYTES[self.type](bytes(self._data[self._offsets[row] : self._offsets[row + 1]]))
        return FROM_NUMBER[self.type](self._cells[row])

    @property
    def mask(self):
        """NumPy array of bool: True where there is no value."""
        if self._mask is None:
            import numpy

            if self._validity:
                bits = numpy.frombuffer(self._validity, numpy.uint8)
                self._mask = numpy.unpackbits(bits, count=self.rows, bitorder="little") == 0
            else:
                self._mask = numpy.zeros(self.rows, bool)
        return self._mask

    @property
    def values(self):
        """NumPy array; where there is no value, it holds anything (`mask`).

        bool, int32, int64, float64 and datetime64[us] lie on the bytes as they came. datetime64[D] for date; object,
        with the Python values and None, for utf8, decimal and binary.
        """
        if self._values is None:
            import numpy

            if self._offsets is not None:
                self._values = numpy.empty(self.rows, object)
                self._values[:] = self[:]
            else:
                self._values = numpy.frombuffer(self._data, DTYPES[self.type])
                if self.type == "date":
                    self._values = self._values.astype("M8[D]")
        return self._values

    def to_arrow(self):
        """pyarrow.Array: bool, int32, int64, double, date32, timestamp[us, UTC], string (decimal too), binary."""
        import pyarrow as arrow

        if self.type == "bool":
            return arrow.array(self.values, mask=self.mask)
        types = {"i32": "int32", "i64": "int64", "f64": "float64", "date": "date32", "binary": "binary"}
        type = arrow.timestamp("us", "UTC") if self.type == "timestamp" else getattr(arrow, types.get(self.type, "string"))()
        validity = arrow.py_buffer(self._validity) if self._validity else None
        buffers = [validity] if self._offsets is None else [validity, arrow.py_buffer(self._offsets)]
        return arrow.Array.from_buffers(type, self.rows, [*buffers, arrow.py_buffer(self._data)])

    def to_pandas(self):
        """pandas.Series: bool, int and float (Int32, boolean … where values are missing), str, datetime64 in UTC, object."""
        import pandas

        missing = bool(self._validity) and self.mask.any()
        if self.type in ("decimal", "binary"):
            return pandas.Series(self.values, name=self.name, dtype=object)
        if self.type == "utf8":
            return pandas.Series(self.to_arrow().to_pandas(), name=self.name, dtype="str")
        values = self.values.astype("M8[s]") if self.type == "date" else self.values
        if missing and self.type in ("i32", "i64"):
            values = pandas.arrays.IntegerArray(values, self.mask)
        elif missing and self.type == "bool":
            values = pandas.arrays.BooleanArray(values, self.mask)
        elif missing:
            values = values.copy()
            values[self.mask] = "NaT" if values.dtype.kind == "M" else float("nan")
        return pandas.Series(values, name=self.name)


class Batch:
    """Rows of a table: `rows` of them. `batch["name"]` is a Column."""

    def __init__(self, columns, rows):
        self.rows, self._columns = rows, {column.name: column for column in columns}

    def __len__(self):
        return self.rows

    def __iter__(self):
        return iter(self._columns.values())

    def __getitem__(self, name):
        if name not in self._columns:
            raise KeyError(f"the table has no column {name}; it has {', '.join(self._columns)}")
        return self._columns[name]

    def to_pandas(self):
        """pandas.DataFrame"""
        import pandas

        return pandas.DataFrame({column.name: column.to_pandas() for column in self}, copy=False)

    def to_arrow(self):
        """pyarrow.Table"""
        import pyarrow

        return pyarrow.table({column.name: column.to_arrow() for column in self})


class Table:
    """A table, read once from front to end: `for batch in table` (a Batch has at most 65,536 rows), or whole.

    `columns` lists names and types: [{"name": ..., "type": ...}].
    """

    def __init__(self, name, columns):
        self.name, self.columns = name, columns
        self._waiting, self._asked, self._ended = [], 0, False

    def __iter__(self):
        return self.batches()

    def batches(self):
        while True:
            while not self._ended and self._asked <= AHEAD:
                send({"kind": "want", "table": self.name})
                self._asked += 1
            while not self._waiting and not self._ended:
                place(*receive())
            if not self._waiting:
                return
            self._asked -= 1
            yield batch_of(*self._waiting.pop(0))

    def read(self):
        """All that is left of the table, as one Batch."""
        batches = list(self)
        if len(batches) == 1:
            return batches[0]
        rows = sum(batch.rows for batch in batches)
        return Batch([join(field, [batch[field["name"]] for batch in batches], rows) for field in self.columns], rows)

    def to_pandas(self):
        """All that is left of the table, as a pandas.DataFrame."""
        return self.read().to_pandas()

    def to_arrow(self):
        """All that is left of the table, as a pyarrow.Table."""
        return self.read().to_arrow()


class Tables(dict):
    """Tables by name: `tables.people` or `tables["people"]`."""

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(f"the model reads no table {name}; entente.json names {', '.join(self) or 'none'}")
        return self[name]


tables = Tables()


def place(header, body):
    table = tables.get(header.get("table"))
    if header["kind"] == "batch":
        table._waiting.append((header["batch"], body))
    elif header["kind"] == "end":
        table._ended = True


def batch_of(header, body):
    view, at = memoryview(body), 0

    def piece(length):
        nonlocal at
        found = view[at : at + length]
        at += length + -length % 8
        return found

    rows = header["rows"]
    columns = [
        Column(one["name"], one["type"], rows, *(piece(one[part]) for part in ("validity", "offsets", "values")))
        for one in header["columns"]
    ]
    return Batch(columns, rows)


def join(field, parts, rows):
    """One column from those of several batches."""
    import numpy

    validity, offsets = b"", b""
    if any(part._validity for part in parts):
        mask = numpy.concatenate([part.mask for part in parts])
        validity = numpy.packbits(~mask, bitorder="little").data
    if field["type"] not in DTYPES:
        ends = [numpy.zeros(1, numpy.int64)]
        for part in parts:
            ends.append(numpy.asarray(part._offsets[1:], numpy.int64) + ends[-1][-1])
        if ends[-1][-1] > 2**31 - 1:
            raise MemoryError(f"{field['name']} is longer than 2 GiB: read it in batches")
        offsets = numpy.concatenate(ends).astype(numpy.int32).data.cast("B")
    return Column(field["name"], field["type"], rows, validity, offsets, bytearray().join(part._data for part in parts))


def decimal_of(text):
    from decimal import Decimal

    return Decimal(text.decode())


def date_of(days):
    from datetime import date

    return date.fromordinal(days + 719_163)


def timestamp_of(microseconds):
    from datetime import datetime, timedelta, timezone

    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=microseconds)


FROM_BYTES = {"utf8": bytes.decode, "decimal": decimal_of, "binary": bytes}
FROM_NUMBER = {"bool": bool, "i32": int, "i64": int, "f64": float, "date": date_of, "timestamp": timestamp_of}


# ---- The result -------------------------------------------------------------------------------------------------------


def whole(value, low, high):
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    return value if type(value) is int and low <= value < high else None


def to_date(value):
    from datetime import date, datetime, timezone

    if isinstance(value, str) and len(value) == 10:
        value = date.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(timezone.utc)
    return value.toordinal() - 719_163 if isinstance(value, date) else whole(value, -(2**31), 2**31)


def to_timestamp(value):
    from datetime import datetime, timedelta, timezone

    if isinstance(value, datetime):
        since = (value if value.tzinfo else value.replace(tzinfo=timezone.utc)) - timestamp_of(0)
        value = since // timedelta(microseconds=1)
    return whole(value, -(2**63), 2**63)


def to_decimal(value):
    import re
    from decimal import Decimal

    if isinstance(value, Decimal):
        value = format(value, "f")
    text = value if isinstance(value, str) else str(value) if type(value) in (int, float) else ""
    return text.encode() if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text) else None


# What a returned value is in a column of this type; None when it does not fit.
CONVERT = {
    "bool": lambda value: int(value) if isinstance(value, bool) else None,
    "i32": lambda value: whole(value, -(2**31), 2**31),
    "i64": lambda value: whole(value, -(2**63), 2**63),
    "f64": lambda value: float(value) if type(value) in (int, float) else None,
    "date": to_date,
    "timestamp": to_timestamp,
    "utf8": lambda value: value.encode() if isinstance(value, str) else None,
    "decimal": to_decimal,
    "binary": lambda value: bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None,
}


def plain(value):
    """What NumPy and pandas wrap."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M":
        value = value.astype("M8[us]")
    if kind is not None and hasattr(value, "item"):
        value = value.item()
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def encode_values(name, type, values, mask, start):
    """Buffers of a column from single values: validity, offsets, values."""
    from array import array
    from itertools import accumulate

    cells, nulls = [], []
    for row, given in enumerate(values):
        value = None if mask is not None and mask[row] else plain(given)
        try:
            cell = None if value is None else CONVERT[type](value)
        except (ValueError, OverflowError):
            cell = None
        if value is not None and cell is None:
            raise Failure("result-schema", f"{name} in row {start + row} is {value!r:.60}, not {type}")
        if value is None:
            nulls.append(row)
        cells.append((b"" if type not in FORMATS else 0) if cell is None else cell)
    validity = bytearray(b"\xff" * ((len(cells) + 7) >> 3)) if nulls else b""
    for row in nulls:
        validity[row >> 3] &= ~(1 << (row & 7))
    if type in FORMATS:
        return validity, b"", array(FORMATS[type], cells).tobytes()
    return validity, array("i", accumulate(map(len, cells), initial=0)).tobytes(), b"".join(cells)


def encode_array(name, type, values, mask, start):
    """The same from a NumPy array of numbers, truth values or times; None where there is no quick way."""
    import numpy

    kind = values.dtype.kind
    if kind == "M" and type in ("date", "timestamp"):
        gone = numpy.isnat(values)
        mask = gone if mask is None else mask | gone
        values = values.astype("M8[D]" if type == "date" else "M8[us]").astype(numpy.int64)
    elif kind not in {"bool": "b", "f64": "iuf", "decimal": "", "utf8": "", "binary": ""}.get(type, "iuf"):
        return None
    if mask is not None and mask.any():
        values = numpy.where(mask, numpy.zeros(1, values.dtype), values)
        validity = numpy.packbits(~mask, bitorder="little").tobytes()
    else:
        validity = b""
    if type not in ("bool", "f64"):
        info = numpy.iinfo(numpy.int32 if FORMATS[type] == "i" else numpy.int64)
        wrong = (values < info.min) | (values > info.max)
        if values.dtype.kind == "f":
            wrong = ~(numpy.abs(values) <= min(2**53, info.max)) | (values != numpy.trunc(values))
        if wrong.any():
            row = int(wrong.argmax())
            raise Failure("result-schema", f"{name} in row {start + row} is {values[row]!s:.60}, not {type}")
    return validity, b"", values.astype(FORMATS[type]).tobytes()


def encode_column(field, values, mask, start):
    buffers = None
    if type(values).__module__ == "numpy" and values.dtype.kind in "biufM":
        buffers = encode_array(field["name"], field["type"], values, mask, start)
    if buffers is None:
        buffers = encode_values(field["name"], field["type"], values, mask, start)
    lengths = dict(zip(("validity", "offsets", "values"), map(len, buffers)))
    return {**field, **lengths}, buffers


def normal(column):
    """A returned column as (values, mask): a NumPy array or a sequence, and where nothing is, or None."""
    if isinstance(column, Column):
        return (column.values, column.mask) if column.type in DTYPES else (column[:], None)
    if hasattr(column, "to_pylist"):
        return column.to_pylist(), None
    if hasattr(column, "isna") and hasattr(column, "to_numpy"):
        import numpy

        mask = numpy.asarray(column.isna())
        numbers = getattr(column.dtype, "numpy_dtype", None)
        if numbers is not None and numbers.kind in "biuf":
            return column.to_numpy(dtype=numbers, na_value=numbers.type(0)), mask
        if getattr(column.dtype, "tz", None) is not None:
            return column.to_numpy("M8[us]"), mask
        return column.to_numpy(), mask
    if type(column).__module__.startswith("numpy.ma"):
        import numpy

        return column.data, numpy.ma.getmaskarray(column)
    return column, None


def columns_of(part, schema):
    """A part of the result as (rows, [(values, mask), ...])."""
    names = [field["name"] for field in schema]
    if isinstance(part, (list, tuple)):
        for index, row in enumerate(part):
            if not isinstance(row, dict):
                raise Failure("result-schema", f"row {index} is no dict")
            known(row, names)
        return len(part), [([row.get(name) for row in part], None) for name in names]
    found = part
    if hasattr(part, "column_names") and hasattr(part, "column"):
        found = {name: part.column(name) for name in part.column_names}
    elif hasattr(part, "columns") and hasattr(part, "iloc"):
        known(part.columns, names)
        found = {name: part[name] for name in part.columns}
    elif not isinstance(part, dict):
        raise Failure("result-schema", f"main returned {part!r:.60}, not rows or columns")
    known(found, names)
    pairs = [normal(found[name]) for name in names if name in found]
    lengths = {-1 if isinstance(values, str) or not hasattr(values, "__len__") else len(values) for values, _ in pairs}
    if len(pairs) < len(names) or len(lengths) != 1 or -1 in lengths:
        raise Failure("result-schema", "the columns are not sequences of one length")
    return lengths.pop(), pairs


def known(keys, names):
    for key in keys:
        if key not in names:
            raise Failure("result-schema", f"the column {key!s:.60} is not declared")


def send_result(returned, schema, max_rows):
    total = 0
    for part in returned if hasattr(returned, "__next__") else [returned]:
        rows, columns = columns_of(part, schema)
        if total + rows > max_rows:
            raise Failure("result-rows", str(total + rows))
        for start in range(0, rows, MAX_ROWS):
            end = min(start + MAX_ROWS, rows)
            encoded = [
                encode_column(field, values[start:end], mask if mask is None else mask[start:end], total + start)
                for field, (values, mask) in zip(schema, columns)
            ]
            header = {"rows": end - start, "columns": [header for header, _ in encoded]}
            send({"kind": "result", "batch": header}, [buffer for _, buffers in encoded for buffer in buffers])
        total += rows


# ---- The model --------------------------------------------------------------------------------------------------------


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
