"""File names as URIs."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote


def relative_uri(path: str) -> str:
    """A path with ``/`` between its parts as a relative URI reference, percent-encoded by its bytes.

    A name that is not UTF-8 keeps its bytes. A colon is encoded, since it would make the first part read as a scheme.
    """
    return quote(_file_name_bytes(path), safe="/")


def directory_uri(path: str) -> str | None:
    """An absolute directory as a ``file`` URI that ends in ``/``; ``None`` for a relative one, which has none."""
    if PurePosixPath(path).is_absolute():
        parts = relative_uri(path.strip("/"))
        return f"file:///{parts}/" if parts else "file:///"
    windows = PureWindowsPath(path)
    if windows.is_absolute() and not windows.drive.startswith("\\\\"):
        parts = windows.as_posix().rstrip("/")
        return f"file:///{quote(_file_name_bytes(parts), safe='/:')}/"
    return None


def _file_name_bytes(path: str) -> bytes:
    """The bytes a file name was read from; surrogates that stand for no byte are replaced."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "replace")
