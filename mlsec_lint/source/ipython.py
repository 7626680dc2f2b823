"""IPython's own syntax replaced by Python of the same shape, one cell at a time.

Magics, shell lines and help requests stand where a statement stands, so each becomes a statement that does nothing,
with the same indentation and at least the same length: a block whose only line is a magic still parses, and columns of
what is left stay. What was replaced is kept, because ``!pip install`` is a finding's business too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

PYTHON_CELL_MAGICS: Final = frozenset(
    {"time", "timeit", "capture", "prun", "memit", "debug", "python", "python3", "px", "local", "spark", "pyspark"}
)
"""Cell magics below which the rest of the cell is Python; below any other it is text of another language."""
_FOREIGN_CELLS: Final = frozenset({"%md", "%sql", "%sh", "%scala", "%r", "%fs"})
"""What Databricks writes alone on the first line of a cell that is not Python."""
_TIMED: Final = re.compile(r"%(?:time|timeit|prun|memit)((?: +-[tcqo]+| +-[nrp] ?\d+)*) +(?=[^\s-])")
"""Line magics that run the Python statement behind them."""
_COMPOUND: Final = ("for ", "while ", "if ", "with ", "def ", "class ", "try:", "async ", "@")
_INSTALL: Final = re.compile(r"(?:pip3?|conda|mamba|micromamba|uv pip) +install\b")
"""Commands that IPython runs without a percent sign in front."""
_HELP: Final = re.compile(r"[^#'\"?]*\?{1,2}\s*$")
_TOKEN: Final = re.compile(r"\"\"\"|'''|[\"'#()\[\]{}]")
_END: Final = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ('"""', "'''", '"', "'")}


@dataclass(frozen=True, slots=True)
class Replaced:
    """A stretch of IPython syntax: the line in the cell, from 1, at which it starts, and its text."""

    line: int
    text: str


@dataclass(slots=True)
class _Lexer:
    """Whether the next line starts a statement: neither in a string, nor in brackets, nor after a backslash."""

    quote: str = ""
    depth: int = 0
    continued: bool = field(default=False)

    @property
    def at_statement(self) -> bool:
        return not (self.quote or self.depth or self.continued)

    def feed(self, line: str) -> None:
        at = 0
        comment = False
        while True:
            if self.quote:
                at = self._string_end(line, at)
                if at < 0:
                    break
            match = _TOKEN.search(line, at)
            if match is None:
                break
            at, mark = match.end(), match[0]
            if mark == "#":
                comment = True
                break
            if mark in "([{":
                self.depth += 1
            elif mark in ")]}":
                self.depth = max(0, self.depth - 1)
            else:
                self.quote = mark
        self.continued = not comment and line.endswith("\\")
        if len(self.quote) == 1 and not self.continued:
            self.quote = ""  # an open string ends with its line

    def _string_end(self, line: str, at: int) -> int:
        """The offset behind the closing quote, or -1 if the string goes on."""
        for match in _END[self.quote].finditer(line, at):
            if match[0] == self.quote:
                self.quote = ""
                return match.end()
        return -1


def to_python(lines: list[str]) -> tuple[list[str], list[Replaced]]:
    """The lines of a code cell (without line ends) as as many lines of Python, and what was replaced in them."""
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return lines, []
    head = lines[first].strip()
    name = head[2:].split(maxsplit=1)[0] if head.startswith("%%") and head[2:].strip() else ""
    if head.lower() in _FOREIGN_CELLS or (head.startswith("%%") and name not in PYTHON_CELL_MAGICS):
        return [" " * len(line) for line in lines], [Replaced(first + 1, "\n".join(lines[first:]).rstrip())]
    return _statements(lines)


def _statements(lines: list[str]) -> tuple[list[str], list[Replaced]]:
    lexer = _Lexer()
    result: list[str] = []
    replaced: list[Replaced] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        python = _replacement(line) if lexer.at_statement else None
        if python is None:
            lexer.feed(line)
            result.append(line)
            number += 1
            continue
        end = number + 1
        while lines[end - 1].endswith("\\") and end < len(lines):
            end += 1
        replaced.append(Replaced(number + 1, "\n".join(lines[number:end]).strip()))
        result.append(python[:-1] + " " if python.endswith("\\") else python)
        result.extend(" " * len(lines[n]) for n in range(number + 1, end))
        number = end
    if result[-1].endswith("\\"):
        result[-1] = result[-1][:-1] + " "  # or the next cell would continue this line
    result[-1] += lexer.quote  # or an open string would swallow all cells that follow
    return result, replaced


def _replacement(line: str) -> str | None:
    """Python for a line of IPython syntax; ``None`` for a line that is Python already."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if not text:
        return None
    timed = _TIMED.match(text)
    if timed is not None and not text.startswith(_COMPOUND, timed.end()):
        return indent + "if 1:".ljust(timed.end()) + text[timed.end() :]
    if text[0] in "%!?,;/" or _INSTALL.match(text) or (text.rstrip().endswith("?") and _HELP.match(text)):
        return indent + _nothing(len(text))
    target, equals, value = line.partition("=")
    value = value.lstrip()
    if equals and value[:1] in ("!", "%") and target.strip() and target.rstrip()[-1] not in "!<>=%+-*/|&^@:~":
        return (target + "= None").ljust(len(line))
    return None


def _nothing(length: int) -> str:
    """A statement without effect; a single ``0`` where there is no room for a word."""
    return ("pass" if length >= 4 else "..." if length == 3 else "0").ljust(length)
