"""What a file is, by its name, its mode, or its first line."""

from __future__ import annotations

import os
import stat
from typing import Literal

Kind = Literal["python", "notebook"]
"""How the text of a file is read."""

_SHEBANG_BYTES = 256
"""The longest interpreter line that Linux accepts."""


def kind_of(name: str) -> Kind | None:
    """The kind that the suffix of ``name`` promises; ``None`` for files that are no source.

    Stubs (``.pyi``) describe code that is elsewhere and never run, so they are none.
    """
    suffix = os.path.splitext(name)[1].lower()
    if suffix in (".py", ".pyw"):
        return "python"
    return "notebook" if suffix == ".ipynb" else None


def is_script(path: str) -> bool:
    """Whether the regular file ``path`` has no suffix and starts with an interpreter line for Python."""
    if os.path.splitext(os.path.basename(path))[1]:
        return False
    with open(path, "rb") as file:
        first = file.read(_SHEBANG_BYTES).split(b"\n", 1)[0]
    return first.startswith(b"#!") and b"python" in first


def irregular(mode: int) -> str:
    """What a file that is neither regular nor a folder is, with its article."""
    kinds = {
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    return kinds.get(stat.S_IFMT(mode), "a special file")
