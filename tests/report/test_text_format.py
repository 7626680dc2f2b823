"""The report for people."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from mlsec_lint.domain.finding import Argument, Location, Problem, ScanResult, Statistics
from mlsec_lint.domain.levels import Severity
from mlsec_lint.report import render

from .builders import Sources, finding, rule
from .conftest import DATA
from .strategies import results, texts


def text(result: ScanResult, sources: Sources | None = None, *, color: bool = False) -> str:
    """The report as text."""
    return render(result, "text", rules=(rule(),), sources=sources or Sources(), color=color)


def test_findings_problems_and_summary_are_laid_out_for_reading(result: ScanResult, sources: Sources) -> None:
    """The whole report, as a reader sees it."""
    assert text(result, sources) == (DATA / "report.txt").read_text("utf-8")


def test_a_clean_run_is_one_line() -> None:
    """And still says how much was looked at."""
    statistics = Statistics(files=1, lines=1, seconds=0.04)
    assert text(ScanResult(statistics=statistics)) == "No findings in 1 file, 1 line, 0.0 s\n"


def test_a_run_that_could_not_read_everything_does_not_look_clean() -> None:
    """Silence about a file that was not read is not safety."""
    report = text(ScanResult(problems=(Problem("a.py", "the file is too large"),), statistics=Statistics(files=2)))
    assert report == (
        "not scanned: a.py: the file is too large\n\n"
        "No findings in what could be scanned: 2 files, 0 lines, 0.0 s; 1 problem\n"
    )


def test_a_finding_without_known_source_has_no_excerpt() -> None:
    """Rather than an empty one."""
    assert " | " not in text(ScanResult((finding(),)))


def test_colours_follow_the_request_and_not_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line decides; a file that the report is redirected to holds none, and no line is wrapped."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    result = ScanResult((finding(severity=Severity.CRITICAL),))
    assert "\x1b[" not in text(result)
    assert "  torch.load() runs code that the file contains.\n" in text(result)
    coloured = text(result, color=True)
    assert "\x1b[1;31mMLS101 unsafe-model-load\x1b[0m" in coloured


def test_hostile_source_and_names_cannot_reach_the_terminal() -> None:
    """No ANSI sequence, no reversed text, no second line out of a file name, no console markup."""
    path = "src/\x1b]0;owned\x07\n[bold]\u202e.py"
    place = Location(path, 1, 1, 1, 9)
    hostile = finding(
        location=place,
        message="load(\x1b[2J)\nNo findings in 9 files",
        arguments=(Argument("f", "\x9b31m" + "x" * 500, "\u2066"),),
    )
    report = text(ScanResult((hostile,)), Sources({(path, None): "p\u202e = '\x1b[31m'"}))
    lines = report.splitlines()
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith(r"src/\x1b]0;owned\x07\n[bold]\u202e.py:1:1: MLS101")
    assert lines[1] == r"    1 | p\u202e = '\x1b[31m'"
    assert lines[3] == r"  load(\x1b[2J) No findings in 9 files"
    assert max(map(len, lines)) < 250


@settings(max_examples=50)
@given(results, texts)
def test_any_result_renders_to_printable_lines(result: ScanResult, source: str) -> None:
    """Arbitrary text in every field and in the source."""
    known = Sources({(f.location.path, f.location.cell): source for f in result.findings})
    for line in text(result, known).split("\n"):
        assert line.isprintable()
