"""What the analysis leaves out of a file is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.run import Request, run
from mlsec_lint.source.gaps import syntax_gap
from mlsec_lint.source.syntax import parse


def problems(source: str) -> list[tuple[int | None, bool, str]]:
    """Line, whether fatal, and the first words of each problem with one source."""
    done = run(Request((), Config(base=Path.cwd()), (("a.py", source.encode()),), everything=True))
    return [(problem.line, problem.fatal, problem.message.partition(";")[0]) for problem in done.result.problems]


DEEP = "(" * 300 + "{}" + ")" * 300


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\n", []),
        ("x = 1\nprint 'Python 2'\n", []),
        ("x = 1\ny = = 2\n", [(2, True, "is not valid Python here")]),
        ("x = 1\n\ny = (\n", [(3, True, "is not valid Python here")]),
        (f"x = 1\ny = {DEEP.format('x')}\n", [(2, False, "nests too deeply here")]),
        (f"x = 1\ny = {DEEP.format('f(x)')}\n", [(2, True, "nests too deeply here")]),
        (f"def f():\n    return {DEEP.format('f(x)')}\n", [(2, True, "nests too deeply here")]),
        (f"y = [{'0, ' * 5000}]\n", []),
        (f"y = [{'0, ' * 5000}\n  f(x)]\n", [(2, True, "has a literal with too many elements")]),
        ("def f():\n" + "    f(x)\n" * 12_000, [(1, True, "has too many operations in the function or module")]),
    ],
)
def test_gaps_are_told(source: str, expected: list[tuple[int | None, bool, str]]) -> None:
    told = problems(source)
    assert [(line, fatal) for line, fatal, _ in told] == [(line, fatal) for line, fatal, _ in expected]
    assert all(message.startswith(start) for (_, _, message), (_, _, start) in zip(told, expected, strict=True))


def test_one_place_of_each_kind_is_enough() -> None:
    assert len(problems("y = = 2\n\ndef f():\n    pass\n\nz = = 3\n")) == 1


@settings(max_examples=200)
@given(st.text(alphabet="abc()[]{}:=,'\" \n\tdef#\\"))
def test_a_syntax_error_has_a_place_in_the_text(source: str) -> None:
    data = source.encode()
    root = parse(data).root_node
    gap = syntax_gap(root, data)
    assert (gap is not None) == root.has_error
    assert gap is None or 0 <= gap.at <= len(data)
