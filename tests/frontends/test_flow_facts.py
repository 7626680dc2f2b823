"""What ``explain`` says about a rule that joins sources and sinks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mlsec_lint.domain.rule import FlowRule
from mlsec_lint.frontends import explain
from mlsec_lint.frontends.flow_facts import flow_facts, flow_lines
from mlsec_lint.knowledge.catalogue import load_knowledge
from mlsec_lint.knowledge.index import Knowledge

from .conftest import Cli

KNOWLEDGE = load_knowledge()
FLOW = FlowRule(("request", "caller", "environment"), ("pickle-load", "torch-load"), ("digest", "scanned"))


@pytest.fixture
def with_flow(monkeypatch: pytest.MonkeyPatch) -> Knowledge:
    """The shipped catalogue, with a flow for its first rule."""
    first, *others = KNOWLEDGE.rules
    changed = replace(KNOWLEDGE, rules=(replace(first, flow=FLOW), *others))
    monkeypatch.setattr(explain, "shipped", lambda: changed)
    return changed


def test_everything_that_the_rule_names_is_said_in_words() -> None:
    kinds, tags = KNOWLEDGE.kinds, KNOWLEDGE.tags
    assert list(flow_lines(flow_facts(FLOW, KNOWLEDGE), KNOWLEDGE))[:10] == [
        "reports a flow of:",
        "  request: data from a remote request",
        "  caller: an argument that the caller chooses (under the threat model library)",
        "  environment: a value from the environment (under no threat model)",
        "into a call that:",
        f"  pickle-load: {kinds['pickle-load']}",
        f"  torch-load: {kinds['torch-load']}",
        "unless the data:",
        f"  digest: {tags['digest'].phrase}",
        f"  scanned: {tags['scanned'].phrase} (lowers the severity only)",
    ]


def test_the_threat_models_are_told() -> None:
    lines = list(flow_lines(flow_facts(FLOW, KNOWLEDGE), KNOWLEDGE))[10:]
    assert lines == [
        f"under the threat model {name}, an attacker is {model.phrase}"
        for name, model in KNOWLEDGE.threat_models.items()
    ]


def test_a_rule_without_guards_names_none() -> None:
    facts = flow_facts(FlowRule(("request",), ("torch-load",), ()), KNOWLEDGE)
    assert "unless the data:" not in list(flow_lines(facts, KNOWLEDGE))


def test_people_see_it_between_the_facts_and_the_risks(cli: Cli, with_flow: Knowledge) -> None:
    rule = with_flow.rules[0]
    out = cli("explain", rule.slug).out
    places = [
        out.index(text) for text in (f"page:     {rule.url}\n\nreports a flow of:\n", f"\n\n{rule.risks[0].catalogue}:")
    ]
    assert places == sorted(places)


def test_programs_get_it_as_a_part_of_the_document(cli: Cli, with_flow: Knowledge) -> None:
    flow = json.loads(cli("explain", with_flow.rules[0].code, "--format", "json").out)["flow"]
    assert flow["sources"][1] == {
        "name": "caller",
        "phrase": "an argument that the caller chooses",
        "untrusted_in": ["library"],
    }
    assert [sink["name"] for sink in flow["sinks"]] == ["pickle-load", "torch-load"]
    assert [guard["lowers"] for guard in flow["guards"]] == [False, True]


def test_another_rule_has_none(cli: Cli) -> None:
    assert json.loads(cli("explain", "MLS102", "--format", "json").out)["flow"] is None
    assert "reports a flow of:" not in cli("explain", "MLS102").out
