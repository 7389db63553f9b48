"""Tables: read from front to end, in batches or whole. Columns are those of column.py, frames come from channel.py."""

# Batches that came while another table's were awaited; at most those asked for.
AHEAD = 4


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
