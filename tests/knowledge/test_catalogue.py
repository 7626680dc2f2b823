"""The shipped catalogue is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory
from mlsec_lint.knowledge.index import Knowledge
from tests.fixture_marks import read_marks

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return load_knowledge()


def test_the_shipped_catalogue_loads(shipped: Knowledge) -> None:
    assert len(shipped.rules) >= 11
    assert len(list(shipped.sinks.names())) > 300
    for origin in shipped.origins.values():
        assert origin.phrase


def test_every_sink_kind_is_claimed_by_a_rule_or_reserved_for_one(shipped: Knowledge) -> None:
    """A kind that a rule lists and no sink has would be a rule that never fires."""
    used = {entry.sink.kind for entry in shipped.entries()}
    claimed = {kind for rule in shipped.rules for kind in rule.kinds}
    assert claimed - used == set()
    assert all((entry.rule is None) == (entry.sink.kind not in claimed) for entry in shipped.entries())


def test_every_rule_has_its_texts_and_risks(shipped: Knowledge) -> None:
    for rule in shipped.rules:
        assert rule.risks or rule.family == "other", rule.slug
        assert rule.message.format(api="a", origin="b", because="c", remedy="d").endswith("."), rule.slug
        assert rule.summary.endswith("."), rule.slug
        page = (rules_directory() / rule.slug / "README.md").read_text("utf-8")
        assert rule.code in page, f"{rule.slug}: the page does not name the code"


def test_every_sink_says_why(shipped: Knowledge) -> None:
    silent = [
        entry.sink.call[0] if entry.sink.call else entry.sink.assign[0]
        for entry in shipped.entries()
        if entry.rule is not None
        and not entry.rule.check
        and not entry.sink.because
        and not any(case.because for case in entry.sink.case)
    ]
    assert silent == []


@pytest.mark.parametrize("mark", ["ruleid", "ok"])
def test_every_rule_has_fixtures_that_it_reports_and_that_it_does_not(shipped: Knowledge, mark: str) -> None:
    marked = {expected.slug for expected in read_marks(FIXTURES) if expected.mark == mark}
    assert {rule.slug for rule in shipped.rules} - marked == set()


def test_fixtures_name_only_rules_that_exist(shipped: Knowledge) -> None:
    assert {expected.slug for expected in read_marks(FIXTURES)} - {rule.slug for rule in shipped.rules} == set()
