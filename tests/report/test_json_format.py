"""The versioned JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from mlsec_lint import __version__
from mlsec_lint.domain.finding import Location, ScanResult
from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.report import render

from .builders import Schema, Sources, finding
from .strategies import results


def document(result: ScanResult, profile: str = "default") -> dict[str, Any]:
    """The report, parsed."""
    return json.loads(render(result, "json", rules=(), sources=Sources(), profile=profile))


def test_the_document_holds_everything_there_is_to_know(result: ScanResult) -> None:
    """Spot checks of the first finding and of the frame."""
    report = document(result, "auditor")
    assert report["version"] == 1
    assert report["tool"] == {"name": "mlsec-lint", "version": __version__}
    assert (report["root"], report["profile"]) == ("/srv/a project", "auditor")
    first = report["findings"][0]
    assert first["risks"] == {"CWE": ["CWE-502", "CWE-94"], "OWASP ML": ["ML06"]}
    assert first["arguments"][0] == {"name": "weights_only", "text": "flag", "value": "unknown"}
    assert first["location"] == {
        "path": "src/model.py", "line": 2, "column": 9, "end_line": 2, "end_column": 44, "cell": None
    }  # fmt: skip
    assert first["fingerprint"] == result.findings[0].fingerprint
    assert (first["severity"], first["confidence"], first["definition"]) == ("high", "medium", "Trainer.restore")
    assert report["findings"][2]["location"]["cell"] == 3
    assert [problem["fatal"] for problem in report["problems"]] == [True, False]
    assert report["statistics"]["seconds"] == 0.812
    assert report["statistics"]["unfollowed"] == {"too many callers": 3}
    assert report["statistics"]["threat_model"] == "service"


def test_a_flow_is_told_step_by_step(result: ScanResult) -> None:
    """With its origin; a finding without one says so."""
    first, second, _ = document(result)["findings"]
    assert first["flow"]["origin"] == "request"
    assert [step["role"] for step in first["flow"]["steps"]] == ["source", "step", "sink"]
    assert first["flow"]["steps"][1] == {
        "location": {"path": "src/api.py", "line": 12, "column": 1, "end_line": 12, "end_column": 5, "cell": None},
        "text": "passed to Trainer.restore",
        "code": "trainer.restore(name)",
        "role": "step",
        "definition": "predict",
    }
    assert (first["covers"], second["covers"], second["flow"]) == (["unsafe-torch-load"], [], None)


def test_the_document_follows_its_schema_key_by_key(result: ScanResult, report_schema: Schema) -> None:
    """Nothing undocumented, nothing missing, and the order of the schema."""
    report = document(result)
    report_schema.validate(report)
    schema = report_schema.schema
    parts = {
        "finding": report["findings"][0],
        "argument": report["findings"][0]["arguments"][0],
        "location": report["findings"][0]["location"],
        "flow": report["findings"][0]["flow"],
        "step": report["findings"][0]["flow"]["steps"][0],
        "problem": report["problems"][0],
        "statistics": report["statistics"],
    }
    assert list(report) == list(schema["properties"]) == schema["required"]
    for name, part in parts.items():
        assert list(part) == list(schema["$defs"][name]["properties"]) == schema["$defs"][name]["required"]


def test_the_example_of_the_documentation_follows_the_schema(report_schema: Schema, result: ScanResult) -> None:
    """And shows every key in its place."""
    page = Path(__file__).parents[2].joinpath("docs", "json-report.md").read_text("utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    report_schema.validate(example)
    report = document(result)
    assert list(example) == list(report)
    assert list(example["findings"][0]) == list(report["findings"][0])
    assert list(example["statistics"]) == list(report["statistics"])


def test_the_schema_knows_every_level(report_schema: Schema) -> None:
    """Levels are defined in the domain and repeated in the schema."""
    schema = report_schema.schema
    properties = schema["$defs"]["finding"]["properties"]
    assert properties["severity"]["enum"] == [level.label for level in Severity]
    assert properties["confidence"]["enum"] == [level.label for level in Confidence]


def test_text_that_is_no_valid_unicode_is_replaced() -> None:
    """A file name in another encoding does not make the report unreadable."""
    report = document(ScanResult((finding(location=Location("caf\udce9.py", 1, 1, 1, 2)),)))
    assert report["findings"][0]["location"]["path"] == "caf\ufffd.py"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(results)
def test_any_result_is_a_valid_document_in_ascii(report_schema: Schema, result: ScanResult) -> None:
    """Arbitrary text in every field."""
    text = render(result, "json", rules=(), sources=Sources())
    assert text.isascii()
    report_schema.validate(json.loads(text))
    json.loads(text)["root"].encode("utf-8")
