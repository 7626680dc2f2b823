"""Which findings are reported: by rule, by profile, by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import Rule
from mlsec_lint.engine.config import Config, PerFileIgnore
from mlsec_lint.engine.selection import Selection


def rule(code: str, slug: str, profile: str = "default") -> Rule:
    return Rule(
        slug=slug,
        code=code,
        title="A title",
        summary="A summary.",
        severity=Severity.MEDIUM,
        profile=profile,
        family="deserialization",
        kinds=(),
        graded=False,
        message="A message.",
        remedy="A remedy.",
        risks=(),
        references=(),
        check="",
        since="0.1.0",
    )


TORCH = rule("MLS102", "unsafe-torch-load")
SAVE = rule("MLS113", "unsafe-model-save", "auditor")
SECRET = rule("MLS301", "credential-in-code")


def test_everything_is_wanted_by_default() -> None:
    assert Selection().wants(TORCH, "default")
    assert Selection().wants(SECRET, "default")


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        (("MLS102",), (), True),
        (("unsafe-torch-load",), (), True),
        (("MLS1",), (), True),
        (("MLS3",), (), False),
        ((), ("MLS1",), False),
        ((), ("unsafe-torch-load",), False),
        ((), ("MLS3",), True),
        (("MLS1",), ("MLS102",), False),
        (("MLS102",), ("MLS1",), True),
        (("MLS1",), ("MLS1",), False),
        (("MLS102",), ("unsafe-torch-load",), False),
        (("MLS1", "MLS102"), ("MLS10",), True),
    ],
)
def test_the_more_specific_selector_wins(select: tuple[str, ...], ignore: tuple[str, ...], wanted: bool) -> None:
    assert Selection(select, ignore).wants(TORCH, "default") is wanted


def test_findings_for_auditors_need_the_auditor_profile() -> None:
    assert not Selection().wants(TORCH, "auditor")
    assert Selection(profile="auditor").wants(TORCH, "auditor")
    assert Selection(profile="auditor").wants(TORCH, "default")


def test_a_rule_for_auditors_can_be_selected_by_its_name() -> None:
    assert not Selection().wants(SAVE, "auditor")
    assert not Selection(("MLS1",)).wants(SAVE, "auditor")
    assert Selection(("MLS113",)).wants(SAVE, "auditor")
    assert Selection(("unsafe-model-save",)).wants(SAVE, "auditor")


def test_the_name_of_an_ordinary_rule_does_not_bring_its_auditor_findings() -> None:
    assert not Selection(("MLS102",)).wants(TORCH, "auditor")


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        ("tests/test_load.py", True),
        ("tests/deep/er/test_load.py", True),
        ("src/load.py", False),
        ("tests.py", False),
        ("src/gen_a.py", True),
        ("gen_a.py", True),
    ],
)
def test_rules_are_ignored_in_matching_files_only(path: str, silent: bool) -> None:
    config = Config(
        base=Path("/work/project"),
        per_file_ignores=(PerFileIgnore("tests/", ("MLS1",)), PerFileIgnore("gen_*.py", ("unsafe-torch-load",))),
    )
    selection = Selection.of(config, Path("/work/project"))
    assert selection.ignored_in(TORCH, path) is silent
    assert not selection.ignored_in(SECRET, path)


def test_patterns_are_relative_to_the_configuration_and_paths_to_the_scan() -> None:
    config = Config(base=Path("/work/project"), per_file_ignores=(PerFileIgnore("/pkg/a.py", ("MLS1",)),))
    assert Selection.of(config, Path("/work/project/pkg")).ignored_in(TORCH, "a.py")
    assert Selection.of(config, Path("/work")).ignored_in(TORCH, "project/pkg/a.py")
    assert not Selection.of(config, Path("/work")).ignored_in(TORCH, "pkg/a.py")
    assert not Selection.of(config, Path("/")).ignored_in(TORCH, "work/project2/pkg/a.py")
