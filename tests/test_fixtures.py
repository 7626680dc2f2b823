"""The proof: what is annotated in ``fixtures/`` is what every front end reports, no more and no less."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run
from tests.fixture_marks import Expected, is_auditor, read_marks

FIXTURES = Path(__file__).parent.parent / "fixtures"
PROFILES = ("default", "auditor")

Place = tuple[str, "int | None", int, str]


def by_the_engine(profile: str) -> set[Place]:
    config = load_config(FIXTURES, config_file=None, isolated=True, overrides=Overrides(profile=profile))
    result = run(Request((FIXTURES,), config)).result
    assert [str(problem) for problem in result.problems] == []
    root = Path(result.root)
    found = {(f.location.path, f.location.cell, f.location.line, f.rule.slug) for f in result.findings}
    return {((root / path).relative_to(FIXTURES).as_posix(), cell, line, slug) for path, cell, line, slug in found}


def by_json(profile: str) -> set[Place]:
    return {
        (f["location"]["path"], f["location"]["cell"], f["location"]["line"], f["slug"])
        for f in command_line(profile, "json")["findings"]
    }


def by_sarif(profile: str) -> set[Place]:
    (report,) = command_line(profile, "sarif")["runs"]
    found: set[Place] = set()
    for result in report["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        path, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
        found.add((path, result["properties"].get("cell"), line, result["ruleId"]))
    return found


def command_line(profile: str, output: str) -> dict[str, list[dict]]:
    """A report of the command line, run in the folder of the fixtures."""
    command = [sys.executable, "-m", "mlsec_lint", "check", "--isolated", "--no-cache", "--profile", profile]
    done = subprocess.run([*command, "--format", output, "."], cwd=FIXTURES, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr.decode()
    return json.loads(done.stdout)


FRONT_ENDS: dict[str, Callable[[str], set[Place]]] = {"engine": by_the_engine, "json": by_json, "sarif": by_sarif}


@cache
def reported(front_end: str) -> frozenset[Place]:
    """What a front end reports, each file under its own profile."""
    return frozenset(
        place
        for profile in PROFILES
        for place in FRONT_ENDS[front_end](profile)
        if is_auditor(place[0]) == (profile == "auditor")
    )


@cache
def marks(mark: str) -> tuple[Expected, ...]:
    return tuple(expected for expected in read_marks(FIXTURES) if expected.mark == mark)


def places(*names: str) -> set[Place]:
    return {expected.place for name in names for expected in marks(name)}


@pytest.fixture(params=FRONT_ENDS)
def findings(request: pytest.FixtureRequest) -> frozenset[Place]:
    return reported(request.param)


def test_every_defect_is_reported(findings: frozenset[Place]) -> None:
    assert sorted(places("ruleid") - findings, key=str) == []


def test_nothing_else_is_reported(findings: frozenset[Place]) -> None:
    assert sorted(findings - places("ruleid", "todook"), key=str) == []


def test_safe_forms_stay_silent(findings: frozenset[Place]) -> None:
    assert sorted(places("ok") & findings, key=str) == []


def test_known_misses_are_still_missed(findings: frozenset[Place]) -> None:
    """A miss that is cured must be marked ``ruleid`` from now on."""
    assert sorted(places("todoruleid") & findings, key=str) == []


def test_known_false_alarms_are_still_raised(findings: frozenset[Place]) -> None:
    """A false alarm that is cured must be marked ``ok`` from now on."""
    assert sorted(places("todook") - findings, key=str) == []


def test_no_line_is_marked_both_ways() -> None:
    bad, good = places("ruleid", "todook"), places("ok", "todoruleid")
    assert sorted(bad & good, key=str) == []


def test_the_front_ends_agree() -> None:
    assert reported("engine") == reported("json") == reported("sarif")
