"""Threat models: whom a run takes for an attacker, and so which data it does not trust."""

from __future__ import annotations

from dataclasses import dataclass

THREAT_MODELS = ("service", "library", "local")
"""Their names. What each of them means is data: ``rules/_facts/threat_models.toml``."""


@dataclass(frozen=True, slots=True)
class ThreatModel:
    """The threat model of one run: data of the origins ``untrusted`` may come from an attacker.

    ``judged`` says that nobody chose it and the project decided.
    """

    name: str
    untrusted: frozenset[str]
    judged: bool

    @property
    def stated(self) -> str:
        """The model as a summary states it."""
        return f"{self.name} (judged from the project)" if self.judged else self.name
