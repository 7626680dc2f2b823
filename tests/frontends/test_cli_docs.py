"""The documentation of the command line cannot lie about it."""

from __future__ import annotations

import re

import pytest

from mlsec_lint.engine.config import DEFAULT_MAX_FILE_SIZE

from .conftest import Cli
from .runner import CHECKOUT

PAGE = (CHECKOUT / "docs" / "cli.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is as wide as help on a wide terminal."""
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize("command", ["check", "graph", "explain", "rules", "new"])
def test_the_help_in_the_page_is_the_real_one(cli: Cli, command: str) -> None:
    shown = cli(command, "--help").out
    assert f"```text\n$ mlsec-lint {command} --help\n{shown}```\n" in PAGE


@pytest.mark.parametrize("command", ["check", "graph"])
def test_every_option_of_a_scan_is_explained(cli: Cli, command: str) -> None:
    options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", cli(command, "--help").out, re.MULTILINE))
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    assert {option for option in options - {"--help"} if f"`{option}" not in prose} == set()


def test_the_help_states_the_real_default_limit(cli: Cli) -> None:
    assert f"[default: {DEFAULT_MAX_FILE_SIZE}]" in cli("check", "--help").out
