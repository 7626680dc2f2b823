"""Rules, findings and sources made up for the report tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from mlsec_lint.domain.finding import Argument, Finding, Flow, Location, Step
from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.domain.rule import Risk, Rule

RISKS = (
    Risk("CWE-502", "Deserialization of untrusted data", "CWE", "https://cwe.mitre.org/data/definitions/502.html"),
    Risk("CWE-94", "Code injection", "CWE", "https://cwe.mitre.org/data/definitions/94.html"),
    Risk("ML06", "Supply chain", "OWASP ML", "https://owasp.org/"),
)


def rule(
    slug: str = "unsafe-model-load",
    code: str = "MLS101",
    severity: Severity = Severity.HIGH,
    profile: str = "default",
    risks: tuple[Risk, ...] = RISKS,
) -> Rule:
    """A rule of the catalogue that does not exist."""
    return Rule(
        slug=slug,
        code=code,
        title="Model file that runs code",
        summary="The loader runs code that the model file contains.",
        severity=severity,
        profile=profile,
        family="deserialization",
        kinds=("load",),
        graded=True,
        message="{api} runs code.",
        remedy="Load a file that holds tensors only.",
        risks=risks,
        references=("https://docs.example.org/load",),
        check="",
        since="0.1.0",
    )


def finding(
    of: Rule | None = None,
    location: Location | None = None,
    message: str = "torch.load() runs code that the file contains.",
    severity: Severity | None = None,
    reasons: tuple[str, ...] = (),
    arguments: tuple[Argument, ...] = (),
    definition: str = "",
    code: str = "",
    remedy: str = "",
    flow: Flow | None = None,
    covers: tuple[str, ...] = (),
) -> Finding:
    """A finding of ``of`` at ``location``, bare where nothing is given."""
    of = of or rule()
    return Finding(
        rule=of,
        location=location or Location("src/model.py", 2, 9, 2, 25),
        message=message,
        severity=of.severity if severity is None else severity,
        confidence=Confidence.MEDIUM,
        profile=of.profile,
        remedy=remedy,
        api="torch.load",
        reasons=reasons,
        arguments=arguments,
        definition=definition,
        code=code,
        flow=flow,
        covers=covers,
    )


def step(
    path: str, line: int, text: str, code: str = "", role: str = "step", definition: str = "", cell: int | None = None
) -> Step:
    """A step that takes up the first four columns of a line."""
    return Step(Location(path, line, 1, line, 5, cell), text, code, role, definition)


def upload_flow() -> Flow:
    """A request that gets through two files into a load."""
    return Flow(
        "request",
        (
            step("src/api.py", 7, "received as name", "def predict(name: str):", "source", "predict"),
            step("src/api.py", 12, "passed to Trainer.restore", "trainer.restore(name)", definition="predict"),
            step("src/model.py", 2, "loaded", "torch.load(path)", "sink", "Trainer.restore"),
        ),
    )


class Schema(Protocol):
    """A JSON schema and what checks against it."""

    schema: Any

    def validate(self, instance: object) -> None:
        """Raises a ``ValidationError`` that names the place."""


@dataclass(frozen=True)
class Sources:
    """Source texts held in memory, by path and cell."""

    texts: dict[tuple[str, int | None], str] = field(default_factory=dict[tuple[str, "int | None"], str])

    def line(self, path: str, number: int, cell: int | None) -> str:
        """Line ``number``, or nothing."""
        lines = self.texts.get((path, cell), "").split("\n")
        return lines[number - 1] if number <= len(lines) else ""
