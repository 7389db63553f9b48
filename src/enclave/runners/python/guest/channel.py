"""The program inside the sandbox of the Python runner: reads a model's code and tables from fd 0, calls its main function,
writes the result to fd 3. It reads only what it waits for, so a full pipe holds the sender back.

index.ts joins its parts to one module, in the order channel, column, tables, result, model: each uses what those before
it define. This one has the frames: a header in JSON and buffers.
"""

# What os, io and json stand on: json alone takes as long to import as the interpreter to start.
from _io import FileIO
from _json import encode_basestring_ascii, make_scanner
from posix import _exit, write


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
