"""Every construct carries data, and carries no more than the data: the programs of ``fixtures/_pairs``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataflow.pairs import PairError, Program, read_file, read_pairs
from tests.dataflow.pairs_verdict import mistakes

GOOD = """\
# Remarks before the first pair are skipped.

# == one file
# debt cut: too clever
# -- flow
import pickle
pickle.loads(b"")  # sink

# -- cut
# file: a.py
x = 1
# file: b/c.py

import pickle
pickle.loads(b"")  # sink
pickle.loads(b"")  # sink
"""


def cases() -> list[object]:
    """All programs; one with a debt must fail until the debt is paid."""
    found: list[object] = []
    for program in read_pairs():
        marks = [pytest.mark.xfail(strict=True, reason=program.debt)] if program.debt else []
        found.append(pytest.param(program, id=str(program), marks=marks))
    return found


@pytest.mark.parametrize("program", cases())
def test_flows_are_found_and_cuts_are_silent(program: Program, tmp_path: Path) -> None:
    assert mistakes(program, tmp_path) == []


def read(tmp_path: Path, text: str) -> list[Program]:
    path = tmp_path / "some.pairs"
    path.write_text(text, "utf-8")
    return list(read_file(path))


def test_a_pair_is_read_into_two_programs(tmp_path: Path) -> None:
    flow, cut = read(tmp_path, GOOD)
    assert (flow.name, flow.part, flow.line, flow.debt) == ("one file", "flow", 5, "")
    assert flow.files == (("app.py", 'import pickle\npickle.loads(b"")  # sink\n'),)
    assert [(sink.path, sink.line, sink.origin) for sink in flow.sinks] == [("app.py", 2, 7)]
    assert (cut.part, cut.debt) == ("cut", "too clever")
    assert [path for path, _ in cut.files] == ["a.py", "b/c.py"]
    assert [(sink.path, sink.line, sink.origin) for sink in cut.sinks] == [("b/c.py", 3, 15), ("b/c.py", 4, 16)]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("# == one file", "x = 1", '3: a pair starts with "# == name"'),
        ("# debt cut: too clever", "# dept: no word", "4: between the name and the first part"),
        ("# debt cut:", "# debt both:", '4: a debt is about "flow" or "cut"'),
        ("# debt cut: too clever", "# debt: ", "4: a debt needs a reason"),
        ("# -- cut", "# -- flow", '9: a pair has one part "flow"'),
        ("# -- cut\n", "", "3: .* has no part .cut."),
        ("# file: b/c.py", "# file: a.py", '12: "a.py" is given twice'),
        ("# file: b/c.py", "# file: ../c.py", "12: .* no path of a Python file"),
        ("  # sink\n\n", "\n\n", "5: .* marks no line"),
        ("x = 1", "x = ", "9: a.py:1: invalid syntax"),
        ("sink\n\n", "sink\n# == one file\n", "3: .* is the name of several pairs"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(PairError, match=rf"some\.pairs:{problem}"):
        read(tmp_path, GOOD.replace(old, new))
