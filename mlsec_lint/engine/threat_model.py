"""Which threat model a run has: the one that was asked for, or the one that the project suggests.

A library is attacked through its callers' arguments, a service through its requests, a script through the files and
downloads that it is run on. ``docs/threat-models.md`` tells users how a project is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsec_lint.domain.threats import ThreatModel

if TYPE_CHECKING:
    from mlsec_lint.knowledge.schema_flow import ThreatModelEntry


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What a project looks like from outside.

    ``installable``: most of its files are part of something that people install. ``exporting``: it is nothing but
    packages, and they offer names.
    """

    installable: bool = False
    exporting: bool = False


def threat_model(
    models: Mapping[str, ThreatModelEntry], chosen: str | None, facts: ProjectFacts, *, has_handlers: bool
) -> ThreatModel:
    """The threat model of a run: ``chosen`` by the user, or judged.

    ``has_handlers`` says whether any function of the project is called with requests or messages from outside. Of
    ``models`` (the catalogue's) the one that applies must be there.
    """
    name = chosen or judge(facts, has_handlers=has_handlers)
    return ThreatModel(name, frozenset(models[name].untrusted), judged=chosen is None)


def judge(facts: ProjectFacts, *, has_handlers: bool) -> str:
    """The name of the threat model that suits a project.

    What people install is a library, even if it answers requests: those are untrusted in every model, and its
    callers' arguments are beside them. Otherwise handlers make a service; a tree of nothing but packages is a library
    whose metadata were not scanned; all else is scripts that somebody runs.
    """
    if facts.installable:
        return "library"
    if has_handlers:
        return "service"
    return "library" if facts.exporting else "local"
