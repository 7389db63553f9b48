"""Columns of the model's tables."""

DTYPES = {"bool": "?", "i32": "<i4", "i64": "<i8", "f64": "<f8", "date": "<i4", "timestamp": "<M8[us]"}
FORMATS = {"bool": "B", "i32": "i", "i64": "q", "f64": "d", "date": "i", "timestamp": "q"}


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
