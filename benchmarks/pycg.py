"""``python -m benchmarks.pycg FOLDER``: the graph of calls against the micro-benchmark of PyCG.

The benchmark (https://github.com/vitsalis/PyCG, folder ``micro-benchmark``) is not part of this project: FOLDER is a
copy of it. Each of its cases is a small program with the calls that it makes, in ``callgraph.json``. As in its
publication, a case is *complete* if no call is reported that does not happen, and *sound* if no call is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.run import Request, run

Edge = tuple[str, str]

_TYPES = re.compile(r"^<\*\*Py(\w+)\*\*>")
"""How the benchmark writes the type in ``str.join``; in this project it is ``<builtin>.str.join``."""


@dataclass
class Score:
    """Calls found, of those that are reported and of those that there are; cases without a wrong or a missed one."""

    cases: int = 0
    complete: int = 0
    sound: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, other: Score) -> None:
        """Sum up."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def precision(self) -> float:
        """The share of what is reported that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of what there is that is reported."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


@dataclass
class Case:
    """One program of the benchmark, and what was made of it."""

    category: str
    name: str
    wrong: list[Edge] = field(default_factory=list[Edge])
    missed: list[Edge] = field(default_factory=list[Edge])
    score: Score = field(default_factory=Score)


def judged(folder: Path) -> Case:
    """Compare the calls of one program with those that it is known to make."""
    stated = json.loads((folder / "callgraph.json").read_text("utf-8"))
    expected = {(_name(caller), _name(callee)) for caller, callees in stated.items() for callee in callees}
    found = set(run(Request((folder,), Config(base=folder), calls=True)).calls)
    case = Case(folder.parent.name, folder.name, sorted(found - expected), sorted(expected - found))
    case.score = Score(
        1, not case.wrong, not case.missed, len(found & expected), len(case.wrong), len(case.missed)
    )  # fmt: skip
    return case


def _name(name: str) -> str:
    return _TYPES.sub(lambda match: f"<builtin>.{match.group(1).lower()}", name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge all cases below a folder; 2 if there is none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pycg", description=__doc__)
    parser.add_argument("folder", type=Path, help="a copy of the benchmark, or of a part of it")
    parser.add_argument("-v", "--verbose", action="store_true", help="list wrong and missed calls")
    options = parser.parse_args(arguments)
    folders = sorted(path.parent for path in options.folder.resolve().rglob("callgraph.json"))
    if not folders:
        print(f"benchmarks.pycg: no callgraph.json below {options.folder}", file=sys.stderr)
        return 2
    cases = [judged(folder) for folder in folders]
    if options.verbose:
        _list(cases)
    _table(cases)
    return 0


def _list(cases: Sequence[Case]) -> None:
    for case in cases:
        for word, edges in (("wrong", case.wrong), ("missed", case.missed)):
            for caller, callee in edges:
                print(f"{case.category}/{case.name}: {word}: {caller} -> {callee}")


def _table(cases: Sequence[Case]) -> None:
    scores: dict[str, Score] = {}
    for case in cases:
        for name in (case.category, "all"):
            scores.setdefault(name, Score()).add(case.score)
    total = scores.pop("all")
    print(f"{'category':<14} {'cases':>5} {'complete':>8} {'sound':>5} {'calls':>5} {'precision':>9} {'recall':>7}")
    for name, score in [*sorted(scores.items()), ("all", total)]:
        print(
            f"{name:<14} {score.cases:>5} {score.complete:>8} {score.sound:>5} {score.right + score.missed:>5}"
            f" {score.precision:>9.1%} {score.recall:>7.1%}"
        )


if __name__ == "__main__":
    sys.exit(main())
