"""What remains of a value where a condition about it holds."""

from __future__ import annotations

from collections.abc import Callable

from mlsec_lint.dataflow.values import ClassRef, FunctionRef, Value, constant, same_constant
from mlsec_lint.source import ir


def narrowed(value: Value, fact: ir.Refinement) -> Value | None:
    """The part of a value for which a fact holds; none if there is no such part."""
    if fact.op in ("==", "is"):
        if any(c == fact.value if fact.op == "==" else same_constant(c, fact.value) for c in value.constants):
            kept = constant(fact.value)
            return Value(kept.constants, (), False, value.origins | kept.origins, value.identity)
        may_equal = value.open or any(not isinstance(r, (FunctionRef, ClassRef)) for r in value.references)
        return constant(fact.value) if may_equal else None
    keep: Callable[[ir.Constant], bool]
    if fact.op in ("!=", "is not"):
        keep = lambda c: not same_constant(c, fact.value)  # noqa: E731
    elif fact.op == "truthy":
        keep = bool
    else:
        keep = lambda c: not c  # noqa: E731
    constants = tuple(c for c in value.constants if keep(c))
    if fact.op == "falsy":
        if not constants and value.constants and value.open:
            return Value((), (), True, value.origins, value.identity)
        if not constants and (value.open or value.references):
            constants = (None, False)
        return Value(constants, (), False, value.origins, value.identity) if constants else None
    if not constants and not value.references and not value.open:
        return None
    return Value(constants, value.references, value.open, value.origins, value.identity)
