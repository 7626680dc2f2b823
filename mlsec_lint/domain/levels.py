"""How bad a finding is and how sure we are of it.

Both are ordered, so that thresholds (``--fail-on``) and grading by provenance are plain comparisons.
"""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Impact if the finding is true. ``INFO`` never fails a run by default."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def named(cls, name: str) -> Severity:
        """The level called ``name`` (any case); raises ``KeyError`` for an unknown one."""
        return cls[name.upper()]

    @property
    def label(self) -> str:
        """The name as it is written in data files and reports."""
        return self.name.lower()


class Confidence(IntEnum):
    """How much of what decided the finding was known rather than assumed."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @classmethod
    def named(cls, name: str) -> Confidence:
        """The level called ``name`` (any case); raises ``KeyError`` for an unknown one."""
        return cls[name.upper()]

    @property
    def label(self) -> str:
        """The name as it is written in data files and reports."""
        return self.name.lower()
