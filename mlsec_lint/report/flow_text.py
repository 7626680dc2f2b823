"""The way of the data to a finding, drawn for people: numbered steps, each with its place, its verb and its code.

Steps are gathered under the file they lie in, and a flow that stays in the file of its finding names no file at all. A
flow is made of scanned code, so every part of it is escaped and cut, and of a very long one the middle is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from mlsec_lint.domain.finding import Finding, Location, Step
from mlsec_lint.report.escape import cropped, one_line, visible
from mlsec_lint.report.request import SourceText

_CODE_LIMIT = 100
"""Code points shown of the code of a step."""

_VERB_LIMIT = 60
"""Code points shown of what happens in a step, which also bounds the width of the column."""

_MOST_STEPS = 40
"""Steps that are drawn; a longer flow is for programs to read."""


def flow_lines(finding: Finding, sources: SourceText, style: str) -> Iterator[Text]:
    """The lines below a finding that show its flow, its ends in ``style``; none for a finding without one."""
    if finding.flow is None or not finding.flow.steps:
        return
    steps = finding.flow.steps
    count = "1 step" if len(steps) == 1 else f"{len(steps):,} steps"
    yield Text.assemble("  ", ("flow:", "dim"), f" from {one_line(finding.flow.origin)} in {count}")
    drawn = _numbered(steps)
    alone = {_file(step.location) for step in steps} == {_file(finding.location)}
    columns = _Columns.for_steps(drawn, indent=4 if alone else 6)
    file = _file(finding.location) if alone else ""
    previous = 0
    for number, step in drawn:
        if number != previous + 1:
            yield Text(f"{'':{columns.indent}}… {number - previous - 1:,} steps between", style="dim")
        if _file(step.location) != file:
            file = _file(step.location)
            yield Text.assemble("    ", (file, "bold"))
        yield columns.line(number, step, _code(step, sources), style)
        previous = number


def _numbered(steps: Sequence[Step]) -> list[tuple[int, Step]]:
    """The steps that are drawn with their number in the flow: all of them, or the first and the last ones."""
    numbered = list(enumerate(steps, 1))
    half = _MOST_STEPS // 2
    return numbered if len(steps) <= _MOST_STEPS else [*numbered[:half], *numbered[-half:]]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The widths of the columns of one flow, in terminal cells."""

    indent: int
    number: int
    place: int
    verb: int

    @classmethod
    def for_steps(cls, drawn: Sequence[tuple[int, Step]], indent: int) -> _Columns:
        return cls(
            indent=indent,
            number=max(len(str(number)) for number, _ in drawn),
            place=max(len(_place(step.location)) for _, step in drawn),
            verb=max(cell_len(_verb(step)) for _, step in drawn),
        )

    def line(self, number: int, step: Step, code: str, style: str) -> Text:
        """One step, such as ``2. 16:5  passed to load  | registry.load(name)``."""
        verb = _verb(step)
        lead = f"{'':{self.indent}}{number:>{self.number}}. {_place(step.location):<{self.place}}  "
        shown = Text.assemble((lead, "dim"), (verb, style if step.role in ("source", "sink") else ""))
        if code:
            shown.append(" " * (self.verb - cell_len(verb)))
            shown.append(" | ", style="dim")
            shown.append(code)
        return shown


def _file(location: Location) -> str:
    path = visible(location.path)
    return path if location.cell is None else f"{path}, cell {location.cell}"


def _place(location: Location) -> str:
    return f"{location.line}:{location.column}"


def _verb(step: Step) -> str:
    return cropped(one_line(step.text), _VERB_LIMIT)


def _code(step: Step, sources: SourceText) -> str:
    """The code of the step on one line, from the source where the step has none."""
    place = step.location
    return cropped(one_line(step.code or sources.line(place.path, place.line, place.cell)), _CODE_LIMIT)
