"""Words for reports: messages from templates, values as people read them."""

from __future__ import annotations

from typing import Final

from mlsec_lint.dataflow.values import Snapshot, Value
from mlsec_lint.domain.rule import Rule

_LONGEST: Final = 60


def message_of(rule: Rule, *, api: str, because: str, origin: str, remedy: str) -> str:
    """The one sentence of a finding: API, reason, remedy."""
    return rule.message.format(api=api, because=because, origin=origin, remedy=remedy)


def described(value: Value) -> str:
    """What is known of a value, in a few words."""
    parts = [_short(repr(constant)) for constant in value.constants]
    parts += [
        f"a {ref.kind}" if isinstance(ref, Snapshot) else str(getattr(ref, "name", "")) for ref in value.references
    ]
    known = " or ".join(part for part in parts if part)
    if value.open:
        return f"{known} or unknown" if known else "unknown"
    return known


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
