"""From cases to a verdict: which case decides, and how sure it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.checks.verdict import Verdict
from mlsec_lint.knowledge.schema import Case, Condition
from mlsec_lint.source.manifests import VersionFacts, read_versions

from .sites import no_versions, verdict

OFF = Case(verdict="unsafe", because="it is off", when=(Condition(argument="flag", equals=(False,)),))
ON = Case(verdict="safe", when=(Condition(argument="flag", equals=(True,)),))
ABSENT = Condition(argument="flag", absent=True)
OLD = Case(verdict="unsafe", because="it is old", when=(ABSENT, Condition(package="probe", versions="<2")))
KNOWN_OLD = Case(verdict="unsafe", when=(ABSENT, Condition(package="probe", versions="<2", known=True)))


def facts(root: Path, requirement: str) -> VersionFacts:
    (root / "requirements.txt").write_text(requirement, "utf-8")
    return read_versions(root, [root / "requirements.txt"])


def confidence(found: Verdict | None) -> str:
    return found.confidence.label if found is not None else "safe"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("probe.sink(x, flag=False)", "high"),
        ("probe.sink(x, flag=True)", "safe"),
        ("probe.sink(x)", "high"),
        ("probe.sink(x, flag=True if c else False)", "medium"),
        ("def f(a): probe.sink(x, flag=a)", "low"),
        ("def f(a=False): probe.sink(x, flag=a)", "medium"),
        ("def f(a=True): probe.sink(x, flag=a)", "safe"),
        ("probe.sink(x, **options)", "medium"),
        ("options = {'flag': True}\nprobe.sink(x, **options)", "safe"),
    ],
)
def test_unsafe_unless_a_flag_is_set(code: str, expected: str) -> None:
    assert confidence(verdict(code, OFF, ON)) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("probe.sink(x, flag=False)", "high"),
        ("probe.sink(x, flag=True)", "safe"),
        ("probe.sink(x)", "safe"),
        ("probe.sink(x, flag=True if c else False)", "medium"),
        ("def f(a): probe.sink(x, flag=a)", "low"),
        ("def f(a=False): probe.sink(x, flag=a)", "medium"),
        ("probe.sink(x, **options)", "safe"),
    ],
)
def test_safe_unless_a_flag_is_cleared(code: str, expected: str) -> None:
    assert confidence(verdict(code, OFF, otherwise="safe")) == expected


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [("probe==1.5", "high"), ("probe==2.0", "safe"), ("probe>=1", "medium"), ("other", "medium")],
)
def test_a_default_that_a_version_changed(tmp_path: Path, requirement: str, expected: str) -> None:
    found = verdict("probe.sink(x)", OFF, OLD, otherwise="safe", versions=facts(tmp_path, requirement))
    assert confidence(found) == expected
    assert found is None or found.case == OLD
    assert found is None or "probe" in found.reasons[0]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [("probe==1.5", "high"), ("probe==2.0", "safe"), ("probe>=1", "low"), ("other", "safe")],
)
def test_a_version_that_must_be_stated(tmp_path: Path, requirement: str, expected: str) -> None:
    found = verdict("probe.sink(x)", KNOWN_OLD, otherwise="safe", versions=facts(tmp_path, requirement))
    assert confidence(found) == expected


def test_the_first_case_that_surely_holds_decides() -> None:
    first = Case(verdict="unsafe", because="first", when=(Condition(argument="flag", equals=(False,)),))
    second = Case(verdict="unsafe", because="second", when=(Condition(argument="flag", absent=True, equals=(False,)),))
    found = verdict("probe.sink(x, flag=False)", first, second)
    assert found is not None
    assert found.case == first
    found = verdict("probe.sink(x)", first, second)
    assert found is not None
    assert found.case == second


def test_a_safe_case_before_an_unsafe_one_wins() -> None:
    assert verdict("probe.sink(x, flag=True)", ON, Case(verdict="unsafe")) is None


def test_a_sink_without_cases_is_what_it_says() -> None:
    found = verdict("probe.sink(x)")
    assert found == Verdict(None, found.confidence, (), ()) if found is not None else False
    assert confidence(found) == "high"
    assert verdict("probe.sink(x)", otherwise="safe") is None


def test_the_arguments_that_decided_are_named() -> None:
    found = verdict("probe.sink(x, flag=False)", OFF)
    assert found is not None
    assert found.decided_by == ("flag",)


def test_what_is_not_known_is_told() -> None:
    found = verdict("def f(a): probe.sink(x, flag=a)", OFF, ON, versions=no_versions())
    assert found is not None
    assert found.reasons == ("the value of flag is not known",)
