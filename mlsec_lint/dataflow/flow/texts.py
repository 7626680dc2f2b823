"""What an instance is as text: the special methods that ``str``, ``repr`` and formatted strings call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.class_attributes import class_value
from mlsec_lint.dataflow.flow.descriptors import bound
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.values import Fun, Obj, Value, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_INSTEAD: Final = {"__format__": ("__format__", "__str__", "__repr__"), "__str__": ("__str__", "__repr__")}
"""What is called where a class does not define a method; others have no substitute."""

_DEEPEST: Final = 4


def as_text(machine: Machine, method: str, value: Value | None, at: int, end: int) -> Value | None:
    """What a special method of the project makes of a value; none if there is something in it without such a method."""
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Argument, Call

    if value is None or value.open or not value.refs or machine.nesting > _DEEPEST:
        return None
    result: Value | None = None
    for target in value.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is None or thing.cls is None:
            return None
        for name in _INSTEAD.get(method, (method,)):
            found = class_value(machine, thing.cls, name)
            if found is None or not any(isinstance(r, Fun) for r in found.refs):
                continue
            given = Call((Argument(Value(consts=("",))),)) if name == "__format__" else Call()
            machine.nesting += 1
            try:
                one = call_value(machine, bound(machine, found, ref(target), thing.cls), given, at, end)
            finally:
                machine.nesting -= 1
            result = one if result is None else join(result, one)
            break
        else:
            return None
    return result
