"""One source line as it is shown, with the marked range underlined by terminal cells and not by characters.

A tab is as wide as the way to the next stop, a wide character two cells, a combining mark none, an escaped control as
long as its escape. Lines come from hostile files, so the work is bounded by the width shown and not by the length of
the line.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from mlsec_lint.report.escape import visible

WIDTH = 120
"""Cells of a source line that are shown; one that fits is never cropped."""

LEAD = 40
"""Cells shown before the marked range where a line is cropped."""

TAB = 4
"""Cells between tab stops."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A source line in three parts, safe to print; the middle one is the marked range."""

    before: str
    marked: str
    after: str

    @property
    def underline(self) -> str:
        """Carets below the marked range; at least one, so that an empty range has a place too."""
        indent = cell_len(self.before)
        return " " * indent + "^" * max(1, cell_len(self.before + self.marked) - indent)


def excerpt(line: str, column: int, end_column: int | None) -> Excerpt:
    """The range from ``column`` up to ``end_column`` (code points, from 1; ``None``: end of line) of ``line``.

    Columns outside the line are moved to its nearest end.
    """
    text = line.rstrip()
    start = min(max(column - 1, 0), len(text))
    end = len(text) if end_column is None else min(max(end_column - 1, start), len(text))
    origin = max(0, start - WIDTH)
    pieces = _pieces(text[origin : start + WIDTH + 1])
    left, right = _window([cell_len(piece) for piece in pieces], start - origin)
    start, end = start - origin, min(end - origin, right)
    return Excerpt(
        before=("…" if origin + left > 0 else "") + "".join(pieces[left:start]),
        marked="".join(pieces[start:end]),
        after="".join(pieces[end:right]) + ("…" if origin + right < len(text) else ""),
    )


def _pieces(text: str) -> list[str]:
    """What is printed for each character of ``text``."""
    pieces: list[str] = []
    width = 0
    for char in text:
        piece = " " * (TAB - width % TAB) if char == "\t" else visible(char)
        pieces.append(piece)
        width += cell_len(piece)
    return pieces


def _window(widths: list[int], start: int) -> tuple[int, int]:
    """The first and one past the last of the pieces that fit into ``WIDTH``, with ``start`` among them."""
    if sum(widths) <= WIDTH:
        return 0, len(widths)
    left, used = start, 0
    while left > 0 and used + widths[left - 1] <= LEAD:
        left -= 1
        used += widths[left]
    right = start
    while right < len(widths) and used + widths[right] <= WIDTH:
        used += widths[right]
        right += 1
    while left > 0 and used + widths[left - 1] <= WIDTH:
        left -= 1
        used += widths[left]
    return left, right
