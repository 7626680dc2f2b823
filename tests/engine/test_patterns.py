"""Ignore patterns: what is refused because it could stall a scan, and that nothing in them raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.engine.patterns import MAX_LINES, compile_patterns, objection


@pytest.mark.parametrize(
    "pattern",
    [
        "*.pyc",
        "*.py[cod]",
        "/build/",
        "docs/_build/**",
        "**/__pycache__",
        "!keep.py",
        "npm-debug.log*",
        "*~",
        r"\#x",
        "*.so.*",
    ],
)
def test_patterns_that_people_write_are_accepted(pattern: str) -> None:
    assert objection(pattern) is None


@pytest.mark.parametrize("pattern", ["*a*a*a*b", "x/a*b*c*d/y", "**/a/**/b/**/c", "a" * 2_000, "!"])
def test_patterns_that_could_stall_or_mean_nothing_are_refused(pattern: str) -> None:
    assert objection(pattern) is not None


def test_a_refused_line_is_reported_and_the_others_hold() -> None:
    patterns, objections = compile_patterns("/p", ["# comment", "", "*a*a*a*b", "!", "*.log"])
    assert [line for line, _ in objections] == [3, 4]
    assert patterns is not None
    assert patterns.verdict("/p/x.log", folder=False) is True
    assert patterns.verdict("/p/aaab", folder=False) is None


def test_no_patterns_compile_to_nothing() -> None:
    assert compile_patterns("/p", ["", "# only a comment"]) == (None, ())


def test_a_file_with_too_many_lines_is_not_applied() -> None:
    patterns, objections = compile_patterns("/p", ["x"] * (MAX_LINES + 1))
    assert patterns is None
    assert len(objections) == 1


def test_paths_outside_the_base_are_not_mentioned() -> None:
    patterns, _ = compile_patterns("/p/base", ["*"])
    assert patterns is not None
    assert patterns.verdict("/p/base/x", folder=False) is True
    assert patterns.verdict("/p/base2/x", folder=False) is None
    assert patterns.verdict("/p/base", folder=True) is None


def test_a_base_at_the_top_of_the_file_system_works() -> None:
    patterns, _ = compile_patterns("/", ["/tmp"])
    assert patterns is not None
    assert patterns.verdict("/tmp/x", folder=False) is True


@given(
    lines=st.lists(
        st.text(st.sampled_from("ab*?[]!-^\\/# .\t{}()|+$é\ud800"), max_size=12) | st.text(max_size=12), max_size=6
    ),
    path=st.text(st.sampled_from("ab/.*[]!"), min_size=1, max_size=12),
)
def test_no_pattern_raises(lines: list[str], path: str) -> None:
    patterns, objections = compile_patterns("/p", lines)
    assert all(1 <= number <= len(lines) for number, _ in objections)
    if patterns is not None:
        assert patterns.verdict(f"/p/{path}", folder=False) in (True, False, None)
