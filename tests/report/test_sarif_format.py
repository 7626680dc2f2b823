"""SARIF 2.1.0, checked against the schema of the standard and against what code hosts read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings

from mlsec_lint.domain.finding import Flow, Location, Problem, ScanResult
from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import Rule
from mlsec_lint.report import render

from .builders import Schema, Sources, finding, rule, step
from .strategies import results, rules, texts


def log(result: ScanResult, catalogue: tuple[Rule, ...] = (), sources: Sources | None = None) -> dict[str, Any]:
    """The report, parsed."""
    return json.loads(render(result, "sarif", rules=catalogue, sources=sources or Sources()))


def run(result: ScanResult, catalogue: tuple[Rule, ...] = (), sources: Sources | None = None) -> dict[str, Any]:
    """Its only run."""
    (only,) = log(result, catalogue, sources)["runs"]
    return only


def test_the_report_follows_the_schema_of_the_standard(
    result: ScanResult, sources: Sources, sarif_schema: Schema
) -> None:
    """With something of everything in it, and with nothing."""
    sarif_schema.validate(log(result, (rule(),), sources))
    sarif_schema.validate(log(ScanResult()))
    assert log(result)["version"] == "2.1.0"


def test_a_result_says_where_and_how_bad(result: ScanResult, sources: Sources) -> None:
    """Region in code points, snippet, definition, fingerprint, and our own words as properties."""
    document = run(result, (rule("another-rule", "MLS103"), rule()), sources)
    first = document["results"][0]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("unsafe-model-load", 1, "error")
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "src/model.py", "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": 2,
            "startColumn": 9,
            "endLine": 2,
            "endColumn": 44,
            "snippet": {"text": "torch.load(path, weights_only=flag)"},
        },
    }
    assert place["logicalLocations"] == [{"name": "restore", "fullyQualifiedName": "Trainer.restore"}]
    assert first["partialFingerprints"] == {"mlsec-lint/v1": result.findings[0].fingerprint}
    assert first["properties"]["confidence"] == "medium"
    assert first["properties"]["arguments"][0]["name"] == "weights_only"
    assert document["columnKind"] == "unicodeCodePoints"


def test_every_result_points_to_its_rule(result: ScanResult) -> None:
    """Also where the caller did not list the rule."""
    document = run(result, (rule("another-rule", "MLS103"),))
    described = document["tool"]["driver"]["rules"]
    for entry in document["results"]:
        assert described[entry["ruleIndex"]]["id"] == entry["ruleId"]


def test_a_rule_carries_what_code_hosts_read() -> None:
    """Tags with padded weakness ids and no duplicates, precision, a score, and help in two forms."""
    only = rule(severity=Severity.MEDIUM, profile="auditor")
    (described,) = run(ScanResult(), (only, only))["tool"]["driver"]["rules"]
    assert (described["id"], described["name"], described["helpUri"]) == ("unsafe-model-load", "MLS101", only.url)
    assert described["defaultConfiguration"] == {"level": "warning"}
    assert described["properties"] == {
        "code": "MLS101",
        "family": "deserialization",
        "tags": ["security", "external/cwe/cwe-502", "external/cwe/cwe-094", "ML06"],
        "precision": "medium",
        "security-severity": "5.5",
        "problem.severity": "warning",
    }
    assert only.remedy in described["help"]["text"]
    assert "- <https://docs.example.org/load>" in described["help"]["markdown"]


def test_a_notebook_finding_names_its_cell(result: ScanResult) -> None:
    """As a logical location, and in the message, since viewers show the lines of the notebook's JSON."""
    entry = run(result)["results"][2]
    assert entry["locations"][0]["logicalLocations"] == [{"name": "cell 3"}]
    assert entry["properties"]["cell"] == 3
    assert entry["message"]["text"] == "joblib.load() runs code. (notebook cell 3, line 2)"


def test_the_snippet_comes_from_the_source_where_the_finding_has_no_code() -> None:
    """Within one line; of a range over several it would be a part that pretends to be all."""
    sources = Sources({("a.py", None): "x = load(p)\ny"})
    one, several = Location("a.py", 1, 5, 1, 12), Location("a.py", 1, 5, 2, 2)
    entries = run(ScanResult((finding(location=one), finding(location=several))), (), sources)["results"]
    regions = [entry["locations"][0]["physicalLocation"]["region"] for entry in entries]
    assert regions[0]["snippet"] == {"text": "load(p)"}
    assert "snippet" not in regions[1]


def test_a_huge_region_has_no_snippet() -> None:
    """One literal must not make the report as large as the repository."""
    (entry,) = run(ScanResult((finding(code="x" * 10**5),)))["results"]
    assert "snippet" not in entry["locations"][0]["physicalLocation"]["region"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a b%20.py", "src/a%20b%2520.py"),
        ("c:/x.py", "c%3A/x.py"),
        ("é/#?.py", "%C3%A9/%23%3F.py"),
        ("caf\udce9.py", "caf%E9.py"),
        ("a\n\u202e.py", "a%0A%E2%80%AE.py"),
    ],
)
def test_paths_become_relative_uris_byte_by_byte(path: str, uri: str) -> None:
    """So that a viewer finds the file again."""
    (entry,) = run(ScanResult((finding(location=Location(path, 1, 1, 1, 2)),)))["results"]
    assert entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("root", "uri"),
    [
        ("/srv/a project", "file:///srv/a%20project/"),
        ("/srv/x/", "file:///srv/x/"),
        ("/", "file:///"),
        ("C:\\work\\ml", "file:///C:/work/ml/"),
        (".", None),
        ("\\\\host\\share\\x", None),
    ],
)
def test_an_absolute_root_is_the_base_of_the_uris(root: str, uri: str | None) -> None:
    """A relative one is described and not guessed."""
    base = run(ScanResult(root=root))["originalUriBaseIds"]["%SRCROOT%"]
    assert base.get("uri") == uri
    assert base["description"]["text"]


def test_problems_are_notifications_and_fatal_ones_fail_the_invocation(result: ScanResult) -> None:
    """An upload can be told from a complete scan."""
    (invocation,) = run(result)["invocations"]
    assert invocation["executionSuccessful"] is False
    levels = [note["level"] for note in invocation["toolExecutionNotifications"]]
    assert levels == ["error", "warning"]
    place = invocation["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("src/broken.py", {"startLine": 3})
    notice = ScanResult(problems=(Problem("", "no file matched", fatal=False),))
    assert run(notice)["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("severity", "level"),
    [(4, "error"), (3, "error"), (2, "warning"), (1, "note"), (0, "note")],
)
def test_severities_become_levels(severity: int, level: str) -> None:
    """The level of a result is that of the finding, which may be graded away from the rule's."""
    (entry,) = run(ScanResult((finding(severity=Severity(severity)),)))["results"]
    assert entry["level"] == level


def test_a_flow_is_a_path_that_viewers_walk(result: ScanResult, sources: Sources) -> None:
    """One thread from the source to the sink, each step with its place, its words and its weight."""
    entry, other, _ = run(result, (), sources)["results"]
    (code_flow,) = entry["codeFlows"]
    (thread,) = code_flow["threadFlows"]
    steps = thread["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [
        "received as name",
        "passed to Trainer.restore",
        "loaded",
    ]
    assert [step["importance"] for step in steps] == ["essential", "important", "essential"]
    assert [step["kinds"] for step in steps] == [["taint", "source"], ["taint"], ["taint", "sink"]]
    assert [step["executionOrder"] for step in steps] == [1, 2, 3]
    last = steps[-1]["location"]
    assert last["physicalLocation"]["artifactLocation"]["uri"] == "src/model.py"
    assert last["physicalLocation"]["region"]["snippet"] == {"text": "mode"}
    assert last["logicalLocations"] == [{"name": "restore", "fullyQualifiedName": "Trainer.restore"}]
    assert "codeFlows" not in other


def test_the_source_of_a_flow_is_related_to_the_result(result: ScanResult) -> None:
    """For viewers that show no paths."""
    entry, other, _ = run(result)["results"]
    (source,) = entry["relatedLocations"]
    assert source["physicalLocation"]["artifactLocation"]["uri"] == "src/api.py"
    assert source["physicalLocation"]["region"]["startLine"] == 7
    assert (source["id"], source["message"]["text"]) == (1, "Data of origin request: received as name")
    assert (entry["properties"]["origin"], entry["properties"]["covers"]) == ("request", ["unsafe-torch-load"])
    assert "relatedLocations" not in other
    assert "origin" not in other["properties"]


def test_the_run_states_whom_it_takes_for_an_attacker(result: ScanResult) -> None:
    assert run(result)["properties"] == {"profile": "default", "threatModel": "service"}
    assert run(ScanResult())["properties"] == {"profile": "default"}


def test_a_step_in_a_notebook_names_its_cell_in_words() -> None:
    """As a result does: viewers show the lines of the notebook's JSON."""
    flow = Flow("hub", (step("a.ipynb", 2, "downloaded](x)", cell=3),))
    (entry,) = run(ScanResult((finding(flow=flow),)))["results"]
    (shown,) = entry["codeFlows"][0]["threadFlows"][0]["locations"]
    assert shown["location"]["message"]["text"] == "downloaded] (x) (notebook cell 3, line 2)"
    assert shown["location"]["logicalLocations"] == [{"name": "cell 3"}]


def test_code_in_a_message_is_not_a_link() -> None:
    """Or a hostile repository could place links of its choice into alerts."""
    (entry,) = run(ScanResult((finding(message="LOADERS[name](https://evil.example)"),)))["results"]
    assert entry["message"]["text"] == "LOADERS[name] (https://evil.example)"


@settings(max_examples=40, deadline=None)
@given(result=results, catalogue=rules, source=texts)
def test_any_result_is_valid_sarif_in_ascii(
    sarif_schema: Schema, result: ScanResult, catalogue: Rule, source: str
) -> None:
    """Arbitrary text in every field; URIs stay relative and lead back to valid paths."""
    known = Sources({(f.location.path, f.location.cell): source for f in result.findings})
    text = render(result, "sarif", rules=(catalogue,), sources=known)
    assert text.isascii()
    document = json.loads(text)
    sarif_schema.validate(document)
    for entry, found in zip(document["runs"][0]["results"], result.findings, strict=True):
        uri = entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(str(uri)).scheme == ""
        if found.location.path.isprintable():
            assert unquote(uri) == found.location.path
