"""Version constraints that are not PEP 440: those of Poetry and of conda, rewritten as PEP 440 specifiers.

Each function answers with alternatives, one of which must hold; none means that any version will do. Text that no
rule covers is passed on as it is; whoever takes it treats an invalid specifier as "any version".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_LONGEST: Final = 500
_GAP_AFTER_OPERATOR: Final = re.compile(r"([<>=!~^])[ \t]+(?=[\w*])")
_NUMBERS: Final = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)")
_OPERATORS: Final = ("===", "==", "~=", "!=", ">=", "<=", ">", "<")


def poetry_specifiers(text: str) -> tuple[str, ...]:
    """``^1.2``, ``~1.2``, ``1.*``, ``>=1,<2``, ``1.2.3`` (exact), ``^1 || ^2``."""
    return _alternatives(text, r"\|\|?", _poetry_part)


def conda_specifiers(text: str) -> tuple[str, ...]:
    """``=1.2`` (any 1.2), ``==1.2``, ``1.2`` (exact), ``=1.2=build``, ``>=1.2,<2``, ``1.2.*|1.3.*``."""
    text = _GAP_AFTER_OPERATOR.sub(r"\1", text[:_LONGEST].strip()).replace(", ", ",")
    words = text.split()
    return _alternatives(words[0], r"\|", _conda_part) if words else ()


def _alternatives(text: str, separator: str, convert: Callable[[str], str]) -> tuple[str, ...]:
    found: list[str] = []
    for alternative in re.split(separator, text[:_LONGEST]):
        parts = _GAP_AFTER_OPERATOR.sub(r"\1", alternative).replace(",", " ").split()
        clauses = [clause for clause in map(convert, parts) if clause]
        if not clauses:
            return ()
        found.append(",".join(clauses))
    return tuple(found)


def _poetry_part(part: str) -> str:
    if part.startswith("^"):
        return _caret(part[1:].strip())
    if part.startswith("~") and not part.startswith("~="):
        return _tilde(part[1:].strip())
    return _plain(part.removeprefix("=") if part.startswith("=") and not part.startswith("==") else part)


def _conda_part(part: str) -> str:
    if part.startswith("=") and not part.startswith("=="):
        version, _, build = part[1:].partition("=")
        exact = build or version.endswith("*")
        return _plain(version if exact else f"{version}.*")
    if not part.startswith(_OPERATORS):
        part = part.partition("=")[0]
    return _plain(part)


def _plain(part: str) -> str:
    """A clause whose missing operator means ``==``, with a wildcard in the form that PEP 440 knows."""
    operator = next((each for each in _OPERATORS if part.startswith(each)), "")
    version = part[len(operator) :].strip()
    if version.endswith("*"):
        version = version.rstrip(".*")
        if not version:
            return ""
        if operator in ("", "==", "!="):
            version += ".*"
    return f"{operator or '=='}{version}"


def _caret(version: str) -> str:
    """``^``: no change of the leftmost number that is not zero."""
    numbers = _numbers(version)
    fixed = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    return _up_to(version, numbers[: fixed + 1])


def _tilde(version: str) -> str:
    """``~``: no change of the second number; of the first, if it is the only one."""
    return _up_to(version, _numbers(version)[:2])


def _up_to(version: str, fixed: list[int]) -> str:
    if not fixed:
        return f">={version}"
    following = [*fixed[:-1], fixed[-1] + 1]
    return f">={version.rstrip('.*') or 0},<{'.'.join(map(str, following))}"


def _numbers(version: str) -> list[int]:
    match = _NUMBERS.match(version)
    return [int(number[:20]) for number in match[1].split(".")] if match else []
