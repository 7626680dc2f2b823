"""A finding before it has a place in a report: spans are byte offsets of one file."""

from __future__ import annotations

from dataclasses import dataclass

from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.domain.rule import Rule


@dataclass(frozen=True, slots=True)
class DraftArgument:
    """An argument that decided: its name, the span of its expression (-1 if it has none), what is known of it."""

    name: str
    at: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One step on the way of data: a span of a file, and what happens there."""

    path: str
    at: int
    end: int
    text: str
    role: str = "step"
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a check reports about the span ``at``..``end`` of a file.

    ``provenance`` is where its data comes from as far as the file tells. ``steps`` show the way of data of the kind
    ``origin`` to this place; ``covers`` are slugs of rules whose finding at
    the same call is part of this one.
    """

    rule: Rule
    at: int
    end: int
    api: str
    message: str
    remedy: str
    severity: Severity
    confidence: Confidence
    profile: str
    reasons: tuple[str, ...] = ()
    arguments: tuple[DraftArgument, ...] = ()
    definition: str = ""
    origin: str = ""
    steps: tuple[DraftStep, ...] = ()
    covers: tuple[str, ...] = ()
    provenance: str = ""
