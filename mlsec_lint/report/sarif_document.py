"""The part of SARIF 2.1.0 that is written, as records named after the objects of the standard.

A field left at its default is not written. Property bags are records too, so that their keys stand in one place.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import msgspec

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SARIF_VERSION = "2.1.0"


class SarifRecord(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of all objects: camelCase keys, defaults omitted."""


class Message(SarifRecord, frozen=True):
    """A message, or a multiformat message string; ``markdown`` only where ``text`` says the same."""

    text: str
    markdown: str | None = None


class ArtifactLocation(SarifRecord, frozen=True):
    """A file, by a URI relative to ``uri_base_id``."""

    uri: str | None = None
    uri_base_id: str | None = None
    description: Message | None = None


class ArtifactContent(SarifRecord, frozen=True):
    """The text of a region."""

    text: str


class Region(SarifRecord, frozen=True):
    """A range: lines and columns from 1, the end column exclusive, columns in code points."""

    start_line: int
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    snippet: ArtifactContent | None = None


class PhysicalLocation(SarifRecord, frozen=True):
    """A region of a file."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(SarifRecord, frozen=True):
    """A definition, or a cell of a notebook."""

    name: str
    fully_qualified_name: str | None = None


class Location(SarifRecord, frozen=True):
    """A place, by file and by definition; ``message`` says what is there, ``id`` numbers it within its result."""

    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None
    id: int | None = None


class ThreadFlowLocation(SarifRecord, frozen=True):
    """One step of a flow."""

    location: Location
    kinds: tuple[str, ...]
    execution_order: int
    importance: str


class ThreadFlow(SarifRecord, frozen=True):
    """Steps in their order."""

    locations: tuple[ThreadFlowLocation, ...]


class CodeFlow(SarifRecord, frozen=True):
    """One way by which data gets to a result."""

    thread_flows: tuple[ThreadFlow, ...]
    message: Message


class ReportingConfiguration(SarifRecord, frozen=True):
    """The level a rule reports at; written even where it is the standard's default."""

    level: str


class RuleProperties(SarifRecord, frozen=True):
    """Properties of a rule; ``precision`` to ``problem.severity`` are read by code hosts to sort and filter alerts."""

    code: str
    family: str
    tags: tuple[str, ...]
    precision: str
    security_severity: str = msgspec.field(name="security-severity")
    problem_severity: str = msgspec.field(name="problem.severity")


class ReportingDescriptor(SarifRecord, frozen=True):
    """A rule."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    help_uri: str
    default_configuration: ReportingConfiguration
    properties: RuleProperties


class ToolComponent(SarifRecord, frozen=True):
    """The program and its rules."""

    name: str
    semantic_version: str
    information_uri: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(SarifRecord, frozen=True):
    """The program that ran."""

    driver: ToolComponent


class Argument(SarifRecord, frozen=True):
    """An argument that decided a finding."""

    name: str
    text: str
    value: str


class ResultProperties(SarifRecord, frozen=True):
    """What the standard has no place for; the words of the JSON report."""

    code: str
    family: str
    severity: str
    confidence: str
    reasons: tuple[str, ...]
    arguments: tuple[Argument, ...]
    cell: int | None = None
    origin: str | None = None
    covers: tuple[str, ...] = ()


class Result(SarifRecord, frozen=True):
    """A finding."""

    rule_id: str
    rule_index: int
    level: str
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    properties: ResultProperties
    related_locations: tuple[Location, ...] = ()
    code_flows: tuple[CodeFlow, ...] = ()


class Notification(SarifRecord, frozen=True):
    """Something that could not be scanned."""

    level: str
    message: Message
    locations: tuple[Location, ...] = ()


class Invocation(SarifRecord, frozen=True):
    """How the run went."""

    execution_successful: bool
    tool_execution_notifications: tuple[Notification, ...]


class RunProperties(SarifRecord, frozen=True):
    """Which profile the findings are for, and whom the run takes for an attacker."""

    profile: str
    threat_model: str | None = None


class Run(SarifRecord, frozen=True):
    """One run; ``results`` is written also when empty, which says that the scan took place."""

    tool: Tool
    invocations: tuple[Invocation, ...]
    original_uri_base_ids: dict[str, ArtifactLocation]
    column_kind: str
    results: tuple[Result, ...]
    properties: RunProperties


class SarifLog(SarifRecord, frozen=True):
    """The whole document."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: tuple[Run, ...]
