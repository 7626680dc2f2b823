"""Bytes of a manifest, read with the distrust that scanned files deserve."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import Final

_LARGEST: Final = 8 * 1024 * 1024
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UnreadableError(ValueError):
    """A manifest that cannot be read; the message continues "<path>: "."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def read_text(root: Path, path: str) -> str:
    """The text of the manifest at ``path`` (relative to ``root``), with ``\\n`` line ends.

    Raises ``UnreadableError`` for what is not a regular file inside the root after all links are followed, is larger
    than 8 MB, or is not text. UTF-16 with a byte order mark is accepted, because some shells write it when a package
    list is redirected into a file.
    """
    try:
        real = os.path.realpath(root / path)
        if not _is_inside(real, os.path.realpath(root)):
            raise UnreadableError("leads out of the scanned folder and was not read")
        status = os.stat(real)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("is not a regular file and was not read")
        if status.st_size > _LARGEST:
            raise UnreadableError(f"is larger than {_LARGEST // 1024 // 1024} MB and was not read")
        with open(real, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("has a name that cannot be opened") from None
    return _decoded(data[:_LARGEST])


def _decoded(data: bytes) -> str:
    encoding = "utf-8"
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"is not valid {encoding.upper()}; save it as UTF-8", line) from None
    if "\0" in text:
        raise UnreadableError("is not text", text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
