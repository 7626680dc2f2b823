"""Conda environments and their locks, read by lines: enough of YAML for the lists that tools and people write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlsec_lint.source.manifests.dialects import conda_specifiers
from mlsec_lint.source.manifests.names import Scope, normalised
from mlsec_lint.source.manifests.requirements import read_line
from mlsec_lint.source.manifests.statements import Collector

_ITEM: Final = re.compile(r"([ ]*)-[ ]+(\S.*)")
_SPEC: Final = re.compile(r"(?:[^\s:\[\]]+::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)(.*)")
_BRACKETED_VERSION: Final = re.compile(r"\bversion=[\"']?([^\"'\]]*)")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#.*$")
_LOCK_KEY: Final = re.compile(r"([ ]*)(-[ ]+)?(name|version|manager):[ ]*(\S.*)")


def read_environment(text: str, out: Collector) -> None:
    """Take the list under the top-level key ``dependencies`` and the list under its ``pip:`` item."""
    inside = False
    pip_indent: int | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        line = _COMMENT.sub("", raw).rstrip()
        if not line:
            continue
        item = _ITEM.fullmatch(line)
        if item is None:
            if not line[0].isspace():
                inside, pip_indent = line == "dependencies:", None
            continue
        if not inside:
            continue
        if out.full:
            return
        indent, value = len(item[1]), item[2].strip()
        if pip_indent is not None and indent <= pip_indent:
            pip_indent = None
        if value.rstrip(": ") == "pip" and value.endswith(":"):
            pip_indent = indent
        elif pip_indent is not None:
            read_line(_unquoted(value), number, out)
        else:
            _read_spec(_unquoted(value), number, out)


def _read_spec(value: str, line: int, out: Collector) -> None:
    match = _SPEC.fullmatch(value)
    if match is None:
        return
    bracketed = _BRACKETED_VERSION.search(match[2]) if match[2].lstrip().startswith("[") else None
    constraint = bracketed[1] if bracketed else match[2].partition("[")[0]
    out.claim(_index_name(match[1], out), conda_specifiers(constraint), line, value, Scope.MAIN)


def read_conda_lock(text: str, out: Collector) -> None:
    """Take the entries of ``package:``. Names that pip installed are names of the package index already."""
    for number, name, version, manager in _locked_entries(text):
        package = name if manager == "pip" else _index_name(name, out)
        out.claim(package, (f"=={version}",), number, f"{name}=={version}", Scope.LOCK)


def _locked_entries(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, name, version and manager of each item; keys of deeper tables are told apart by their indentation."""
    inside = False
    indent, first, entry = 0, 0, dict[str, str]()
    for number, line in enumerate(text.split("\n"), 1):
        if line and line[0] not in " -#":
            inside = line.rstrip() == "package:"
            continue
        if not inside:
            continue
        stripped = line.lstrip(" ")
        if stripped.startswith("- ") and (not first or len(line) - len(stripped) <= indent - 2):
            if "name" in entry and "version" in entry:
                yield first, entry["name"], entry["version"], entry.get("manager", "")
            indent, first, entry = len(line) - len(stripped) + 2, number, {}
        match = _LOCK_KEY.fullmatch(line.rstrip())
        if match is not None and len(match[1]) + len(match[2] or "") == indent:
            entry[match[3]] = _unquoted(match[4])
    if "name" in entry and "version" in entry:
        yield first, entry["name"], entry["version"], entry.get("manager", "")


def _index_name(name: str, out: Collector) -> str:
    return out.conda_names.get(normalised(name), name)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].strip()
    return value
