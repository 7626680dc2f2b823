"""Reading the annotations of fixtures: one vocabulary, whatever front end is compared with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"^\s*#\s*(ruleid|ok|todoruleid|todook):\s*([a-z0-9,\s-]+?)\s*$")


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One annotated line: the path below ``fixtures/``, the cell of a notebook, the line, the rule, and the mark."""

    path: str
    cell: int | None
    line: int
    slug: str
    mark: str

    @property
    def place(self) -> tuple[str, int | None, int, str]:
        """What a finding is compared by."""
        return (self.path, self.cell, self.line, self.slug)


def read_marks(root: Path) -> list[Expected]:
    """All annotations of the Python files and notebooks below ``root``."""
    found: list[Expected] = []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if path.suffix == ".py":
            found.extend(_marks(relative, None, path.read_text("utf-8").splitlines()))
        elif path.suffix == ".ipynb":
            for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"], 1):
                if cell["cell_type"] == "code":
                    source = cell["source"]
                    text = source if isinstance(source, str) else "".join(source)
                    found.extend(_marks(relative, number, text.splitlines()))
    return found


def _marks(path: str, cell: int | None, lines: list[str]) -> Iterator[Expected]:
    for number, line in enumerate(lines, 1):
        match = _MARK.match(line)
        if match is None:
            continue
        target = number + 1
        while target <= len(lines) and _MARK.match(lines[target - 1]):
            target += 1
        for slug in match.group(2).split(","):
            yield Expected(path, cell, target, slug.strip(), match.group(1))


def is_auditor(path: str) -> bool:
    """Whether a fixture is meant for the auditor profile."""
    return "auditor" in path
