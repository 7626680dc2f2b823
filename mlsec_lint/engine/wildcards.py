"""One part of an ignore pattern (between slashes) as a predicate on a name, in the language of git's wildmatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

Part = Callable[[str], bool]
"""Whether a name matches."""

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "alnum": "a-zA-Z0-9",
        "alpha": "a-zA-Z",
        "blank": " \\t",
        "cntrl": "\\x00-\\x1f\\x7f",
        "digit": "0-9",
        "graph": "!-~",
        "lower": "a-z",
        "print": " -~",
        "punct": "!-/:-@\\[-`{-~",
        "space": "\\s",
        "upper": "A-Z",
        "xdigit": "0-9a-fA-F",
    }
)
"""The POSIX classes of ``[[:name:]]``, as they stand between the brackets of a regular expression."""

_NEVER = "(?!)"


class WildcardError(ValueError):
    """A pattern that means nothing; the message continues the sentence "the pattern ..."."""


def compile_part(text: str) -> Part:
    """The predicate for ``text``. Raises ``WildcardError`` for an open bracket or a backslash at the end."""
    if not any(character in text for character in "*?[\\"):
        return text.__eq__
    return _predicate(_runs(text))


def _runs(text: str) -> list[str]:
    """``text`` as regular expressions of fixed length, cut at each ``*``."""
    runs = [""]
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "*":
            runs.append("")
            continue
        if character == "?":
            item = "."
        elif character == "[":
            item, position = _bracket(text, position)
        elif character == "\\":
            if position == len(text):
                raise WildcardError("ends with a backslash that escapes nothing")
            item = re.escape(text[position])
            position += 1
        else:
            item = re.escape(character)
        runs[-1] += item
    return runs


def _predicate(runs: list[str]) -> Part:
    """Matches ``runs`` with anything between them.

    Each run in the middle takes its first place, which is never worse than a later one. As a group behind a lookahead
    it gives no other place back, so no name makes the match backtrack over several stars.
    """
    first, *middle = runs
    if not middle:
        return _full(first)
    last = middle.pop()
    held = [run for run in middle if run]
    groups = [f"(?=(.*?{run}))\\{number}" for number, run in enumerate(held[:90], 1)]
    if len(held) > len(groups):
        raise WildcardError("has more wildcards than a pattern needs")
    return _full(first + "".join(groups) + ".*" + last)


def _full(expression: str) -> Part:
    pattern = re.compile(expression, re.DOTALL)
    return lambda name: pattern.fullmatch(name) is not None


def _bracket(text: str, start: int) -> tuple[str, int]:
    """The set that opens before ``start`` as a regular expression, and the position behind it."""
    position = start
    negated = text[position : position + 1] in ("!", "^")
    position += negated
    items: list[str] = []
    first = True
    while first or text[position : position + 1] != "]":
        first = False
        if text.startswith("[:", position) and (end := text.find(":]", position + 2)) >= 0:
            if (name := text[position + 2 : end]) not in _CLASSES:
                raise WildcardError(f"names the unknown class [:{name}:]")
            items.append(_CLASSES[name])
            position = end + 2
            continue
        low, position = _member(text, position)
        high = low
        if text[position : position + 1] == "-" and text[position + 1 : position + 2] not in ("]", ""):
            high, position = _member(text, position + 1)
        # A range that runs backwards holds nothing.
        if low <= high:
            items.append(f"{re.escape(low)}-{re.escape(high)}")
    if not items:
        return ("." if negated else _NEVER), position + 1
    return f"[{'^' if negated else ''}{''.join(items)}]", position + 1


def _member(text: str, position: int) -> tuple[str, int]:
    """The character at ``position`` of a set, a backslash escaping the next, and the position behind it."""
    if text[position : position + 1] == "\\":
        position += 1
    if position >= len(text):
        raise WildcardError("opens a bracket and does not close it")
    return text[position], position + 1
