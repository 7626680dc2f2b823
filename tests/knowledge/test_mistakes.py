"""Every mistake in a catalogue is told with its file, table and key; models of the user extend and replace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory
from mlsec_lint.knowledge.compiled import OFF
from mlsec_lint.knowledge.index import Knowledge, is_listed

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
    "_facts/guards.toml": '[guards]\ndigest = { phrase = "has its digest compared" }\n',
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


def table(text: str) -> dict[str, str | None]:
    """The library model of the small catalogue with one more table."""
    return {"_models/lib.toml": f"{MODEL}\n{text}\n"}


def flow(text: str) -> dict[str, str | None]:
    """The rule of the small catalogue with a flow."""
    return {"one-rule/rule.toml": f"{RULE}\n[flow]\n{text}\n"}


ENTRY = '[[entry]]\norigin = "network"\n'
GUARD = '[[guard]]\ntag = "digest"\ncall = ["lib.digest"]\nparameters = ["data", "hash"]\n'
FLOW = 'sources = ["network"]\nsinks = ["load"]\nguards = ["digest"]'


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
    "an unknown action": (
        table('[[special]]\nacts = "nothin"\ncall = ["lib.size"]'),
        "lib.toml",
        "special[0].acts",
        "did you mean 'nothing'",
    ),
    "an entry from nowhere": (
        table('[[entry]]\norigin = "moon"\ndecorator = ["lib.route"]'),
        "lib.toml",
        "entry[0].origin",
        "moon",
    ),
    "an entry that names no function": (table(ENTRY), "lib.toml", "entry[0]", "names no decorator"),
    "an entry with an unknown key": (
        table(f'{ENTRY}decorators = ["lib.route"]'),
        "lib.toml",
        "entry[0]",
        "decorators",
    ),
    "a base without methods": (table(f'{ENTRY}base = ["lib.Handler"]'), "lib.toml", "entry[0]", "belong together"),
    "methods without a class": (
        table(f'{ENTRY}function = ["handle"]\nmethods = ["get"]'),
        "lib.toml",
        "entry[0]",
        "decorator of their class",
    ),
    "an argument of no callback": (
        table(f'{ENTRY}decorator = ["lib.route"]\nparameters = ["view"]\nargument = ["view"]'),
        "lib.toml",
        "entry[0].argument",
        "needs a callback",
    ),
    "a callback as no parameter": (
        table(f'{ENTRY}callback = ["lib.start"]\nparameters = ["config"]\nargument = ["handler.config"]'),
        "lib.toml",
        "entry[0].argument",
        "handler.config",
    ),
    "a guard of an unknown tag": (
        table(GUARD.replace('"digest"', '"digset"', 1) + 'acts = "test"\nargument = "data"'),
        "lib.toml",
        "guard[0].tag",
        "did you mean 'digest'",
    ),
    "a guard that acts in an unknown way": (
        table(f'{GUARD}acts = "tests"\nargument = "data"'),
        "lib.toml",
        "guard[0].acts",
        "did you mean 'test'",
    ),
    "a guard of no parameter": (
        table(f'{GUARD}acts = "test"\nargument = "date"'),
        "lib.toml",
        "guard[0].argument",
        "date",
    ),
    "a guard of nothing": (table(f'{GUARD}acts = "check"'), "lib.toml", "guard[0].argument", "which data"),
    "a comparison with one side": (
        table(f'{GUARD}acts = "compare"\nargument = "data"'),
        "lib.toml",
        "guard[0].acts",
        "two parameters",
    ),
    "a form of nothing given": (
        table(f'{GUARD}acts = "clean"\nargument = "data"\nmatches = ["?"]'),
        "lib.toml",
        "guard[0].matches",
        "given",
    ),
    "a flow from nowhere": (
        flow(FLOW.replace("network", "moon")),
        "one-rule/rule.toml",
        "flow.sources",
        "moon",
    ),
    "a flow into an unknown kind": (flow(FLOW.replace("load", "laod")), "one-rule/rule.toml", "flow.sinks", "laod"),
    "a flow past an unknown guard": (
        flow(FLOW.replace("digest", "digset")),
        "one-rule/rule.toml",
        "flow.guards",
        "digset",
    ),
    "a file that is no TOML": ({"_models/lib.toml": "library = \n"}, "lib.toml", "", "not valid TOML"),
}


def test_the_small_catalogue_is_sound(load: Load) -> None:
    knowledge = load()
    assert [rule.slug for rule in knowledge.rules] == ["one-rule"]
    assert knowledge.rules[0].risks[0].url == "https://example.org/1"
    (entry,) = knowledge.sinks.find("lib.other.load")
    assert (entry.library, entry.rule) == ("lib", knowledge.rules[0])


def test_entries_guards_and_flows_are_found_by_name(load: Load) -> None:
    entries = (
        f'{ENTRY}decorator = ["lib.App.route"]\n{ENTRY}base = ["**.*_grpc.*Servicer"]\nmethods = ["*"]\n'
        f'{ENTRY}callback = ["lib.start"]\nparameters = ["config"]\nargument = ["config.handler"]\n'
        f'{ENTRY}function = ["handle", "Model.run"]\ncarries = ["data"]\n'
    )
    guards = f'{GUARD}acts = "clean"\nargument = "data"\ngiven = ["hash"]\nmatches = ["????"]'
    knowledge = load({**table(entries + guards), **flow(FLOW)})
    assert knowledge.decorated.find("lib.App.route")
    assert knowledge.bases.find("app.protos.rank_pb2_grpc.RankServicer")
    assert not knowledge.bases.find("app.protos.rank_pb2_grpc.RankStub")
    assert knowledge.callbacks.find("lib.start")
    assert [len(knowledge.named_entries(*name)) for name in (("handle",), ("run",), ("run", "Model"))] == [1, 0, 1]
    assert knowledge.guards.find("lib.digest")
    assert knowledge.rules[0].flow is not None


@pytest.mark.parametrize(
    ("name", "patterns", "listed"),
    [
        ("predict", ("predict",), True),
        ("predict_raw", ("predict",), False),
        ("exposed_load", ("exposed_*",), True),
        ("Rank", ("*",), True),
        ("_check", ("*",), False),
        ("__call__", ("__call__",), True),
    ],
)
def test_methods_of_an_entry_may_be_any_public_ones(name: str, patterns: tuple[str, ...], listed: bool) -> None:
    assert is_listed(name, patterns) is listed


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
