"""What several report tests share: a result with something of everything, and the schemas."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from mlsec_lint.domain.finding import Argument, Location, Problem, ScanResult, Statistics
from mlsec_lint.domain.levels import Severity

from .builders import Schema, Sources, finding, rule, upload_flow

DATA = Path(__file__).parent / "data"


@pytest.fixture
def sources() -> Sources:
    """The sources that ``result`` refers to."""
    return Sources(
        {
            ("src/model.py", None): "import torch\nmodel = torch.load(path, weights_only=flag)\n",
            ("src/wide.py", None): '\tname = "模型"; w = load(\n\t\tname,\n\t)\n',
            ("train.ipynb", 3): "import joblib\njoblib.load(p)",
        }
    )


@pytest.fixture
def result() -> ScanResult:
    """Findings of several severities, in a file, over several lines, in a notebook; and both kinds of problem."""
    weights = Argument("weights_only", "flag", "unknown")
    return ScanResult(
        findings=(
            finding(
                location=Location("src/model.py", 2, 9, 2, 44),
                reasons=("the value of weights_only is not known", "the path comes from a request"),
                arguments=(weights, Argument("", "path", "")),
                definition="Trainer.restore",
                code="torch.load(path, weights_only=flag)",
                remedy="Pass weights_only=True.",
                flow=upload_flow(),
                covers=("unsafe-torch-load",),
            ),
            finding(location=Location("src/wide.py", 1, 19, 3, 3), severity=Severity.CRITICAL),
            finding(
                of=rule("pickle-family-load", "MLS102", Severity.MEDIUM, "auditor", ()),
                location=Location("train.ipynb", 2, 1, 2, 15, cell=3),
                message="joblib.load() runs code.",
                code="joblib.load(p)",
            ),
        ),
        problems=(
            Problem("src/broken.py", "the file is not valid UTF-8", line=3),
            Problem("src/deep.py", "nested too deeply: 1 definition was skipped", fatal=False),
        ),
        statistics=Statistics(
            files=214,
            lines=61204,
            outlined=31,
            evaluated=12,
            suppressed=2,
            seconds=0.8123,
            definitions=2000,
            lowered=31,
            composed=5,
            unfollowed=(("too many callers", 3),),
            threat_model="service",
        ),
        root="/srv/a project",
    )


@pytest.fixture(scope="session")
def report_schema() -> Schema:
    """The schema that the package ships for its JSON report."""
    text = resources.files("mlsec_lint.report").joinpath("json-report.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture(scope="session")
def sarif_schema() -> Schema:
    """The schema of the SARIF 2.1.0 standard."""
    schema: dict[str, Any] = json.loads((DATA / "sarif-2.1.0.schema.json").read_text("utf-8"))
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)
