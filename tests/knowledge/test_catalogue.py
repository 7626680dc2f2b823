"""The shipped catalogue is sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory
from mlsec_lint.knowledge.index import Knowledge
from mlsec_lint.knowledge.patterns import compile_name
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


def test_no_exact_name_hides_a_sink_of_another_kind_behind_a_wildcard(shipped: Knowledge) -> None:
    """Wildcards are asked only for names that nothing lists: a name of one kind must be listed for the others too."""
    exact: dict[str, set[str]] = {}
    wild: list[tuple[re.Pattern[str], str]] = []
    for entry in shipped.entries():
        for name in map(shipped.canonical, entry.sink.call):
            if "*" in name:
                wild.append((compile_name(name), entry.sink.kind))
            else:
                exact.setdefault(name, set()).add(entry.sink.kind)
    hidden = {
        (name, kind)
        for name, kinds in exact.items()
        for pattern, kind in wild
        if kind not in kinds and pattern.match(name)
    }
    assert hidden == set()


def test_choosing_a_model_by_name_is_reported_by_no_local_rule(shipped: Knowledge) -> None:
    entries = [entry for entry in shipped.entries() if entry.sink.kind == "model-reference"]
    assert len(entries) > 40
    assert all(entry.rule is None and entry.sink.argument for entry in entries)


def test_a_flow_rule_joins_origins_to_kinds_that_have_sinks(shipped: Knowledge) -> None:
    used = {entry.sink.kind for entry in shipped.entries()}
    flows = {rule.slug: rule.flow for rule in shipped.rules if rule.flow is not None}
    assert len(flows) >= 3
    for slug, flow in flows.items():
        assert flow.sources, slug
        assert set(flow.sinks) <= used, slug


def test_entries_and_guards_say_where_the_fact_comes_from(shipped: Knowledge) -> None:
    tables = (shipped.decorated, shipped.callbacks, shipped.bases, shipped.guards)
    silent = {name for table in tables for name in table.names() for fact in table.find(name) if not fact.reference}
    assert silent == set()


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
    """The samples of a flow rule may still be debts: the data about flows is older than their analysis."""
    marks = read_marks(FIXTURES)
    marked = {expected.slug for expected in marks if expected.mark == mark}
    owed = {expected.slug for expected in marks if expected.mark == f"todo{mark}"}
    flows = {rule.slug for rule in shipped.rules if rule.flow is not None}
    assert {rule.slug for rule in shipped.rules} - marked - (owed & flows) == set()


def test_fixtures_name_only_rules_that_exist(shipped: Knowledge) -> None:
    assert {expected.slug for expected in read_marks(FIXTURES)} - {rule.slug for rule in shipped.rules} == set()
