"""What the analysis left out of files that it did read, as problems: a limit that fired must never look like safety."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from mlsec_lint.domain.finding import Problem
from mlsec_lint.source.gaps import LENGTH, NESTING, SIZE, SYNTAX, Gap

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context
    from mlsec_lint.engine.texts import Texts

_LOST: Final = {
    SYNTAX: "is not valid Python here; the statement around this place was not scanned",
    NESTING: "nests too deeply here; what lies deeper was not scanned",
    SIZE: "has too many operations in the function or module that starts here; the end of it was not scanned",
    LENGTH: "has a literal with too many elements; those from here on were not scanned",
}
_UNKNOWN: Final = "nests too deeply here; the value was taken as unknown"
_BUDGET: Final = "takes too many steps to evaluate; the end of it was not scanned"


def unscanned(context: Context, texts: Texts) -> Iterator[Problem]:
    """One problem for each file and kind of gap, at its first place, by path."""
    for path, gaps in sorted(context.project.gaps()):
        yield from _gaps(path, gaps, texts)
    for path, name in sorted(context.truncated):
        yield Problem(path, f"{name} {_BUDGET}")
    for path, module in sorted(context.exits.items()):
        if module is not None and module.truncated:
            yield Problem(path, f"the module {_BUDGET}")


def _gaps(path: str, gaps: Iterable[Gap], texts: Texts) -> Iterator[Problem]:
    first: dict[str, Gap] = {}
    for gap in sorted(gaps, key=lambda gap: (not gap.lost, gap.at)):
        first.setdefault(gap.kind, gap)
    for gap in sorted(first.values()):
        place = texts.kept(path).location(gap.at, gap.at)
        message = _LOST[gap.kind] if gap.lost else _UNKNOWN
        if place.cell is None:
            yield Problem(path, message, place.line, fatal=gap.lost)
        else:
            yield Problem(path, f"cell {place.cell}, line {place.line}: {message}", fatal=gap.lost)
