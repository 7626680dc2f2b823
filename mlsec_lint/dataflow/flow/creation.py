"""What happens once a class statement has run: ``__set_name__``, the metaclass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import UNKNOWN, Bound, Cls, Fun, Obj, Value, constant, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def created(machine: Machine, cls: Cls, name: str, attributes: dict[str, Value]) -> None:
    """Make the calls that Python makes when a class has been defined."""
    _name_descriptors(machine, cls, attributes)
    classes = machine.solver.classes
    meta = classes.metaclass(cls.code)
    if meta is not None:
        parts = Call((Argument(constant(name)), Argument(UNKNOWN), Argument(UNKNOWN)))
        _call(machine, classes.attribute(machine, meta, "__new__"), ref(Cls(meta)), parts)
        _call(machine, classes.attribute(machine, meta, "__init__"), Value(refs=(cls,)), parts)


def _call(machine: Machine, found: Value | None, receiver: Value, call: Call) -> None:
    from mlsec_lint.dataflow.flow.calls import call_value

    functions = tuple(Bound(r, receiver) for r in found.refs if isinstance(r, Fun)) if found is not None else ()
    if functions:
        call_value(machine, Value(refs=functions), call, *machine.place)


def _name_descriptors(machine: Machine, cls: Cls, attributes: dict[str, Value]) -> None:
    for name, value in list(attributes.items()):
        for target in value.refs:
            thing = thing_at(machine, target) if isinstance(target, Obj) else None
            if thing is not None and thing.cls is not None:
                found = machine.solver.classes.attribute(machine, thing.cls, "__set_name__")
                call = Call((Argument(Value(refs=(cls,))), Argument(constant(name))))
                _call(machine, found, ref(target), call)
