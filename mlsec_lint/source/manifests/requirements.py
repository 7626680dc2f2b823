"""Requirements and constraints files, as pip reads them: includes, options, hashes, continuations, comments.

Two habits of ML repositories are read as well, though pip refuses them: addresses of wheels on lines of their own
(pip takes these) and the output of ``conda list --export`` under the name ``requirements.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Collector, version_in_url

_COMMENT: Final = re.compile(r"(?:^|[ \t])#.*$")
_INCLUDE: Final = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:[ \t]*=[ \t]*|[ \t]+|(?=[^-=\s]))(\S.*)")
_OPTION: Final = re.compile(r"[ \t]-")
_CONDA_EXPORT: Final = re.compile(r"([A-Za-z0-9_.-]+)=([A-Za-z0-9_.!+]+)=[^=\s]+")
_LOCATION: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*://|git\+|\.{0,2}/|file:)\S*|\.{1,2}|[^\s=<>]+\.(?:whl|zip|tar\.gz)"
)
_LONGEST_LINE: Final = 100_000


def read_requirements(text: str, out: Collector) -> None:
    """Take the requirements of a whole file. Lines that are none make one problem, if most of the others are."""
    refused: list[int] = []
    for number, line in _logical_lines(text):
        if out.full:
            break
        if not read_line(line, number, out):
            refused.append(number)
    if refused and out.count >= len(refused):
        others = f", like {len(refused) - 1} other lines of this file" if len(refused) > 1 else ""
        out.problem(f"is not a requirement that can be read{others}; it was skipped", refused[0])


def read_line(line: str, number: int, out: Collector, scope: Scope = Scope.MAIN) -> bool:
    """Take one logical line, comments removed; ``False`` if it is neither requirement nor option."""
    line = line.strip()
    if include := _INCLUDE.fullmatch(line):
        target = include[1].strip().strip("\"'")
        if "://" not in target and "${" not in target:
            out.include(target, number, scope)
        return True
    if not line or line.startswith("-"):
        return True
    option = _OPTION.search(line)
    text = line[: option.start()] if option else line
    if out.requirement(text, number, scope):
        return True
    if exported := _CONDA_EXPORT.fullmatch(text):
        name = out.conda_names.get(exported[1].lower(), exported[1])
        out.claim(name, (f"=={exported[2]}",), number, text, scope)
        return True
    if _LOCATION.match(text):
        address, _, marker = text.partition(" ;")
        package, pin = version_in_url(address.strip())
        if package:
            out.claim(package, (pin,), number, text, scope, marker.strip())
        return True
    return False


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined and comments removed, each with the number of its first line."""
    first, parts, length = 0, list[str](), 0
    for number, line in enumerate(text.split("\n"), 1):
        comment = line.lstrip().startswith("#")
        if comment and not parts:
            continue
        if not parts:
            first = number
        goes_on = line.endswith("\\") and not comment and length < _LONGEST_LINE
        part = "" if comment else line[:-1] if goes_on else line
        parts.append(part)
        length += len(part)
        if not goes_on:
            yield first, _COMMENT.sub("", "".join(parts)[:_LONGEST_LINE])
            parts, length = [], 0
    if parts:
        yield first, _COMMENT.sub("", "".join(parts)[:_LONGEST_LINE])
