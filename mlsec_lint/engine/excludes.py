"""The folders that a walk leaves out by default, read from ``rules/_facts/excludes.toml``."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.knowledge.catalogue import rules_directory
from mlsec_lint.knowledge.toml import read_toml

FILE = "excludes.toml"


class Excludes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of folders to leave out, and names of entries (``markers``) whose presence rules out their folder.

    ``products`` are left out unless they are packages.
    """

    folders: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    markers: frozenset[str] = frozenset()


def leaves_out(excludes: Excludes, entry: os.DirEntry[str]) -> bool:
    """Whether a folder is left out for its name."""
    if entry.name in excludes.products:
        return not os.path.isfile(os.path.join(entry.path, "__init__.py"))
    return entry.name in excludes.folders


def read_excludes(rules: Path | None = None) -> Excludes:
    """The default excludes of the catalogue in ``rules`` (the one that ships with the package, without it).

    Raises ``KnowledgeError`` if the file is missing or malformed.
    """
    path = (rules or rules_directory()) / "_facts" / FILE
    try:
        return msgspec.convert(read_toml(path), Excludes)
    except msgspec.ValidationError as error:
        raise KnowledgeError(FILE, "", str(error)) from error
