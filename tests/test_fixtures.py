"""The proof: what is annotated in ``fixtures/`` is what every front end reports, no more and no less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run
from tests.fixture_marks import Expected, is_auditor, read_marks

FIXTURES = Path(__file__).parent.parent / "fixtures"
APPLICATIONS = FIXTURES / "_projects"
PROFILES = ("default", "auditor")

Place = tuple[str, "int | None", int, str]
FrontEnd = Callable[["Unit", str], set[Place]]


@dataclass(frozen=True)
class Unit:
    """What is scanned together: an application from its own folder, or the folders of all rules."""

    folder: Path
    paths: tuple[str, ...]

    def is_wanted(self, profile: str) -> bool:
        """Whether some file is meant for a profile."""
        files = (file for path in self.paths for file in (self.folder / path).rglob("*.py"))
        return profile == PROFILES[0] or any(is_auditor(file.relative_to(FIXTURES).as_posix()) for file in files)

    def place(self, path: str, cell: int | None, line: int, slug: str) -> Place:
        return ((self.folder / path).relative_to(FIXTURES).as_posix(), cell, line, slug)


def units() -> list[Unit]:
    rules = tuple(sorted(each.name for each in FIXTURES.iterdir() if each.is_dir() and not each.name.startswith("_")))
    return [Unit(FIXTURES, rules), *(Unit(each, (".",)) for each in sorted(APPLICATIONS.iterdir()))]


@contextmanager
def inside(folder: Path) -> Generator[None]:
    """Paths are relative to a folder, as they are for somebody who works there."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def by_the_engine(unit: Unit, profile: str) -> set[Place]:
    config = load_config(unit.folder, config_file=None, isolated=True, overrides=Overrides(profile=profile))
    with inside(unit.folder):
        result = run(Request(tuple(map(Path, unit.paths)), config)).result
    assert [str(problem) for problem in result.problems] == []
    return {unit.place(f.location.path, f.location.cell, f.location.line, f.rule.slug) for f in result.findings}


def by_json(unit: Unit, profile: str) -> set[Place]:
    return {
        unit.place(f["location"]["path"], f["location"]["cell"], f["location"]["line"], f["slug"])
        for f in command_line(unit, profile)["json"]["findings"]
    }


def by_sarif(unit: Unit, profile: str) -> set[Place]:
    (report,) = command_line(unit, profile)["sarif"]["runs"]
    found: set[Place] = set()
    for result in report["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        path, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
        found.add(unit.place(path, result["properties"].get("cell"), line, result["ruleId"]))
    return found


@cache
def command_line(unit: Unit, profile: str) -> dict[str, dict[str, list[dict]]]:
    """The reports of the command line, run in the folder of what is scanned."""
    command = [sys.executable, "-m", "mlsec_lint", "check", "--isolated", "--no-cache", "--profile", profile]
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in ("json", "sarif")}
        outputs = [part for name, file in files.items() for part in ("--output", f"{name}:{file}")]
        done = subprocess.run([*command, *outputs, *unit.paths], cwd=unit.folder, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr.decode()
        return {name: json.loads(file.read_text("utf-8")) for name, file in files.items()}


FRONT_ENDS: dict[str, FrontEnd] = {"engine": by_the_engine, "json": by_json, "sarif": by_sarif}


@cache
def reported(front_end: str) -> frozenset[Place]:
    """What a front end reports, each file under its own profile."""
    return frozenset(
        place
        for unit in units()
        for profile in PROFILES
        if unit.is_wanted(profile)
        for place in FRONT_ENDS[front_end](unit, profile)
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
