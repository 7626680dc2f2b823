"""``setup.cfg``: the requirement lists of setuptools, with the line of each entry (``configparser`` has none)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlsec_lint.source.manifests.names import Scope, group_scope, normalised
from mlsec_lint.source.manifests.statements import Collector

_SECTION: Final = re.compile(r"\[([^\]]*)\]")
_OPTION: Final = re.compile(r"([^\s=:][^=:]*)[=:](.*)")


def read_setup_cfg(text: str, out: Collector) -> None:
    """Take ``install_requires``, ``extras_require`` and ``tests_require``; ``file:`` lists are followed."""
    for section, option, value, number in _entries(text):
        if section == "options" and option == "install_requires":
            scope, condition = Scope.MAIN, ""
        elif section == "options" and option == "tests_require":
            scope, condition = Scope.DEVELOPMENT, ""
        elif section == "options.extras_require":
            scope, condition = group_scope(option), f"group {normalised(option)}"
        else:
            continue
        if value.startswith("file:"):
            for target in value[len("file:") :].split(","):
                out.include(target.strip(), number, scope)
        else:
            out.requirement(value, number, scope, condition)


def _entries(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Section, option, one line of its value, and that line's number. Indented lines continue a value."""
    section = option = ""
    for number, line in enumerate(text.split("\n"), 1):
        value = line.strip()
        if not value or value.startswith(("#", ";")):
            continue
        if line[0].isspace():
            if option:
                yield section, option, value, number
        elif header := _SECTION.match(line):
            section, option = header[1].strip(), ""
        elif match := _OPTION.match(line):
            option = match[1].strip().lower() if section == "options" else match[1].strip()
            option = option.replace("-", "_") if section == "options" else option
            if match[2].strip():
                yield section, option, match[2].strip(), number
