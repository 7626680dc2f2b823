"""What a scanned tree looks like from outside: something to install, packages to import, or files to run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from mlsec_lint.engine.threat_model import ProjectFacts

_INIT: Final = "__init__.py"

_EXPORT: Final = re.compile(r"^(?:__all__\b|from[ \t]+[.\w]+[ \t]+import\b|def __getattr__\b)", re.MULTILINE)
"""How a package offers names to those who import it; one that only states its version offers none."""


def project_facts(root: Path, sources: Iterable[str], manifests: Iterable[Path]) -> ProjectFacts:
    """The facts about the files ``sources`` (relative to ``root``) and the manifests that were found for them."""
    from mlsec_lint.source.manifests.files import relative_paths
    from mlsec_lint.source.manifests.installable import installable_folders

    files = frozenset(sources)
    folders = installable_folders(root, relative_paths(root, manifests))
    return ProjectFacts(_hold_most(folders, files), _offer_names(root, files))


def _hold_most(folders: Collection[str], sources: Collection[str]) -> bool:
    """Whether more than half of the sources lie in one of the folders.

    A package among somebody's scripts (vendored, or a sample) does not make the scripts a library.
    """
    inside = sum(1 for source in sources if any(folder in folders for folder in _above(source)))
    return 2 * inside > len(sources)


def _offer_names(root: Path, sources: frozenset[str]) -> bool:
    """Whether every source lies below a package, and one of the topmost packages offers names.

    Below and not in: packages carry folders of scripts and data with them.
    """

    @cache
    def is_package(folder: str) -> bool:
        path = posixpath.join(folder, _INIT)
        return path in sources or (root / path).is_file()

    tops: set[str] = set()
    for folder in {posixpath.dirname(source) for source in sources}:
        packages = [each for each in (folder, *_above(folder)) if is_package(each)]
        if not packages:
            return False
        tops.add(packages[-1])
    return any(_exports(root, posixpath.join(top, _INIT)) for top in sorted(tops))


def _exports(root: Path, path: str) -> bool:
    from mlsec_lint.source.manifests.reading import UnreadableError, read_text

    try:
        return _EXPORT.search(read_text(root, path)) is not None
    except UnreadableError:
        return False


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, from the nearest up to the root (``""``)."""
    while path:
        path = posixpath.dirname(path)
        yield path
