"""The JSON report, version 1, as records; their field order is the key order of the document.

Described for readers in ``docs/json-report.md`` and for programs in ``json-report.schema.json`` beside this file. Keys
may be added within a version; one that is renamed, removed or given another meaning makes a new version.
"""

from __future__ import annotations

import msgspec

VERSION = 1


class ToolRecord(msgspec.Struct, frozen=True):
    """Which program wrote the document."""

    name: str
    version: str


class LocationRecord(msgspec.Struct, frozen=True):
    """A range, as ``mlsec_lint.domain.finding.Location`` defines it."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None


class ArgumentRecord(msgspec.Struct, frozen=True):
    """An argument that decided a finding."""

    name: str
    text: str
    value: str


class StepRecord(msgspec.Struct, frozen=True):
    """One step of a flow; ``text`` says what happens to the data there."""

    location: LocationRecord
    text: str
    code: str
    role: str
    definition: str


class FlowRecord(msgspec.Struct, frozen=True):
    """How data of one origin gets to a finding."""

    origin: str
    steps: tuple[StepRecord, ...]


class FindingRecord(msgspec.Struct, frozen=True):
    """One finding; ``risks`` maps a catalogue to the ids in it."""

    code: str
    slug: str
    severity: str
    confidence: str
    reasons: tuple[str, ...]
    family: str
    message: str
    remedy: str
    api: str
    arguments: tuple[ArgumentRecord, ...]
    risks: dict[str, list[str]]
    location: LocationRecord
    definition: str
    fingerprint: str
    url: str
    flow: FlowRecord | None
    covers: tuple[str, ...]


class ProblemRecord(msgspec.Struct, frozen=True):
    """Something that could not be scanned."""

    path: str
    line: int | None
    message: str
    fatal: bool


class StatisticsRecord(msgspec.Struct, frozen=True):
    """What the run looked at and what it cost; ``unfollowed`` maps a reason to how often it was one."""

    files: int
    lines: int
    outlined: int
    evaluated: int
    suppressed: int
    seconds: float
    definitions: int
    lowered: int
    composed: int
    unfollowed: dict[str, int]
    threat_model: str


class Document(msgspec.Struct, frozen=True):
    """The whole report."""

    version: int
    tool: ToolRecord
    root: str
    profile: str
    findings: tuple[FindingRecord, ...]
    problems: tuple[ProblemRecord, ...]
    statistics: StatisticsRecord
