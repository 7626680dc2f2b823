"""What the analysis reports: findings, their places, and what could not be scanned."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.domain.rule import Rule


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A range in one file.

    Lines and columns start at 1; columns count code points; the end is exclusive. ``path`` is relative to the
    scanned root, with ``/`` between its parts. In a notebook, ``cell`` is the 1-based number of the cell among all
    cells and lines count from the start of that cell.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None

    def __str__(self) -> str:
        place = f"{self.path}:cell {self.cell}" if self.cell is not None else self.path
        return f"{place}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that decided a finding: its name, its source text, and what is known of its value."""

    name: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way of data: where, the code there, and what happens to the data (``received``, ``passed to``).

    ``role`` is ``source`` for the first step, ``sink`` for the last and ``step`` between them; ``definition`` is the
    qualified name of the enclosing function.
    """

    location: Location
    text: str
    code: str
    role: str = "step"
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """How data of one origin gets to a finding, from its source to its sink."""

    origin: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place, with everything a reader needs to judge it.

    ``reasons`` says why the confidence is what it is; ``definition`` is the qualified name of the enclosing
    function or class (empty at module level); ``code`` is the text of the marked range, for excerpts and
    fingerprints. ``flow`` shows where the data comes from; ``covers`` are slugs of rules whose finding at the same call
    is part of this one.
    """

    rule: Rule
    location: Location
    message: str
    severity: Severity
    confidence: Confidence
    profile: str
    remedy: str
    api: str = ""
    reasons: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    definition: str = ""
    code: str = ""
    ordinal: int = 0
    flow: Flow | None = None
    covers: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """An identity that survives moved and re-indented lines: rule, file, definition, code, and its count there."""
        text = "\0".join(
            (self.rule.slug, self.location.path, self.definition, " ".join(self.code.split()), str(self.ordinal))
        )
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def sort_key(self) -> tuple[Location, str]:
        """Order of a report: by place, then by code."""
        return (self.location, self.rule.code)


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of the scan that could not be done. ``fatal`` ones make the exit code 2; the others are notices."""

    path: str
    message: str
    line: int | None = None
    fatal: bool = True

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a run looked at and what it cost; ``seconds`` is wall time.

    ``definitions`` counts the functions of the scanned files, ``lowered`` those whose inside was read, ``composed``
    those with a summary of their flows. ``unfollowed`` says what was not followed and how often, by reason.
    """

    files: int = 0
    lines: int = 0
    outlined: int = 0
    evaluated: int = 0
    suppressed: int = 0
    seconds: float = 0.0
    definitions: int = 0
    lowered: int = 0
    composed: int = 0
    unfollowed: tuple[tuple[str, int], ...] = ()
    threat_model: str = ""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything one run has to say, in report order."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    statistics: Statistics = field(default_factory=Statistics)
    root: str = "."
