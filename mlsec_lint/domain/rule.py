"""A rule: what is reported, how bad it is, and which catalogued risks it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from mlsec_lint.domain.levels import Severity

PROFILES = ("default", "auditor")
"""``default``: what a maintainer would act on. ``auditor``: everything worth a reviewer's look."""

FAMILIES = (
    "deserialization", "code-exec", "command", "path", "secret", "log",
    "template", "ssrf", "unpinned", "input", "other",
)  # fmt: skip
"""The families that reports carry, so that tools can be compared on the same defect."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One entry of a public risk catalogue (Awesome-MLSecOps, OWASP ML, AVID, CWE, ATLAS, ...)."""

    id: str
    title: str
    catalogue: str
    url: str


@dataclass(frozen=True, slots=True)
class FlowRule:
    """What a flow rule joins: origins of data, kinds of sinks, and the guards that make the data acceptable."""

    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    guards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue, as ``rules/<slug>/rule.toml`` describes it."""

    slug: str
    code: str
    title: str
    summary: str
    severity: Severity
    profile: str
    family: str
    kinds: tuple[str, ...]
    graded: bool
    message: str
    remedy: str
    risks: tuple[Risk, ...]
    references: tuple[str, ...]
    check: str
    since: str
    flow: FlowRule | None = None

    @property
    def url(self) -> str:
        """Where the rule's page is published."""
        return f"https://github.com/mlsec-lint/mlsec-lint/blob/main/rules/{self.slug}/README.md"
