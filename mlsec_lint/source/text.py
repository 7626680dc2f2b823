"""Bytes of a file as UTF-8 text, and places in it as a reader counts them.

Everything after this module works on UTF-8 bytes with one kind of line end, so that offsets mean the same to the scan,
to both parsers and to the reports. Almost every file already has that form, and pays only for finding it out.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_COOKIE: Final = re.compile(rb"[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
"""Where PEP 263 looks for the encoding of a source file; one literal after one lazy run, so linear."""
_BLANK_OR_COMMENT: Final = re.compile(rb"[ \t\f\r]*(?:#|$)")
_NOT_A_CHARSET: Final = frozenset({"punycode", "idna", "undefined"})
"""Codecs that decode bytes to text and are no character set; the first two take quadratic time."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A decoded file: UTF-8 without byte order mark, lines ending in LF or CRLF.

    ``encoding`` is what the file was written in (``utf-8-sig`` with a byte order mark), for whoever writes it back.
    ``replaced`` says that some bytes were no text and became U+FFFD, which the caller reports.
    """

    data: bytes
    encoding: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The file is not text that Python could read; ``reason`` is a clause that completes "not scanned: ..."."""

    reason: str


def decode(data: bytes) -> SourceText | Undecodable:
    """Normalise a file as read from disk. Follows ``tokenize.detect_encoding``, and goes on where that gives up.

    Invalid bytes are replaced instead of refused: one bad byte in a comment must not hide a file from the analysis.
    """
    if data.startswith(_WIDE_BOMS):
        return Undecodable("it is UTF-16 or UTF-32 text, which Python does not accept as source")
    encoding = "utf-8"
    if data.startswith(_BOM):
        data, encoding = data[3:], "utf-8-sig"
    data = _with_line_feeds(data)
    if (at := data.find(b"\0")) >= 0:
        return Undecodable(f"it holds a NUL byte (at offset {at}), so it is not text")
    declared = _cookie(data)
    if declared is not None and encoding == "utf-8":
        return _decode_declared(data, declared)
    if data.isascii():
        return SourceText(data, encoding, False)
    return _repair(data, encoding)


def _with_line_feeds(data: bytes) -> bytes:
    """Lone carriage returns as line feeds, so that both parsers see lines; nothing moves."""
    if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
        return data
    return _LONE_CR.sub(b"\n", data)


def _cookie(data: bytes) -> str | None:
    """The encoding that one of the first two lines declares; the second counts only below a blank or comment line."""
    first = data.find(b"\n")
    second = data.find(b"\n", first + 1) if first >= 0 else -1
    if data.find(b"coding", 0, second if second >= 0 else len(data)) < 0:
        return None
    end = first if first >= 0 else len(data)
    match = _COOKIE.match(data, 0, end)
    if match is None and first >= 0 and _BLANK_OR_COMMENT.match(data, 0, end):
        match = _COOKIE.match(data, first + 1, second if second >= 0 else len(data))
    return match[1].decode("ascii", "replace") if match else None


def _decode_declared(data: bytes, declared: str) -> SourceText | Undecodable:
    """Decode by the file's own declaration; only character sets count, never codecs that unpack or transform."""
    refused = Undecodable(f"it declares the encoding {declared!r}, which is no character set that Python knows")
    plain = declared.lower().replace("_", "-")
    if plain.startswith("utf-8"):
        return SourceText(data, "utf-8", False) if data.isascii() else _repair(data, "utf-8")
    for family in ("latin-1", "iso-8859-1", "iso-latin-1"):
        if plain == family or plain.startswith(family + "-"):
            declared = "iso-8859-1"  # Emacs writes the kind of line end behind the name: latin-1-unix
    try:
        name = codecs.lookup(declared).name
        if name in _NOT_A_CHARSET:
            return refused
        text = data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return refused
    normal = _with_line_feeds(text.encode("utf-8", "replace"))  # lone surrogates have no UTF-8 form
    if b"\0" in normal:
        return Undecodable(f"read as {name}, it holds a NUL character, so it is not text")
    return SourceText(normal, name, "\ufffd" in text or normal.count(b"?") != text.count("?"))


def _repair(data: bytes, encoding: str) -> SourceText:
    """UTF-8 bytes as they are if they are valid, and with every invalid byte replaced if they are not."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return SourceText(data.decode("utf-8", "replace").encode(), encoding, True)
    return SourceText(data, encoding, False)


class LineIndex:
    """Byte offsets of a normalised text as lines and columns, and its lines as text.

    Only LF ends a line: a form feed, a vertical tab or U+2028 does not, as in Python's own tokenizer.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each line's first byte, and one more entry: where a line after the last would start."""
        lengths = map(len, self._data.split(b"\n"))
        return list(accumulate(map((1).__add__, lengths), initial=0))

    @cached_property
    def _ascii(self) -> bool:
        return self._data.isascii()

    @property
    def lines(self) -> int:
        """How many lines there are; a text that ends in a line feed has an empty last one."""
        return len(self._starts) - 1

    def position(self, byte_offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a byte offset; columns count code points.

        An offset within a character is that character's place. Raises ``ValueError`` outside of the text.
        """
        if not 0 <= byte_offset <= len(self._data):
            raise ValueError(f"offset {byte_offset} is outside of a text of {len(self._data)} bytes")
        line = bisect_right(self._starts, byte_offset)
        start = self._starts[line - 1]
        if self._ascii:
            return line, byte_offset - start + 1
        before = self._data[start:byte_offset]
        return line, (len(before) if before.isascii() else len(before.decode("utf-8", "ignore"))) + 1

    def line_start(self, line: int) -> int:
        """The byte offset at which a line (from 1) starts. Raises ``ValueError`` for a line that does not exist."""
        if not 1 <= line <= self.lines:
            raise ValueError(f"line {line} is outside of a text of {self.lines} lines")
        return self._starts[line - 1]

    def line_text(self, line: int) -> str:
        """A line (from 1) without its line end. Raises ``ValueError`` for a line that does not exist."""
        start = self.line_start(line)
        raw = self._data[start : self._starts[line] - 1]
        return raw.removesuffix(b"\r").decode("utf-8", "replace")
