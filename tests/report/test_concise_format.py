"""One line for each finding."""

from __future__ import annotations

from hypothesis import given, settings

from mlsec_lint.domain.finding import Location, ScanResult
from mlsec_lint.report import render

from .builders import Sources, finding
from .strategies import results


def concise(result: ScanResult) -> str:
    """The concise report."""
    return render(result, "concise", rules=(), sources=Sources())


def test_findings_and_problems_are_one_line_each(result: ScanResult) -> None:
    """In the form that editors parse."""
    assert concise(result).splitlines() == [
        "src/model.py:2:9: MLS101 torch.load() runs code that the file contains.",
        "src/wide.py:1:19: MLS101 torch.load() runs code that the file contains.",
        "train.ipynb:cell 3:2:1: MLS102 joblib.load() runs code.",
        "src/broken.py:3: error: the file is not valid UTF-8",
        "src/deep.py: warning: nested too deeply: 1 definition was skipped",
    ]


def test_a_file_name_cannot_forge_a_line() -> None:
    """A line break in a name is written out."""
    place = Location("a.py:1:1: ok\nb.py", 1, 1, 1, 2)
    assert concise(ScanResult((finding(location=place),))).startswith(r"a.py:1:1: ok\nb.py:1:1: MLS101")


@settings(max_examples=50)
@given(results)
def test_any_result_has_as_many_lines_as_entries(result: ScanResult) -> None:
    """Whatever the texts hold."""
    lines = concise(result).split("\n")[:-1]
    assert len(lines) == len(result.findings) + len(result.problems)
    assert all(line.isprintable() for line in lines)
