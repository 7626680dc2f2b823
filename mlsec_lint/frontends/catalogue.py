"""Rules by name, for the commands that tell about them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlsec_lint.domain.errors import UsageError

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.knowledge.index import Knowledge


def shipped() -> Knowledge:
    """The catalogue; its rules are ordered by code. Raises ``KnowledgeError``."""
    from mlsec_lint.knowledge.catalogue import load_knowledge

    return load_knowledge()


def rule_called(name: str, rules: Sequence[Rule]) -> Rule:
    """The rule with this code or slug, in any case. Raises ``UsageError`` that names the nearest one."""
    wanted = name.lower()
    for rule in rules:
        if wanted in (rule.code.lower(), rule.slug):
            return rule
    names = {known.lower(): known for rule in rules for known in (rule.code, rule.slug)}
    near = get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f'did you mean "{names[near[0]]}"?' if near else "`mlsec-lint rules` lists them"
    raise UsageError(f'no rule is called "{name}"; {hint}')
