"""TOML of hand-written manifests: parsed without traps, read without trust in its shape, with line numbers.

The parsers give no positions, so ``LineIndex`` finds the line of a value again by its key and its text.
"""

from __future__ import annotations

import re
import sys
from typing import Final, cast

_STRINGS: Final = re.compile(r"\"([^\"\\]*)\"|'([^']*)'")
_PART: Final = r"(?:[\w-]+|\"[^\"]*\"|'[^']*')"
_KEY: Final = re.compile(rf"\s*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*=(?!=)")
_SPACE_OR_QUOTE: Final = re.compile(r"[\s\"']")
_PLACE: Final = re.compile(r"\s*\((?:at line (\d+), column \d+|at end of document)\)\s*$")
_MOST_DOTS: Final = 500
_LONGEST: Final = 1_000_000


class TomlError(ValueError):
    """Text that is not TOML, or that could stall the parser. ``line`` is where, if that is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def parse_toml(text: str) -> dict[str, object]:
    """The document as plain values; raises ``TomlError``."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    if len(text) > _LONGEST:
        raise TomlError("is larger than people write by hand")
    for number, line in enumerate(text.split("\n"), 1):
        # The parser's time grows with the square of the number of parts of a dotted key.
        if line.count(".") > _MOST_DOTS:
            raise TomlError(f"has a line with more than {_MOST_DOTS} dots, which is refused", number)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("is nested too deeply") from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else None
        reason = _PLACE.sub("", str(error)).rstrip(".")
        raise TomlError(f"is not valid TOML: {reason}", line) from None


def table(value: object) -> dict[str, object]:
    """``value`` if it is a table, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """``value`` if it is an array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The strings of an array; a string alone counts as an array of one."""
    if isinstance(value, str):
        return [value]
    return [each for each in items(value) if isinstance(each, str)]


class LineIndex:
    """The lines on which keys and strings of a TOML document stand, found in one pass over its lines."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, str], int] = {}
        header = path = ""
        for number, line in enumerate(text.split("\n"), 1):
            start = line.lstrip()
            if not start or start.startswith("#"):
                continue
            if line.startswith("["):
                header = path = _SPACE_OR_QUOTE.sub("", line.partition("#")[0]).strip("[]")
            elif key := _KEY.match(line):
                name = _SPACE_OR_QUOTE.sub("", key[1])
                path = f"{header}.{name}" if header else name
            self._lines.setdefault((path, ""), number)
            for double, single in _STRINGS.findall(line):
                self._lines.setdefault((path, double or single), number)

    def line(self, *path: str, value: str = "") -> int:
        """The line of a string value under a key, else of the key, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            key = _SPACE_OR_QUOTE.sub("", ".".join(path[:length]))
            for wanted in (value, ""):
                found = self._lines.get((key, wanted))
                if found is not None:
                    return found
        return 1
