"""The entry point: which formats there are, and what asking for one costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlsec_lint import report
from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import ScanResult
from mlsec_lint.report import FORMATS, render

from .builders import Sources


def test_every_format_module_is_listed() -> None:
    """A new format cannot be forgotten in the list, nor the list name one that is not there."""
    files = Path(report.__file__).parent.glob("*_format.py")
    assert sorted(FORMATS) == sorted(file.stem.removesuffix("_format") for file in files)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_result_renders_in_every_format(name: str) -> None:
    """A run without files is a run."""
    text = render(ScanResult(), name, rules=(), sources=Sources())
    assert text == "" if name == "concise" else text.endswith("\n")


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    """The error names the mistake and the choices, and never imports by a name from outside."""
    with pytest.raises(UsageError, match=r"'xml'.*text, concise, json, sarif"):
        render(ScanResult(), "xml", rules=(), sources=Sources())


def test_importing_the_package_imports_nothing_heavy() -> None:
    """Start-up must not pay for formats that are not used."""
    code = "import sys, mlsec_lint.report; print(*sorted({'rich', 'msgspec', 'json'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
