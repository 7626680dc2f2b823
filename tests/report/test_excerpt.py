"""Carets stand below what they mark, whatever the line is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mlsec_lint.report.excerpt import LEAD, WIDTH, excerpt

from .strategies import texts


def shown(line: str, column: int, end_column: int | None) -> list[str]:
    """The two lines of the excerpt."""
    part = excerpt(line, column, end_column)
    return [part.before + part.marked + part.after, part.underline]


@pytest.mark.parametrize(
    ("line", "column", "end_column", "expected"),
    [
        ("x = load(p)", 5, 12, ["x = load(p)", "    ^^^^^^^"]),
        ("x = load(p)  \r\n", 5, None, ["x = load(p)", "    ^^^^^^^"]),
        ("\tx = load(p)", 6, 13, ["    x = load(p)", "        ^^^^^^^"]),
        ("ab\tload(p)", 4, 8, ["ab  load(p)", "    ^^^^"]),
        ("模型 = load(p)", 6, 10, ["模型 = load(p)", "       ^^^^"]),
        ("f('模型')", 3, 7, ["f('模型')", "  ^^^^^^"]),
        ("e\u0301 = load(p)", 6, 10, ["e\u0301 = load(p)", "    ^^^^"]),
        ("a\x1b[0m = load(p)", 9, 13, [r"a\x1b[0m = load(p)", " " * 11 + "^^^^"]),
        ("x = '\u202e'", 5, 8, [r"x = '\u202e'", "    ^^^^^^^^"]),
        ("x", 1, 1, ["x", "^"]),
        ("x", 9, 12, ["x", " ^"]),
        ("x = 1", 0, 2, ["x = 1", "^"]),
    ],
)
def test_the_marked_range_is_underlined(line: str, column: int, end_column: int | None, expected: list[str]) -> None:
    """Tabs, wide and combining characters, escapes, empty ranges, and columns outside the line."""
    assert shown(line, column, end_column) == expected


def test_a_long_line_is_cropped_around_the_range() -> None:
    """What stands before the range is context and what stands in it is the point."""
    line = "x" * 5000 + "load(p)" + "y" * 5000
    text, underline = shown(line, 5001, 5008)
    assert text == "…" + "x" * LEAD + "load(p)" + "y" * (WIDTH - LEAD - 7) + "…"
    assert underline == " " * (LEAD + 1) + "^" * 7


def test_a_long_line_with_the_range_at_its_end_uses_the_room_before_it() -> None:
    """No half-empty excerpts."""
    text, underline = shown("x" * 500 + "load(p)", 501, 508)
    assert text == "…" + "x" * (WIDTH - 7) + "load(p)"
    assert underline.endswith("^" * 7)


def test_a_range_longer_than_the_excerpt_is_underlined_as_far_as_it_is_shown() -> None:
    """A literal of a megabyte is one argument."""
    text, underline = shown("f(" + "x" * 10**6 + ")", 1, None)
    assert cell_len(text) == WIDTH + 1
    assert underline == "^" * WIDTH


def test_a_line_that_fits_is_shown_whole() -> None:
    """The limit is what is shown, not what is cropped to."""
    line = "x" * (WIDTH - 4) + "load"
    assert shown(line, WIDTH - 3, WIDTH + 1)[0] == line


@given(texts, st.integers(-3, 200), st.none() | st.integers(-3, 200), st.integers(0, 60))
def test_any_excerpt_is_safe_narrow_and_aligned(text: str, column: int, end_column: int | None, times: int) -> None:
    """Nothing a terminal obeys, no more than the width with its two ellipses, carets within the line."""
    part = excerpt(text * times, column, end_column)
    line = part.before + part.marked + part.after
    assert line.isprintable()
    assert cell_len(line) <= WIDTH + 2
    assert part.underline.strip(" ").strip("^") == ""
    assert cell_len(part.underline) == max(cell_len(part.before) + 1, cell_len(part.before + part.marked))
