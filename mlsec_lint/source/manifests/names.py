"""What a manifest is called: which reader takes it, whose files it speaks for, and what its groups are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath
from typing import Final

from mlsec_lint.domain.errors import KnowledgeError


class Format(Enum):
    """The formats that are read. Each has one reader."""

    REQUIREMENTS = "requirements"
    PYPROJECT = "pyproject"
    SETUP_CFG = "setup.cfg"
    SETUP_PY = "setup.py"
    PIPFILE = "Pipfile"
    CONDA = "conda environment"
    METADATA = "metadata"
    TOML_LOCK = "TOML lock"
    PIPFILE_LOCK = "Pipfile.lock"
    CONDA_LOCK = "conda lock"


class Scope(IntEnum):
    """What a requirement is for. The lowest scope that states a version decides; the others are not asked.

    A lock says what is installed, ``MAIN`` what the project needs, ``OPTIONAL`` what it needs where an extra or a
    group is asked for, ``DEVELOPMENT`` what its tests and tools need.
    """

    LOCK = 0
    MAIN = 1
    OPTIONAL = 2
    DEVELOPMENT = 3


_BY_NAME: Final[Mapping[str, Format]] = {
    "pyproject.toml": Format.PYPROJECT,
    "setup.cfg": Format.SETUP_CFG,
    "setup.py": Format.SETUP_PY,
    "Pipfile": Format.PIPFILE,
    "METADATA": Format.METADATA,
    "uv.lock": Format.TOML_LOCK,
    "poetry.lock": Format.TOML_LOCK,
    "pdm.lock": Format.TOML_LOCK,
    "Pipfile.lock": Format.PIPFILE_LOCK,
}
_REQUIREMENTS_NAME: Final = re.compile(r"[^/]*(?:requirements|constraints)[^/]*\.(?:txt|in|lock)", re.IGNORECASE)
_PYLOCK_NAME: Final = re.compile(r"pylock(?:\.[^./]+)?\.toml")
_CONDA_LOCK_NAME: Final = re.compile(r"(?:[^/]+\.)?conda-lock\.ya?ml", re.IGNORECASE)
_CONDA_NAME: Final = re.compile(r"(?:env|[^/]*(?:environment|conda)[^/]*)\.ya?ml", re.IGNORECASE)
_FOLDERS: Final = frozenset({"requirements", "reqs", "constraints", "conda"})
"""Folders that hold nothing but manifests of the folder above them."""
_DEVELOPMENT_WORDS: Final = frozenset(
    {"dev", "develop", "development", "test", "tests", "testing", "pytest", "doc", "docs", "documentation", "lint",
     "linting", "linters", "typing", "types", "typecheck", "mypy", "ci", "format", "formatting", "style", "quality",
     "tools", "tooling", "build", "release"}
)  # fmt: skip

_PLAIN_WORDS: Final = frozenset(
    {"requirements", "requirement", "reqs", "constraints", "constraint", "environment", "env", "conda", "base", "main",
     "common", "core", "all", "install", "runtime", "prod", "production", "lock", "locked", "freeze", "frozen",
     "pinned"}
)  # fmt: skip


def format_of(path: str) -> Format | None:
    """The format of the manifest at a relative path with ``/`` between its parts; ``None`` if it is no manifest."""
    folder, _, name = path.rpartition("/")
    if name in _BY_NAME:
        return _BY_NAME[name]
    if _REQUIREMENTS_NAME.fullmatch(name):
        return Format.REQUIREMENTS
    if _PYLOCK_NAME.fullmatch(name):
        return Format.TOML_LOCK
    if _CONDA_LOCK_NAME.fullmatch(name):
        return Format.CONDA_LOCK
    if _CONDA_NAME.fullmatch(name):
        return Format.CONDA
    if folder.rpartition("/")[2].lower() in _FOLDERS and name.endswith((".txt", ".in")):
        return Format.REQUIREMENTS
    return None


def is_manifest(name: str) -> bool:
    """Whether a file may state versions, judged by its name alone.

    ``name`` is a path with ``/`` between its parts, or a bare file name. The path tells more: ``base.txt`` is a
    manifest only as ``requirements/base.txt``.
    """
    return format_of(name) is not None


def owner_folder(path: str) -> str:
    """The folder (``""`` for the root) whose Python files a manifest speaks for.

    It is the manifest's own folder, except that ``requirements/gpu.txt`` speaks for the folder above, and
    ``x-1.0.dist-info/METADATA`` for the folder into which the wheel was unpacked.
    """
    folder = path.rpartition("/")[0]
    while folder:
        above, _, name = folder.rpartition("/")
        if name.lower() not in _FOLDERS and not name.endswith(".dist-info"):
            break
        folder = above
    return folder


def group_scope(name: str) -> Scope:
    """What an extra or a dependency group of this name is for."""
    return Scope.DEVELOPMENT if _is_development(name) else Scope.OPTIONAL


def file_scope(path: str) -> Scope:
    """What the requirements in a file of this name are for: ``requirements-dev.txt`` is for development."""
    return Scope.DEVELOPMENT if _is_development(PurePosixPath(path).stem) else Scope.MAIN


def file_variant(path: str) -> str:
    """The path, if the file's name marks it as one of several to choose from (``requirements-gpu.txt``), else empty."""
    return "" if _words(PurePosixPath(path).stem) <= _PLAIN_WORDS else path


def _is_development(name: str) -> bool:
    return not _DEVELOPMENT_WORDS.isdisjoint(_words(name))


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[-_. ]", name.lower()) if word}


def normalised(package: str) -> str:
    """The one spelling of a distribution's name: lower case, runs of ``-``, ``_`` and ``.`` as one ``-``."""
    return re.sub(r"[-_.]+", "-", package.strip()).lower()


def read_conda_names(path: Path) -> dict[str, str]:
    """The table of ``rules/_facts/conda_names.toml``: conda's name of a package to its name on the package index."""
    from mlsec_lint.source.manifests.toml import parse_toml, table

    try:
        data = parse_toml(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KnowledgeError(path.name, "", f"cannot be read: {error}") from error
    names = table(data.get("names"))
    for key, value in names.items():
        if not isinstance(value, str):
            raise KnowledgeError(path.name, f"names.{key}", "must be a string, the name on the package index")
    return {normalised(key): normalised(str(value)) for key, value in names.items()}
