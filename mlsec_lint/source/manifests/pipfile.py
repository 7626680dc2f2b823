"""``Pipfile`` and ``Pipfile.lock``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Collector
from mlsec_lint.source.manifests.toml import LineIndex, TomlError, parse_toml, table

_LOCKED_PACKAGE: Final = re.compile(r"^\s*\"([^\"]{1,200})\":\s*\{", re.MULTILINE)


def read_pipfile(text: str, out: Collector) -> None:
    """Take ``[packages]`` and ``[dev-packages]``; a value is a PEP 440 specifier, ``*``, or a table with one."""
    try:
        data = parse_toml(text)
    except TomlError as error:
        out.problem(f"{error}; no version was read from it", error.line)
        return
    lines = LineIndex(text)
    for section, scope in (("packages", Scope.MAIN), ("dev-packages", Scope.DEVELOPMENT)):
        for package, value in table(data.get(section)).items():
            version = _version(value)
            marker = table(value).get("markers", "")
            text = f"{package} = {version}" if version else package
            out.claim(package, (version,), lines.line(section, package), text, scope, str(marker))


def read_pipfile_lock(text: str, out: Collector) -> None:
    """Take the pins of ``default`` and ``develop``, the second only for packages that the first does not have."""
    import msgspec

    try:
        data = table(msgspec.json.decode(text))
    except (ValueError, RecursionError) as error:
        out.problem(f"is not valid JSON: {error}; no version was read from it")
        return
    lines = _package_lines(text)
    default = table(data.get("default"))
    develop = {name: value for name, value in table(data.get("develop")).items() if name not in default}
    for package, value in (default | develop).items():
        version = _version(value)
        out.claim(package, (version,), lines.get(package, 1), f"{package}{version}", Scope.LOCK)


def _version(value: object) -> str:
    version = table(value).get("version", "") if not isinstance(value, str) else value
    return "" if version == "*" else str(version)


def _package_lines(text: str) -> Mapping[str, int]:
    """The first line on which each key with a table stands."""
    lines: dict[str, int] = {}
    number, position = 1, 0
    for match in _LOCKED_PACKAGE.finditer(text):
        number += text.count("\n", position, match.start(1))
        position = match.start(1)
        lines.setdefault(match[1], number)
    return lines
