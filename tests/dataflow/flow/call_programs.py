"""Small programs and the calls that they make: ``fixtures/_calls/*.calls`` read into records.

The format is described in ``fixtures/README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = Path(__file__).parents[3] / "fixtures" / "_calls"
MAIN = "main.py"

Edge = tuple[str, str]

_PROGRAM = re.compile(r"# == (.*)")
_FILE = re.compile(r"# file: (.*)")
_MARK = re.compile(r"# (debt|unwatched): (.*)")
_EDGE = re.compile(r"# (\S+) -> (\S+)")
_LIST = "# -- calls"


@dataclass(slots=True)
class CallProgram:
    """A program: its files, and the calls among its own functions.

    ``debt`` says why the analysis may be wrong about it, ``unwatched`` why running it shows something else; both are
    empty for most.
    """

    construct: str
    name: str
    files: dict[str, list[str]] = field(default_factory=lambda: {MAIN: []})
    calls: set[Edge] = field(default_factory=set[Edge])
    debt: str = ""
    unwatched: str = ""

    def __str__(self) -> str:
        return f"{self.construct}: {self.name}"

    def write(self, folder: Path) -> Path:
        """Write the files into a folder of this program's own."""
        root = folder / re.sub(r"\W", "_", str(self))
        for name, lines in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return root

    def modules(self) -> set[str]:
        """The names of its modules."""
        return {name[:-3].replace("/", ".").removesuffix(".__init__") for name in self.files}


def read_calls(folder: Path = CALLS) -> tuple[CallProgram, ...]:
    """The programs of all files, in the order of the files and in that of the text."""
    return tuple(program for path in sorted(folder.glob("*.calls")) for program in _read(path))


def _read(path: Path) -> Iterator[CallProgram]:
    program: CallProgram | None = None
    current: list[str] | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if match := _PROGRAM.fullmatch(line):
            if program is not None:
                yield program
            program = CallProgram(path.stem, match[1])
            current = program.files[MAIN]
        elif program is None:
            raise ValueError(f'{path.name}:{number}: a program starts with "# == name"')
        elif line == _LIST:
            current = None
        elif current is None:
            if line and (match := _EDGE.fullmatch(line)) is None:
                raise ValueError(f'{path.name}:{number}: a call is written "# caller -> callee"')
            program.calls.update([(match[1], match[2])] if line and match is not None else [])
        elif match := _MARK.fullmatch(line):
            setattr(program, match[1], match[2])
        elif match := _FILE.fullmatch(line):
            current = program.files[match[1]] = []
        else:
            current.append(line)
    if program is not None:
        yield program
