"""What the handlers of special calls have in common: how they are called, and how they read their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.labels import Labels, bounded
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import Bound, Cls, Ext, Fun, Obj, Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

Special = Callable[["Machine", str, Call, "Value | None", int, int], "Value | None"]

CALLABLE: Final = (Fun, Bound, Ext, Obj, Cls, Sym)


def value_of(call: Call, index: int) -> Value | None:
    """A positional argument; none if there are not so many."""
    return call.positional[index].value if index < len(call.positional) else None


def labels_of(machine: Machine, values: list[Value]) -> Labels:
    """The labels of all that some values lead to."""
    found: Labels = frozenset()
    for value in values:
        found = found | deep_labels(value, machine.state.heap)
    return bounded(found)
