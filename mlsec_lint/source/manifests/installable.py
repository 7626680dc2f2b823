"""Whether a manifest makes its folder a package that people install, and does not only list what an application needs.

``pyproject.toml`` is written for both: without a build system, or with a tool told that there is no package, it
describes an application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mlsec_lint.source.manifests.names import Format, format_of, owner_folder
from mlsec_lint.source.manifests.reading import UnreadableError, read_text
from mlsec_lint.source.manifests.toml import TomlError, parse_toml, table

_SETUP_CALL: Final = re.compile(r"\bsetup[ \t]*\(")
_SETUP_SECTION: Final = re.compile(r"^\[(?:metadata|options)\]", re.MULTILINE)


def installable_folders(root: Path, manifests: Iterable[str]) -> frozenset[str]:
    """The folders (``""`` for the root) that one of ``manifests``, paths relative to ``root``, makes installable.

    A manifest that cannot be read makes nothing installable; those who read it for versions report the problem.
    """
    found: set[str] = set()
    for path in manifests:
        folder = owner_folder(path)
        if folder not in found and _installs(root, path):
            found.add(folder)
    return frozenset(found)


def _installs(root: Path, path: str) -> bool:
    kind = format_of(path)
    if kind is Format.METADATA:
        return path.rpartition("/")[0].endswith(".dist-info")
    if kind not in (Format.PYPROJECT, Format.SETUP_PY, Format.SETUP_CFG):
        return False
    try:
        return states_package(kind, read_text(root, path))
    except UnreadableError:
        return False


def states_package(kind: Format, text: str) -> bool:
    """Whether a manifest with this text describes something to build and install."""
    if kind is Format.SETUP_PY:
        return _SETUP_CALL.search(text) is not None
    if kind is Format.SETUP_CFG:
        return _SETUP_SECTION.search(text) is not None
    try:
        data = parse_toml(text)
    except TomlError:
        return False
    tool = table(data.get("tool"))
    poetry, uv = table(tool.get("poetry")), table(tool.get("uv"))
    if poetry.get("package-mode") is False or uv.get("package") is False:
        return False
    named = "name" in table(data.get("project")) or "name" in poetry
    return named and ("build-system" in data or uv.get("package") is True)
