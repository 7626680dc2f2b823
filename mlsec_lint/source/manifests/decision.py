"""What the claims of one folder about one package amount to: the versions that may be installed, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlsec_lint.source.manifests.intervals import Spans, admitted_spans, intersection, union
from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Claim, Statement

_MOST_STATEMENTS: Final = 300
"""More different statements about one package than any project makes; more would be slow to compare."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The statements that decide, in the order of their places, and the versions that they admit together."""

    statements: tuple[Statement, ...]
    spans: Spans


def decide(claims: Sequence[Claim]) -> Decision | None:
    """The decision of a folder; ``None`` if its claims do not narrow the versions, or leave none.

    The lowest scope that states a version decides. In it, files that pin the package outweigh files that give ranges,
    since pins are what gets installed. Files to choose from (``requirements-gpu.txt``) are alternatives.
    """
    for scope in Scope:
        stated = [claim for claim in claims if claim.scope is scope and len(claim.statement.specifier)]
        if not stated:
            continue
        pinning = {claim.statement.path for claim in stated if claim.statement.pinned is not None}
        if pinning:
            stated = [claim for claim in stated if claim.statement.path in pinning]
        variants: dict[str, list[Claim]] = {}
        for claim in stated:
            variants.setdefault(claim.variant, []).append(claim)
        groups = [group for claims_of_one in variants.values() for group in _alternatives(claims_of_one)]
        if sum(map(len, groups)) > _MOST_STATEMENTS:
            return None
        spans = union([each for group in groups for each in _admitted(group)])
        deciding = dict.fromkeys(each for group in groups for each in group)
        in_order = sorted(deciding, key=lambda each: (each.path, each.line))
        return Decision(tuple(in_order), spans) if spans else None
    return None


def _alternatives(claims: Sequence[Claim]) -> list[list[Statement]]:
    """The groups of statements of one variant: those of a group hold together, the groups are alternatives.

    What holds unconditionally outweighs what holds under a marker or in an extra: where the condition fails, it
    alone applies, and where the condition holds, it applies as well. Without it, each condition is an alternative.
    """
    conditions: dict[str, list[Statement]] = {}
    for claim in claims:
        conditions.setdefault(claim.condition, []).append(claim.statement)
    groups = [conditions[""]] if "" in conditions else list(conditions.values())
    return [_distinct([each for each in group if each.pinned is not None] or group) for group in groups]


def _distinct(statements: Sequence[Statement]) -> list[Statement]:
    """One statement, the first, for each different specifier."""
    found: dict[str, Statement] = {}
    for statement in statements:
        found.setdefault(str(statement.specifier), statement)
    return list(found.values())


def _admitted(group: Sequence[Statement]) -> list[Spans]:
    """What the statements admit together; if they exclude each other (two pins), what each admits."""
    each = [admitted_spans(statement.specifier) for statement in group]
    common = each[0]
    for spans in each[1:]:
        common = intersection(common, spans)
    return [common] if common else each
