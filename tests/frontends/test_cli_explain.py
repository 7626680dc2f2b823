"""``explain`` and ``rules``: what the catalogue tells people and programs."""

from __future__ import annotations

import json
import sys

import pytest

from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory

from .conftest import Cli
from .runner import run_on_terminal

RULES = load_knowledge().rules


class TestExplain:
    @pytest.mark.parametrize("name", ["MLS102", "mls102", "unsafe-torch-load", "Unsafe-Torch-Load"])
    def test_a_rule_is_known_by_code_and_slug(self, cli: Cli, name: str) -> None:
        code, out, err = cli("explain", name)
        assert (code, err) == (0, "")
        assert out.startswith("MLS102 unsafe-torch-load: ")

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
    def test_facts_and_page_of_every_rule_are_shown(self, cli: Cli, rule: object) -> None:
        assert hasattr(rule, "slug")
        known = next(each for each in RULES if each is rule)
        out = cli("explain", known.slug).out
        for fact in (known.title, known.summary, known.url, f"severity: {known.severity.label}", known.profile):
            assert fact in out
        for risk in known.risks:
            assert f"{risk.catalogue}:\n" in out
            assert f"  {risk.id} {risk.title}\n    {risk.url}\n" in out
        assert out.endswith((rules_directory() / known.slug / "README.md").read_text("utf-8"))

    def test_programs_get_a_document(self, cli: Cli) -> None:
        document = json.loads(cli("explain", "MLS102", "--format", "json").out)
        assert (document["code"], document["slug"], document["severity"]) == ("MLS102", "unsafe-torch-load", "medium")
        assert document["page"].startswith("# ")
        assert {"id", "title", "catalogue", "url"} == set(document["risks"][0])

    @pytest.mark.parametrize(
        ("name", "near"),
        [("unsafe-torch-laod", "unsafe-torch-load"), ("MLS10", "MLS1"), ("torch-load", "unsafe-torch-load")],
    )
    def test_an_unknown_name_is_an_error_with_the_nearest(self, cli: Cli, name: str, near: str) -> None:
        code, out, err = cli("explain", name)
        assert (code, out) == (2, "")
        assert err.startswith(f'mlsec-lint: error: no rule is called "{name}"; did you mean "{near}')

    def test_a_name_without_a_near_one_points_to_the_list(self, cli: Cli) -> None:
        assert "`mlsec-lint rules` lists them" in cli("explain", "zzzz").err

    @pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own needs a pty")
    def test_a_person_sees_the_page_laid_out(self) -> None:
        code, shown = run_on_terminal("explain", "MLS102")
        assert code == 0
        assert "\x1b[" in shown
        assert "## What it finds" not in shown
        assert "What it finds" in shown


class TestRules:
    def test_people_get_a_table(self, cli: Cli) -> None:
        header, *rows = cli("rules").out.splitlines()
        assert header.split() == ["code", "slug", "severity", "profile", "title"]
        assert [row.split()[:4] for row in rows] == [
            [rule.code, rule.slug, rule.severity.label, rule.profile] for rule in RULES
        ]
        assert all(row.endswith(rule.title) for row, rule in zip(rows, RULES, strict=True))

    def test_programs_get_a_document(self, cli: Cli) -> None:
        listed = json.loads(cli("rules", "--format", "json").out)["rules"]
        assert [(rule["code"], rule["slug"], rule["url"]) for rule in listed] == [
            (rule.code, rule.slug, rule.url) for rule in RULES
        ]
