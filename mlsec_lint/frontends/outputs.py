"""Where reports go: standard output, files, several at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.report import FORMATS, render

if TYPE_CHECKING:
    from mlsec_lint.engine.run import Run

STDOUT: Final = "-"

_FOR_PEOPLE: Final = ("text", "concise")
"""Formats that say what could not be scanned in a way that is read at a glance."""


@dataclass(frozen=True, slots=True)
class Output:
    """One report to write: a format, and a file or ``-`` for standard output."""

    format: str
    target: str

    @property
    def told(self) -> bool:
        """Whether a person in front of the terminal sees this report."""
        return self.target == STDOUT and self.format in _FOR_PEOPLE


class OutputType(click.ParamType[Output] if TYPE_CHECKING else click.ParamType):
    """``FORMAT:FILE`` on the command line."""

    name = "FORMAT:FILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """Read one value; a value that cannot be meant is an error of usage."""
        if isinstance(value, Output):
            return value
        format_, colon, target = str(value).partition(":")
        if not colon or not target:
            self.fail(f'"{value}" is not of the form FORMAT:FILE, such as sarif:report.sarif', param, ctx)
        if format_ not in FORMATS:
            self.fail(f'no format is called "{format_}"; the formats are {", ".join(FORMATS)}', param, ctx)
        return Output(format_, target)


def chosen_outputs(format_: str | None, outputs: Sequence[Output]) -> tuple[Output, ...]:
    """The reports of a run: ``--format`` is one on standard output, and the default only if nothing else is asked for.

    Raises ``UsageError`` for two reports in one place, and for a file in a folder that does not exist.
    """
    chosen = list(outputs)
    if format_ is not None or not outputs:
        chosen.insert(0, Output(format_ or FORMATS[0], STDOUT))
    seen: set[str] = set()
    for output in chosen:
        if output.target in seen:
            place = "standard output" if output.target == STDOUT else output.target
            raise UsageError(f"two reports cannot go to {place}; give one of them a file of its own")
        seen.add(output.target)
        check_target(output.target)
    return tuple(chosen)


def write_reports(run: Run, outputs: Sequence[Output], *, color: bool, profile: str) -> None:
    """Write every report, files first, so that a reader who goes away takes no file with them.

    Only standard output is coloured. Raises ``UsageError`` for a file that cannot be written.
    """
    for output in sorted(outputs, key=lambda output: output.target == STDOUT):
        shown = color and output.target == STDOUT
        text = render(run.result, output.format, rules=run.rules, sources=run, color=shown, profile=profile)
        write_text(text, output.target)


def write_text(text: str, target: str) -> None:
    """Write to a file or to standard output. Raises ``UsageError`` for a file that cannot be written."""
    if target == STDOUT:
        sys.stdout.write(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise UsageError(f"--output: {target}: cannot be written: {error.strerror or error}") from error


def check_target(target: str) -> None:
    """Raises ``UsageError`` for a file in a folder that does not exist, which is told before a run and not after it."""
    if target != STDOUT and not Path(target).absolute().parent.is_dir():
        raise UsageError(f"--output: {target}: the folder does not exist; make it first")


def problems_of(run: Run) -> str:
    """What could not be scanned, a line for each."""
    return render(replace(run.result, findings=()), "concise", rules=run.rules, sources=run)


def account(run: Run) -> str:
    """What could not be scanned and the summary, for standard error where no report says so to a person."""
    from mlsec_lint.report.summary import summary_line

    return f"{problems_of(run)}{summary_line(run.result)}\n"
