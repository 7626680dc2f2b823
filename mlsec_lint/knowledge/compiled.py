"""The parsed catalogue, kept between runs: reading 160 TOML files costs more than scanning a small project.

What is kept is plain data in MessagePack, in the user's own cache folder, under a name that depends on the place, size
and time of every file of the catalogue. It is read back through the same typed records as the files themselves, so a
damaged or foreign file can only be ignored.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from mlsec_lint.knowledge.toml import read_toml

OFF: Final = "MLSEC_LINT_NO_CACHE"
"""An environment variable that, set to anything, keeps the catalogue from being kept between runs."""

Parsed = dict[str, dict[str, Any]]


def parsed_catalogue(directory: Path) -> Mapping[Path, dict[str, Any]]:
    """The content of every TOML file below ``directory``; raises ``KnowledgeError`` for one that cannot be read."""
    files = _files(directory)
    kept = _place(directory, files)
    parsed = _read(kept) if kept is not None else None
    if parsed is None or set(parsed) != set(files):
        parsed = {name: dict(read_toml(directory / name)) for name in files}
        if kept is not None:
            _write(kept, parsed)
    return {directory / name: parsed[name] for name in sorted(parsed)}


def _files(directory: Path) -> dict[str, tuple[int, int]]:
    """The TOML files one level below ``directory``, with size and time."""
    found: dict[str, tuple[int, int]] = {}
    for folder in sorted(entry.name for entry in os.scandir(directory) if entry.is_dir()):
        for entry in os.scandir(directory / folder):
            if entry.name.endswith(".toml"):
                status = entry.stat()
                found[f"{folder}/{entry.name}"] = (status.st_size, status.st_mtime_ns)
    return found


def _place(directory: Path, files: Mapping[str, tuple[int, int]]) -> Path | None:
    if os.environ.get(OFF):
        return None
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:
        return None
    signature = repr((str(directory), sorted(files.items()))).encode("utf-8", "surrogatepass")
    return folder / "mlsec-lint" / f"catalogue-{blake2b(signature, digest_size=12).hexdigest()}.msgpack"


def _read(path: Path) -> Parsed | None:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Parsed)
    except (OSError, msgspec.DecodeError):
        return None


def _write(path: Path, parsed: Parsed) -> None:
    """Write beside the place and rename, so that another run never reads half a file; older ones are dropped."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_bytes(msgspec.msgpack.encode(parsed))
        draft.replace(path)
        for old in path.parent.glob("catalogue-*.msgpack"):
            if old != path:
                old.unlink(missing_ok=True)
    except (OSError, TypeError, ValueError):
        return
