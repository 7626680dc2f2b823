"""Words for reports: messages from templates, values as people read them."""

from __future__ import annotations

from mlsec_lint.checks.shortening import short
from mlsec_lint.dataflow.values import (
    ClassRef,
    External,
    FunctionRef,
    Instance,
    InstanceOf,
    Member,
    Reference,
    Snapshot,
    Value,
)
from mlsec_lint.domain.rule import Rule


def message_of(rule: Rule, *, api: str, because: str, origin: str, remedy: str) -> str:
    """The one sentence of a finding: API, reason, remedy."""
    return rule.message.format(api=api, because=because, origin=origin, remedy=remedy)


def described(value: Value) -> str:
    """What is known of a value, in a few words."""
    parts = [short(repr(constant)) for constant in value.constants]
    if not parts:
        parts = [_referred(ref) for ref in value.references]
    known = " or ".join(dict.fromkeys(part for part in parts if part))
    if value.open:
        return f"{known} or unknown" if known else "unknown"
    return known or "unknown"


def _referred(ref: Reference) -> str:
    if isinstance(ref, Snapshot):
        return f"a {ref.kind}"
    if isinstance(ref, Instance):
        return f"what {ref.name}() returns"
    if isinstance(ref, InstanceOf):
        return f"an instance of {ref.cls.name}"
    if isinstance(ref, (External, Member, ClassRef)):
        return ref.name
    return f"the function {ref.body.name}" if isinstance(ref, FunctionRef) else ""
