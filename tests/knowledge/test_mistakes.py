"""Every mistake in a catalogue is told with its file, table and key; models of the user extend and replace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory
from mlsec_lint.knowledge.compiled import OFF
from mlsec_lint.knowledge.index import Knowledge

RULE = """\
code = "MLS101"
title = "Title"
summary = "Summary."
severity = "high"
profile = "default"
family = "deserialization"
message = "`{api}` is given {origin}, and {because}; {remedy}."
remedy = "do otherwise"
risks = ["CWE-1"]
kinds = ["load"]
since = "0.1.0"
"""
MODEL = """\
library = "lib"

[[sink]]
call = ["lib.load", "lib.other.load"]
kind = "load"
parameters = ["path", "flag"]
argument = "path"
case = [{ verdict = "safe", when = [{ argument = "flag", equals = [true] }] }]
"""
THREATS = """\
[models]
service = { phrase = "whoever", untrusted = ["network"] }
library = { phrase = "whoever", untrusted = ["network"] }
local = { phrase = "whoever", untrusted = ["network"] }
"""
FILES = {
    "_facts/kinds.toml": '[kinds]\nload = "loads"\nlater = "for a rule to come"\n',
    "_facts/origins.toml": '[origins]\nnetwork = { trust = 7, severity = "high", phrase = "data from the network" }\n',
    "_facts/unpickler.toml": "",
    "_taxonomy/cwe.toml": 'catalogue = "CWE"\nurl = "https://example.org/{number}"\n[risks]\nCWE-1 = "Weakness"\n',
    "_models/lib.toml": MODEL,
    "one-rule/rule.toml": RULE,
    "one-rule/README.md": "# One rule\n",
}

Load = Callable[..., Knowledge]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a small catalogue, with these files replaced (``None``: left out), and user models."""
    monkeypatch.setenv(OFF, "1")
    unpickler = (rules_directory() / "_facts" / "unpickler.toml").read_text("utf-8")

    def make(changed: dict[str, str | None] | None = None, *models: str) -> Knowledge:
        for name, text in {**FILES, "_facts/unpickler.toml": unpickler, **(changed or {})}.items():
            if text is not None:
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_text(text, "utf-8")
        extra: list[Path] = []
        for number, text in enumerate(models):
            extra.append(tmp_path / f"user{number}.toml")
            extra[-1].write_text(text, "utf-8")
        return load_knowledge(tmp_path, extra)

    return make


def model(old: str, new: str) -> dict[str, str | None]:
    """The library model of the small catalogue with one place changed."""
    assert old in MODEL
    return {"_models/lib.toml": MODEL.replace(old, new)}


def rule(old: str, new: str) -> dict[str, str | None]:
    """The rule of the small catalogue with one place changed."""
    assert old in RULE
    return {"one-rule/rule.toml": RULE.replace(old, new)}


def threats(old: str, new: str) -> dict[str, str | None]:
    """Threat models with the first occurrence of a text changed."""
    assert old in THREATS
    return {"_facts/threat_models.toml": THREATS.replace(old, new, 1)}


CONDITION = "sink[0].case[0].when[0]"

MISTAKES = {
    "an unknown key": (model("argument =", "argumnet ="), "lib.toml", "sink[0]", "argumnet"),
    "an unknown key of a condition": (
        model("equals", "equal"),
        "lib.toml",
        CONDITION,
        "equal",
    ),
    "an unknown key of a rule": (rule("since", "sinse"), "rule.toml", "", "sinse"),
    "a missing key": (rule('title = "Title"\n', ""), "rule.toml", "", "title"),
    "a wrong type": (model('"path"\ncase', "1\ncase"), "lib.toml", "sink[0].argument", "str"),
    "an unknown kind": (
        model('"load"\nparam', '"laod"\nparam'),
        "lib.toml",
        "sink[0].kind",
        "did you mean 'load'",
    ),
    "an unknown kind of a rule": (rule('["load"]', '["write"]'), "one-rule/rule.toml", "kinds", "write"),
    "an unknown verdict": (
        model('"safe"', '"save"'),
        "lib.toml",
        "sink[0].case[0].verdict",
        "did you mean 'safe'",
    ),
    "an unknown origin": (
        model("equals = [true]", 'origin = ["nets"]'),
        "lib.toml",
        f"{CONDITION}.origin",
        "nets",
    ),
    "an unknown receiver": (
        model("case =", 'receiver = "some"\ncase ='),
        "lib.toml",
        "sink[0].receiver",
        "some",
    ),
    "an unknown threat model": (
        threats("service", "web"),
        "threat_models.toml",
        "models.web",
        "none of service, library, local",
    ),
    "a threat model that is missing": (
        threats('local = { phrase = "whoever", untrusted = ["network"] }\n', ""),
        "threat_models.toml",
        "models",
        "local",
    ),
    "an unknown origin of a threat model": (
        threats('"network"', '"nets"'),
        "threat_models.toml",
        "models.service.untrusted",
        "nets",
    ),
    "an unknown severity": (rule('"high"', '"huge"'), "one-rule/rule.toml", "severity", "huge"),
    "an unknown profile": (rule('"default"', '"all"'), "one-rule/rule.toml", "profile", "all"),
    "an unknown family": (rule('"deserialization"', '"misc"'), "one-rule/rule.toml", "family", "misc"),
    "a code of another form": (rule("MLS101", "MLS1"), "one-rule/rule.toml", "code", "MLS1"),
    "a risk that does not exist": (rule("CWE-1", "CWE-2"), "one-rule/rule.toml", "risks", "CWE-2"),
    "a rule without a page": ({"one-rule/README.md": None}, "one-rule/rule.toml", "", "README.md"),
    "a code that is taken": (
        {"two-rule/rule.toml": RULE.replace('"load"', '"later"'), "two-rule/README.md": "# Two\n"},
        "two-rule/rule.toml",
        "code",
        "one-rule",
    ),
    "a kind that is taken": (
        {"two-rule/rule.toml": RULE.replace("MLS101", "MLS102"), "two-rule/README.md": "# Two\n"},
        "two-rule/rule.toml",
        "kinds",
        "load",
    ),
    "a version that is no range": (
        model('argument = "flag", equals = [true]', 'package = "lib", versions = "2 or so"'),
        "lib.toml",
        f"{CONDITION}.versions",
        "2 or so",
    ),
    "a package without versions": (
        model('argument = "flag", equals = [true]', 'package = "lib"'),
        "lib.toml",
        CONDITION,
        "belong together",
    ),
    "a condition about nothing": (
        model('argument = "flag", ', ""),
        "lib.toml",
        CONDITION,
        "about",
    ),
    "a condition that says nothing": (
        model(", equals = [true]", ""),
        "lib.toml",
        CONDITION,
        "flag",
    ),
    "a wildcard at the end": (
        model("lib.other.load", "lib.other.*"),
        "lib.toml",
        "sink[0].call",
        "lib.other.*",
    ),
    "a sink without a name": (
        model('call = ["lib.load", "lib.other.load"]\n', ""),
        "lib.toml",
        "sink[0]",
        "neither a call nor",
    ),
    "a source of nowhere": (
        model("[[sink]]", '[[source]]\norigin = "moon"\ncall = ["lib.get"]\n\n[[sink]]'),
        "lib.toml",
        "source[0].origin",
        "moon",
    ),
    "a source into no parameter": (
        model("[[sink]]", '[[source]]\norigin = "network"\ncall = ["lib.get"]\ninto = "to"\n\n[[sink]]'),
        "lib.toml",
        "source[0].into",
        "to",
    ),
    "a producer into no parameter": (
        model("[[sink]]", '[[producer]]\ncall = ["lib.put"]\ninto = "to"\n\n[[sink]]'),
        "lib.toml",
        "producer[0].into",
        "to",
    ),
    "a propagator of no parameter": (
        model("[[sink]]", '[[propagator]]\ncall = ["lib.wrap"]\nsource = "of"\n\n[[sink]]'),
        "lib.toml",
        "propagator[0].source",
        "of",
    ),
    "a file that is no TOML": ({"_models/lib.toml": "library = \n"}, "lib.toml", "", "not valid TOML"),
}


def test_the_small_catalogue_is_sound(load: Load) -> None:
    knowledge = load()
    assert [rule.slug for rule in knowledge.rules] == ["one-rule"]
    assert knowledge.rules[0].risks[0].url == "https://example.org/1"
    (entry,) = knowledge.sinks.find("lib.other.load")
    assert (entry.library, entry.rule) == ("lib", knowledge.rules[0])


@pytest.mark.parametrize(("files", "file", "where", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_file_table_and_key(
    load: Load, files: dict[str, str | None], file: str, where: str, problem: str
) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load(files)
    assert caught.value.file.endswith(file)
    assert caught.value.where == where
    assert problem in caught.value.problem
    assert str(caught.value).startswith(caught.value.file)


def test_a_user_model_adds_a_library(load: Load) -> None:
    knowledge = load(None, MODEL.replace("lib.", "inhouse."))
    assert knowledge.sinks.find("inhouse.load")
    assert knowledge.sinks.find("lib.load")


def test_a_user_model_replaces_a_sink_of_the_same_name_and_kind(load: Load) -> None:
    model = 'library = "lib"\n[[sink]]\ncall = ["lib.load"]\nkind = "load"\notherwise = "safe"\n'
    knowledge = load(None, model)
    assert [entry.sink.otherwise for entry in knowledge.sinks.find("lib.load")] == ["safe"]
    assert [entry.sink.otherwise for entry in knowledge.sinks.find("lib.other.load")] == ["unsafe"]


def test_a_user_model_of_another_kind_stands_beside_ours(load: Load) -> None:
    model = 'library = "lib"\n[[sink]]\ncall = ["lib.load"]\nkind = "later"\n'
    assert len(load(None, model).sinks.find("lib.load")) == 2


def test_a_mistake_in_a_user_model_names_that_file(load: Load) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load(None, MODEL.replace('kind = "load"', 'kind = "lod"'))
    assert (caught.value.file, caught.value.where) == ("user0.toml", "sink[0].kind")
