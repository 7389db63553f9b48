"""What main returned, in the declared columns, as frames to the host; whatever does not fit is refused as a Failure."""

MAX_ROWS = 65_536


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
