"""Pairs of tiny programs, a flow and the same code with the flow cut: ``fixtures/_pairs/*.pairs`` read into records.

The format is described in ``fixtures/README.md``. A mistake in a file is an error that names the file and the line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PAIRS = Path(__file__).parents[2] / "fixtures" / "_pairs"
PARTS = ("flow", "cut")
MAIN = "app.py"
OLDEST = (3, 10)
"""The Python version for which every program must parse."""

_PAIR = re.compile(r"# == (.*)")
_PART = re.compile(r"# -- (.*)")
_FILE = re.compile(r"# file: (.*)")
_DEBT = re.compile(r"# debt(?: (?P<part>\w+))?: (?P<reason>.*)")
_SINK = re.compile(r"#\s*sink\s*$")
_PATH = re.compile(r"(?:\w+/)*\w+\.py")


class PairError(Exception):
    """A mistake in a file of pairs."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path.name}:{line}: {problem}")


@dataclass(frozen=True, slots=True, order=True)
class SinkLine:
    """A marked line: the file and the line in the program, and the line in the file of pairs."""

    path: str
    line: int
    origin: int


@dataclass(frozen=True, slots=True)
class Program:
    """One side of a pair. ``files`` holds (path, text); ``debt`` says why this side may be wrong, empty if it may not.

    ``construct`` is the name of the file of pairs, ``line`` that of the part in it.
    """

    construct: str
    name: str
    part: str
    line: int
    files: tuple[tuple[str, str], ...]
    sinks: tuple[SinkLine, ...]
    debt: str = ""

    def __str__(self) -> str:
        return f"{self.construct}: {self.name} [{self.part}]"


@dataclass(slots=True)
class _Draft:
    """A pair while it is read: its parts with the lines of each, and the debts by part."""

    name: str
    line: int
    debts: dict[str, str] = field(default_factory=dict[str, str])
    parts: dict[str, tuple[int, list[str]]] = field(default_factory=dict[str, tuple[int, list[str]]])
    last: str = ""


def read_pairs(folder: Path = PAIRS) -> tuple[Program, ...]:
    """The programs of all files of pairs, flow before cut, in the order of the files and in that of the text."""
    return tuple(program for path in sorted(folder.glob("*.pairs")) for program in read_file(path))


def read_file(path: Path) -> Iterator[Program]:
    """The programs of one file. Raises ``PairError``."""
    drafts: list[_Draft] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            _read_line(drafts, number, line)
        except ValueError as error:
            raise PairError(path, number, str(error)) from error
    names = [draft.name for draft in drafts]
    for draft in drafts:
        if names.count(draft.name) > 1:
            raise PairError(path, draft.line, f'"{draft.name}" is the name of several pairs')
        for part in PARTS:
            if part not in draft.parts:
                raise PairError(path, draft.line, f'"{draft.name}" has no part "{part}"')
            yield _program(path, draft, part)


def _read_line(drafts: list[_Draft], number: int, line: str) -> None:
    """Adds one line to the drafts. Raises ``ValueError``."""
    if match := _PAIR.fullmatch(line):
        drafts.append(_Draft(match[1].strip(), number))
        return
    if not drafts:
        if line.strip() and not line.startswith("# "):
            raise ValueError('a pair starts with "# == name"')
        return
    draft = drafts[-1]
    if match := _PART.fullmatch(line):
        if match[1] not in PARTS or match[1] in draft.parts:
            raise ValueError(f'a pair has one part "flow" and one part "cut", not "{match[1]}" here')
        draft.last = match[1]
        draft.parts[draft.last] = (number, [])
    elif draft.last:
        draft.parts[draft.last][1].append(line)
    elif match := _DEBT.fullmatch(line):
        _add_debt(draft, match["part"], match["reason"].strip())
    elif line.strip():
        raise ValueError('between the name and the first part stand only lines "# debt: reason"')


def _add_debt(draft: _Draft, part: str | None, reason: str) -> None:
    if part is not None and part not in PARTS:
        raise ValueError(f'a debt is about "flow" or "cut", not about "{part}"')
    if not reason:
        raise ValueError("a debt needs a reason")
    draft.debts.update(dict.fromkeys([part] if part is not None else PARTS, reason))


def _program(path: Path, draft: _Draft, part: str) -> Program:
    """One finished side of a pair. Raises ``PairError``."""
    start, lines = draft.parts[part]
    files: dict[str, list[str]] = {}
    sinks: list[SinkLine] = []
    current = MAIN
    for number, line in enumerate(lines, start + 1):
        if match := _FILE.fullmatch(line):
            current = match[1].strip()
            if current in files or not _PATH.fullmatch(current):
                raise PairError(path, number, f'"{current}" is given twice, or no path of a Python file')
            files[current] = []
            continue
        if not line.strip() and not files:
            continue
        text = files.setdefault(current, [])
        text.append(line)
        if _SINK.search(line):
            sinks.append(SinkLine(current, len(text), number))
    if not sinks:
        raise PairError(path, start, f'"{draft.name}" marks no line of part "{part}" with "# sink"')
    texts = {name: "\n".join(text).rstrip("\n") + "\n" for name, text in files.items()}
    for name, text in texts.items():
        try:
            ast.parse(text, name, feature_version=OLDEST)
        except SyntaxError as error:
            raise PairError(path, start, f"{name}:{error.lineno}: {error.msg}") from error
    construct, debt = path.stem, draft.debts.get(part, "")
    return Program(construct, draft.name, part, start, tuple(texts.items()), tuple(sinks), debt)
